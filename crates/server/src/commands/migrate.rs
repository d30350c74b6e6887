//! `trunkline migrate status`: which migrations the database has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_warehouse::migrations::{Status, status as ask};
use trunkline_warehouse::{Client, Fault};

use crate::config::{Environment, File, load};
use crate::print;
use crate::wiring::Store;

/// How long ClickHouse may take to start and answer.
const WITHIN: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(200);

/// Prints the migrations and their states.
pub(super) fn status(
    config: Option<&Path>,
    data_dir: Option<PathBuf>,
    environment: &Environment,
) -> Result<()> {
    let mut file = load(config, environment)?;
    if let Some(data_dir) = data_dir {
        file.server.data_dir = data_dir;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for migration in runtime.block_on(found(&file, environment))? {
        let Status {
            version,
            name,
            state,
        } = migration;
        print::line(format_args!("{version:04}  {:<9} {name}", state.as_str()))?;
    }
    Ok(())
}

async fn found(file: &File, environment: &Environment) -> Result<Vec<Status>> {
    with_clickhouse(file, environment, async |_, migrations| Ok(migrations)).await
}

/// Does something with the ClickHouse of a configuration and the migrations it has: with the one
/// at `warehouse.url`, or with the embedded one, which is started for it.
pub(super) async fn with_clickhouse<T>(
    file: &File,
    environment: &Environment,
    work: impl AsyncFnOnce(&Client, Vec<Status>) -> Result<T>,
) -> Result<T> {
    let is_embedded = file.warehouse.url.is_none();
    let folder = file.server.data_dir.join("clickhouse");
    if is_embedded && !folder.is_dir() {
        bail!(
            "there is no ClickHouse in {}, which the first start makes: say where with --data-dir, \
             or set warehouse.url",
            folder.display()
        );
    }
    let store = Store::open(file, environment)?;
    let client = store.writer.clone();
    if !is_embedded {
        let migrations = ask(&client).await?;
        return work(&client, migrations).await;
    }
    let stop = CancellationToken::new();
    let engine = TaskTracker::new().spawn(store.run(stop.clone()));
    let done = match until_answered(&client, WITHIN).await {
        Ok(migrations) => work(&client, migrations).await,
        Err(error) => {
            Err(error.context("if a service runs on this data folder, it has to be stopped first"))
        }
    };
    stop.cancel();
    engine.await??;
    done
}

/// Asks again while ClickHouse does not answer; an answer, also a refusal, is final.
async fn until_answered(client: &Client, within: Duration) -> Result<Vec<Status>> {
    let mut last = None;
    let asked = timeout(within, async {
        loop {
            match ask(client).await {
                Err(fault @ (Fault::Unreachable(_) | Fault::Timeout(_))) => last = Some(fault),
                answer => return answer,
            }
            sleep(AGAIN).await;
        }
    });
    match asked.await {
        Ok(answer) => Ok(answer?),
        Err(_) => match last {
            Some(fault) => bail!("no answer within {} s: {fault}", within.as_secs()),
            None => bail!("clickhouse gave no answer within {} s", within.as_secs()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn said(pairs: &[(&str, &str)], data_dir: Option<PathBuf>) -> String {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        format!(
            "{:#}",
            status(None, data_dir, &pairs.collect()).unwrap_err()
        )
    }

    #[test]
    fn no_data_folder_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let error = said(&[], Some(dir.path().join("nowhere")));
        assert!(error.contains("there is no ClickHouse in"), "{error}");
        let error = said(&[], Some(dir.path().to_owned()));
        assert!(error.contains("there is no ClickHouse in"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_dead_port_is_told_at_once() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let error = said(&[("TRUNKLINE__WAREHOUSE__URL", &url)], None);
        assert!(error.contains("clickhouse cannot be reached: "), "{error}");
    }

    #[test]
    fn a_refused_password_ends_the_question() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answering = thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            let _ = peer.read(&mut [0; 4096]).unwrap();
            let body = "Code: 516. DB::Exception: default: Authentication failed";
            let head = "HTTP/1.1 403 Forbidden\r\nconnection: close";
            write!(
                peer,
                "{head}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        });
        let error = said(&[("TRUNKLINE__WAREHOUSE__URL", &url)], None);
        assert!(error.contains("refused the user or password"), "{error}");
        answering.join().unwrap();
    }
}
