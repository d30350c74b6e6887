//! The parts of the service side by side: run until told to stop or until one ends early, then
//! stopped in their order. The first failure is the service's own.

use anyhow::{Context, Error, Result, anyhow};
use futures_util::future::select_all;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A part that runs until its token is cancelled.
pub(super) struct Part {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<Result<()>>,
    ended: bool,
}

impl Part {
    /// Starts a part.
    pub(super) fn start<R, E>(name: &'static str, run: impl FnOnce(CancellationToken) -> R) -> Self
    where
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Error>,
    {
        let stop = CancellationToken::new();
        let running = run(stop.clone());
        let task = TaskTracker::new().spawn(async move { running.await.map_err(Into::into) });
        Self {
            name,
            stop,
            task,
            ended: false,
        }
    }

    /// Waits for the end of a part that was not told to end: a failure in any case.
    async fn early(&mut self) -> Error {
        let ended = (&mut self.task).await;
        self.ended = true;
        match self.named(ended) {
            Ok(()) => anyhow!("{}: it ended early", self.name),
            Err(error) => error,
        }
    }

    async fn end(mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        self.stop.cancel();
        let ended = (&mut self.task).await;
        self.named(ended)
    }

    fn named(&self, ended: Result<Result<()>, JoinError>) -> Result<()> {
        ended
            .map_err(Error::from)
            .flatten()
            .with_context(|| self.name)
    }
}

/// Waits until `stop`, or until a part ends early; then stops all in the order given.
pub(super) async fn run<const N: usize>(
    mut parts: [Part; N],
    stop: CancellationToken,
) -> Result<()> {
    let any = select_all(parts.iter_mut().map(|part| Box::pin(part.early())));
    let mut failure = tokio::select! {
        () = stop.cancelled() => None,
        (early, ..) = any => Some(early),
    };
    if let Some(early) = &failure {
        tracing::error!("stopping: {early:#}");
    }
    for part in parts {
        match part.end().await {
            Err(error) if failure.is_none() => failure = Some(error),
            Err(error) => tracing::error!("{error:#}"),
            Ok(()) => {}
        }
    }
    failure.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use anyhow::bail;

    use super::*;

    type Ends = Arc<Mutex<Vec<&'static str>>>;

    fn steady(name: &'static str, ends: &Ends) -> Part {
        let ends = Arc::clone(ends);
        Part::start(name, async move |stop: CancellationToken| {
            stop.cancelled().await;
            ends.lock().unwrap().push(name);
            anyhow::Ok(())
        })
    }

    #[tokio::test]
    async fn a_part_that_ends_early_stops_the_others_in_order_and_is_the_failure() {
        let ends = Ends::default();
        let engine = Part::start("engine", async |_| -> Result<()> { bail!("killed") });
        let parts = [steady("doors", &ends), steady("pipeline", &ends), engine];
        let error = run(parts, CancellationToken::new()).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "engine: killed");
        assert_eq!(*ends.lock().unwrap(), ["doors", "pipeline"]);

        let doors = Part::start("doors", async |_| anyhow::Ok(()));
        let parts = [doors, steady("pipeline", &ends), steady("engine", &ends)];
        let error = run(parts, CancellationToken::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "doors: it ended early");
    }

    #[tokio::test]
    async fn a_stop_ends_all_parts_in_order_and_tells_the_first_failure() {
        let ends = Ends::default();
        let all = ["doors", "pipeline", "engine"];
        let stop = CancellationToken::new();
        stop.cancel();
        run(all.map(|name| steady(name, &ends)), stop.clone())
            .await
            .unwrap();
        assert_eq!(*ends.lock().unwrap(), all);

        let bad = |name, why: &'static str| {
            Part::start(name, async move |stop: CancellationToken| -> Result<()> {
                stop.cancelled().await;
                bail!(why)
            })
        };
        let parts = [
            steady("doors", &ends),
            bad("pipeline", "disk"),
            bad("engine", "x"),
        ];
        let error = run(parts, stop).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "pipeline: disk");
    }
}
