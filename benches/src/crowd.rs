//! Many connections that share what there is to send, each with one request in flight.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::clock::timed;

const METER_EVERY: Duration = Duration::from_millis(20);

/// Sends all of `items` over all of `connections`, each once, and looks at the meters meanwhile;
/// gives how many milliseconds each answer took.
pub(crate) fn drive<C: Send, I: Sync>(
    connections: Vec<C>,
    items: &[I],
    send: impl Fn(&mut C, &I) -> Result<()> + Sync,
    mut meter: impl FnMut(),
) -> Result<Vec<f64>> {
    let left = Mutex::new(items.iter());
    let (left, send) = (&left, &send);
    thread::scope(|scope| {
        let sending: Vec<_> = connections
            .into_iter()
            .map(|mut connection| {
                scope.spawn(move || {
                    let mut took = Vec::new();
                    while let Some(item) =
                        left.lock().map_err(|_| anyhow!("another failed"))?.next()
                    {
                        let (sent, time) = timed(|| send(&mut connection, item));
                        sent?;
                        took.push(time.as_secs_f64() * 1e3);
                    }
                    Ok::<_, anyhow::Error>(took)
                })
            })
            .collect();
        while sending.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(METER_EVERY);
            meter();
        }
        let mut all = Vec::with_capacity(items.len());
        for thread in sending {
            let took = thread
                .join()
                .map_err(|_| anyhow!("a connection panicked"))?;
            all.extend(took?);
        }
        Ok(all)
    })
}
