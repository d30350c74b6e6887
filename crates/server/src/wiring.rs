//! The rooms wired together, run together, stopped in order: doors, pipeline, ClickHouse.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trunkline_model::settings::Span;
use trunkline_pipeline as pipeline;

use crate::clock;
use crate::config::{Compression, Environment, File};
use crate::telemetry;

mod disk;
pub(crate) mod hooks;
mod memory;
mod names;
mod page_key;
mod parts;
pub(crate) mod rates;
mod reload;
mod warehouse;
mod webhooks;

use disk::Disk;
use parts::Part;
pub(crate) use reload::Read;
use reload::{Reloader, account_settings};
pub(crate) use warehouse::Store;

/// Records and time after which a checkpoint is due.
const CHECKPOINT_RECORDS: u64 = 2_000_000;
const CHECKPOINT_EVERY: Duration = Duration::from_hours(6);

/// All rooms, opened.
pub(crate) struct Wired {
    address: SocketAddr,
    doors: trunkline_api::Service,
    pipeline: pipeline::Service,
    store: Store,
    delivery: trunkline_delivery::Service,
    reloader: Arc<Reloader>,
    links: Arc<trunkline_board::Links>,
}

impl Wired {
    /// Opens the listener, the journal and the way to ClickHouse; `read` is for reloads.
    pub(crate) async fn open(file: &File, environment: &Environment, read: Read) -> Result<Self> {
        let metrics = telemetry::start_metrics()?;
        let listener = listen(&file.server.listen).await?;
        let address = listener.local_addr()?;
        let store = Store::open(file, environment)?;
        let (settings, told) = watch::channel(Arc::new(names::settings(&file.accounts)?));
        let world = pipeline::World {
            clock: Arc::new(clock::now),
            elapsed: Arc::new(clock::elapsed),
            random: rand::random(),
        };
        let (service, handle) = pipeline::Service::open(
            pipeline_config(file)?,
            world,
            store.writer.clone(),
            account_settings(file),
            told,
        )
        .context("could not open the journal")?;
        let (delivery, service) = webhooks::begin(file, service)?;
        let metrics = scraped(metrics, file, handle.clone(), delivery.clone());
        pipeline::metrics::started(clock::now());
        let reloader = Arc::new(Reloader::new(
            file,
            read,
            handle.clone(),
            delivery.clone(),
            settings,
        )?);
        let reloading = Arc::clone(&reloader);
        let links = Arc::new(trunkline_board::Links::default());
        let api = trunkline_api::Api {
            reload: Arc::new(move || {
                let reloader = Arc::clone(&reloading);
                Box::pin(async move { reloader.reload().await })
            }),
            directory: Arc::clone(&reloader.directory),
            hooks: Arc::clone(&reloader.hooks),
            sites: Arc::clone(&reloader.sites),
            webhooks: delivery.clone(),
            pipeline: handle,
            reports: store.reports(&file.server.data_dir)?,
            links: Arc::clone(&links),
            clock: Arc::new(clock::now),
            metrics,
            config: api_config(file)?,
        };
        let doors = trunkline_api::Service::new(listener, api);
        Ok(Self {
            address,
            doors,
            pipeline: service,
            store,
            delivery: trunkline_delivery::Service::new(delivery),
            reloader,
            links,
        })
    }

    /// Makes the path of a link that logs a browser in to the board once, with a token.
    pub(crate) fn link(&self, token: &str) -> String {
        format!("/login?link={}", self.links.offer(token, clock::now()))
    }

    /// Gives what reads the configuration again.
    pub(crate) fn reloading(&self) -> impl AsyncFn() + use<> {
        let reloader = Arc::clone(&self.reloader);
        async move || {
            reloader.reload().await;
        }
    }

    /// Gives the address that the doors are on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs all parts until `stop`, or until one ends early, which is a failure; then stops the
    /// others in order.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<()> {
        let Self {
            doors,
            pipeline,
            store,
            delivery,
            ..
        } = self;
        let parts = [
            Part::start("the doors", |stop| doors.run(stop)),
            Part::start("the pipeline", |stop| pipeline.run(stop)),
            Part::start("the outgoing webhooks", |stop| delivery.run(stop)),
            Part::start("the warehouse", |stop| store.run(stop)),
        ];
        parts::run(parts, stop).await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Gives what renders all metrics, as they are when somebody looks.
fn scraped(
    metrics: PrometheusHandle,
    file: &File,
    pipeline: pipeline::Handle,
    delivery: trunkline_delivery::Handle,
) -> Arc<dyn Fn() -> String + Send + Sync> {
    let disk = Disk::of(file);
    Arc::new(move || {
        pipeline::metrics::export(&pipeline, clock::now());
        trunkline_delivery::metrics::export(&delivery);
        disk.export();
        memory::export();
        metrics.render()
    })
}

async fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "could not listen on {address} (choose another address with --listen, such as \
             127.0.0.1:0 for any free port)"
        )
    })
}

fn pipeline_config(file: &File) -> Result<pipeline::Config> {
    let data_dir = file.server.data_dir.clone();
    let mut journal = trunkline_journal::Config::new(data_dir.join("journal"));
    journal.segment_bytes = file.journal.segment_mb << 20;
    journal.reserve_bytes = file.journal.reserve_mb << 20;
    journal.compression = match file.journal.compression {
        Compression::None => trunkline_journal::Compression::None,
        Compression::Lz4 => trunkline_journal::Compression::Lz4,
    };
    journal.queue_bytes = 256 << 20;
    journal.queue_wait = Duration::from_millis(file.journal.wait_ms);
    let cores = std::thread::available_parallelism()
        .context("could not count the cores")?
        .get();
    Ok(pipeline::Config {
        data_dir,
        journal,
        workers: file.server.workers.unwrap_or(cores),
        horizon: fixed("fold.horizon", file.fold.horizon)?,
        keep: pipeline::KeepConfig {
            checkpoint_records: CHECKPOINT_RECORDS,
            checkpoint_every: CHECKPOINT_EVERY,
            retention: fixed("retention.journal", file.retention.journal)?,
            window: fixed("fold.window", file.fold.window)?,
            facts: file.retention.facts,
        },
    })
}

/// Gives the milliseconds of a span whose length is the same at any time.
pub(crate) fn fixed(key: &str, span: Span) -> Result<i64> {
    let differ = || format!("{key} must be days or hours, such as 400d: months differ in length");
    span.millis().with_context(differ)
}

fn api_config(file: &File) -> Result<trunkline_api::Config> {
    let mut config = trunkline_api::Config::default();
    config.public_url.clone_from(&file.server.public_url);
    config.connections.max = file.server.max_connections;
    config.connections.max_per_address = file.server.max_connections_per_ip;
    config.connections.head_ms = file.server.header_timeout_s * 1000;
    config.requests.visits_per_minute = file.server.visits_per_minute;
    config.requests.body_ms = file.server.body_timeout_s * 1000;
    for proxy in &file.server.trusted_proxies {
        let address = proxy.parse();
        let named = || format!("server.trusted_proxies: {proxy:?} is no address");
        config.trusted_proxies.push(address.with_context(named)?);
    }
    Ok(config)
}
