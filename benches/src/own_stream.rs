//! Our own doors and pipeline in a process of their own, without ClickHouse: so that the same frames
//! go through the same code with the journal's sync and without, which no configuration can set.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_api::{Api, Directory};
use trunkline_model::settings::{Account, FoldRules, Span};
use trunkline_model::time::Time;
use trunkline_pipeline::{AccountSettings, Config, KeepConfig, Phase, Service, World};
use trunkline_reports::{PageKey, Reports};
use trunkline_warehouse::{Client, Connection};

use crate::clock;

/// The one token.
pub(crate) const TOKEN: &str = "trk_test";
/// Its SHA-256.
const TOKEN_HASH: &str = "65fd2ab352c04135fedd14f12a323bdb51b15fdcaa820a1c827651b02878c77c";
const NOW: i64 = 1_767_300_000_000;
const READY_LOOK: Duration = Duration::from_millis(2);

/// Gives an outbox that is told nothing.
fn no_webhooks(
    dir: &Path,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
) -> trunkline_delivery::Handle {
    let chance = Arc::new(|| 0.5);
    let world = trunkline_delivery::World { clock, chance };
    trunkline_delivery::Handle::new(dir, world, trunkline_delivery::Webhooks::default())
}

/// Serves until the standard input ends, which it does with the process that started this one.
#[expect(clippy::print_stdout, reason = "another process reads the port")]
pub(crate) fn serve(dir: &Path, sync: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let began = clock::now();
        let now = move || Time(NOW + began.elapsed().as_millis() as i64);
        let world = World {
            clock: Arc::new(now),
            elapsed: Arc::new(move || began.elapsed()),
            random: 7,
        };
        let config = config(dir, sync)?;
        // Port 1 on loopback: nobody is there.
        let away = Client::new(Connection::new(
            "http://127.0.0.1:1",
            "nobody",
            "",
            "trunkline",
        )?);
        let accounts = vec![AccountSettings {
            account: "acme".into(),
            rules: FoldRules::default(),
        }];
        let (_, settings) = watch::channel(Arc::default());
        let (service, pipeline) = Service::open(config, world, away.clone(), accounts, settings)?;
        let account: Account = serde_json::from_value(serde_json::json!({
            "id": "acme",
            "token": [{"name": "all", "sha256": TOKEN_HASH, "scopes": ["ingest"]}],
        }))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let api = Api {
            reload: Arc::new(|| Box::pin(std::future::ready(false))),
            hooks: Arc::default(),
            sites: Arc::default(),
            directory: Arc::new(arc_swap::ArcSwap::from_pointee(Directory::new([&account]))),
            webhooks: no_webhooks(dir, Arc::new(now)),
            pipeline: pipeline.clone(),
            reports: Reports::new(away, PageKey::new([0; 32])),
            links: Arc::default(),
            clock: Arc::new(now),
            metrics: Arc::new(String::new),
            config: trunkline_api::Config::default(),
        };
        let tasks = TaskTracker::new();
        tasks.spawn(service.run(CancellationToken::new()));
        tasks.spawn(trunkline_api::Service::new(listener, api).run(CancellationToken::new()));
        while pipeline.status().phase != Phase::Ready {
            if tasks.len() < 2 {
                bail!("a part ended early");
            }
            tokio::time::sleep(READY_LOOK).await;
        }
        println!("{port}");
        // It ends with its parent, as by a crash: nothing of it is needed afterwards.
        let closed = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
        let _ = closed.await;
        std::process::exit(0)
    })
}

fn config(dir: &Path, sync: bool) -> Result<Config> {
    let mut journal = trunkline_journal::Config::new(dir.join("journal"));
    (journal.sync, journal.queue_bytes) = (sync, 256 << 20);
    Ok(Config {
        data_dir: dir.to_owned(),
        journal,
        workers: std::thread::available_parallelism()?.get(),
        horizon: 48 * 3_600_000,
        keep: KeepConfig {
            checkpoint_records: u64::MAX,
            checkpoint_every: Duration::from_hours(1),
            retention: 400 * 24 * 3_600_000,
            facts: Span::Months(25),
            window: 7 * 24 * 3_600_000,
        },
    })
}
