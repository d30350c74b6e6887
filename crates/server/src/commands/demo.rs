//! `trunkline demo`: a made-up company, its last weeks, and its life from now on, through the doors
//! that everybody uses.
//!
//! Service and sender share a process; the sender reaches the service through its address, with a
//! token that lives as long as the process. All events are one named stream whose frames are the
//! same at every start, so a start on the same folder goes on behind the last frame in the journal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use anyhow::{Result, bail};
use tokio_util::sync::CancellationToken;
use trunkline_model::settings::{Only, Scope, Token};
use trunkline_simulate::Simulation;

use super::first_start::{self, Found, Fresh};
use super::{LOG, serve};
use crate::cli::Demo;
use crate::config::{Environment, File, load, read};
use crate::wiring::Wired;
use crate::{clock, print, secret, telemetry};

mod company;
mod life;
mod page;
mod plan;
mod table;
mod tour;
mod visitors;

use company::SITE;
use page::Page;
use plan::Plan;
use tour::Tour;

/// What is logged beside what the demo itself says.
const QUIET: &str = "error,trunkline::stream=warn";
const ACCOUNT: &str = "demo";

/// Runs until a signal, or until a part of the service fails.
pub(super) fn run(config: Option<&Path>, options: &Demo, environment: &Environment) -> Result<()> {
    telemetry::start_logs(Some(environment.get(LOG).map_or(QUIET, String::as_str)));
    if let Some(config) = config {
        bail!(
            "a demo writes its own configuration: leave out --config {} (or unset TRUNKLINE_CONFIG)",
            config.display()
        );
    }
    let now = clock::now();
    let folder = options
        .data
        .clone()
        .unwrap_or_else(|| plan::new_folder(now));
    let plan = Plan::of(&folder, options, now)?;
    let (mut file, fresh) = settings(&folder, &plan, environment)?;
    file.server.listen.clone_from(&options.listen);
    file.server.data_dir.clone_from(&folder);
    let own = admit_ourselves(&mut file)?;
    // Before anything is opened: what a failed start leaves behind is then known as a demo's.
    plan.keep(&folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let page = page_of_site(&mut file, &options.listen).await;
        let fixed = Box::new(|| bail!("a demo keeps the configuration that it made"));
        let wired = Wired::open(&file, environment, fixed)
            .await
            .inspect_err(|_| Plan::forget(&folder))?;
        let signals = serve::wait_for_signal(stop.clone(), wired.reloading())?;
        let url = format!("http://{}", reachable(wired.address()));
        greet(&url, &wired.link(&own), &folder, fresh.as_ref())?;
        let service = wired.run(stop.clone());
        let tour = Tour {
            plan: &plan,
            folder: &folder,
            program: program(),
            url,
            own,
            page,
            live: !options.no_live,
        };
        tokio::select! {
            ended = until_told(service, tour, stop) => ended,
            never = signals => match never {},
        }
    })
}

/// Runs the service to its end, and the tour beside it as long as it is not stopping.
async fn until_told(
    service: impl Future<Output = Result<()>>,
    tour: Tour<'_>,
    stop: CancellationToken,
) -> Result<()> {
    let mut service = std::pin::pin!(service);
    let told = tokio::select! {
        ended = &mut service => return ended,
        () = stop.cancelled() => Ok(()),
        told = tour.run() => told,
    };
    if told.is_err() {
        stop.cancel();
    }
    service.await.and(told)
}

/// Reads the configuration in the folder; at the first start makes it.
fn settings(
    folder: &Path,
    plan: &Plan,
    environment: &Environment,
) -> Result<(File, Option<Fresh>)> {
    let centre = Simulation::new(plan.centre())?;
    let write = |hash: &str| company::text(&centre, hash);
    Ok(match first_start::config_of(folder, write)? {
        Found::Kept(path) => (load(Some(&path), environment)?, None),
        Found::Fresh(fresh) => (read(&fresh.text, Path::new("."), environment)?, Some(fresh)),
    })
}

/// Adds a token for this process alone: the one that was shown is not kept anywhere.
fn admit_ourselves(file: &mut File) -> Result<String> {
    let token = secret::new_token();
    let Some(account) = file.accounts.iter_mut().find(|it| it.id == ACCOUNT) else {
        bail!(
            "trunkline.toml in the folder has no account `{ACCOUNT}` any more: use `trunkline serve`"
        );
    };
    account.tokens.push(Token {
        name: "demo itself".to_owned(),
        sha256: secret::sha256_hex(&token),
        scopes: vec![Scope::Ingest, Scope::Read],
        only: Only::default(),
        origins: Vec::new(),
        expires: None,
    });
    Ok(token)
}

/// Opens a page of the company's site, if it has one, and lets it ask for numbers.
async fn page_of_site(file: &mut File, listen: &str) -> Option<Page> {
    let account = file.accounts.iter_mut().find(|it| it.id == ACCOUNT)?;
    let site = account.sites.iter_mut().find(|it| it.key == SITE)?;
    let page = Page::open(listen).await?;
    site.origins.extend(page.origins());
    Some(page)
}

/// Gives the address under which this machine itself reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Says address, link to the board and folder and, at the first start, the token.
fn greet(url: &str, link: &str, folder: &Path, fresh: Option<&Fresh>) -> Result<()> {
    print::line(format_args!("Trunkline listens on {url}"))?;
    print::line(format_args!(
        "Its board, logged in by this link once, within ten minutes:\n  {url}{link}"
    ))?;
    print::line(format_args!("Data: {}", folder.display()))?;
    let Some(fresh) = fresh else {
        return Ok(print::line(
            "Token of account demo: the one that the first start showed",
        )?);
    };
    fresh.keep(|token| {
        Ok(print::line(format_args!(
            "Token of account {ACCOUNT}, shown this once: {token}"
        ))?)
    })
}

/// Says how this program was called, for the commands that it suggests.
fn program() -> String {
    std::env::args()
        .next()
        .unwrap_or_else(|| "trunkline".to_owned())
}
