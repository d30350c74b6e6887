//! What the demo does and says, from the first event to the last.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::life::Life;
use super::page::Page;
use super::plan::Plan;
use super::{table, visitors};
use crate::commands::amounts::{grouped, span};
use crate::commands::import::bar;
use crate::http::Door;
use crate::stream::{self, Frame, Sent, Target};
use crate::{clock, print};

/// The stream that all events of a demo are.
const STREAM: &str = "demo";
/// How long to wait before the same question is asked again.
const AGAIN: Duration = Duration::from_millis(100);
const DAY: i64 = 86_400_000;

/// Shows a person around.
pub(super) struct Tour<'a> {
    pub(super) plan: &'a Plan,
    pub(super) folder: &'a Path,
    /// How this program was called.
    pub(super) program: String,
    /// The address of the service.
    pub(super) url: String,
    /// The token of this process.
    pub(super) own: String,
    /// The page of the site, if there is one.
    pub(super) page: Option<Page>,
    /// Whether to go on after the first report.
    pub(super) live: bool,
}

impl Tour<'_> {
    /// Sends the past, shows the first report, and goes on; ends only in failure.
    pub(super) async fn run(self) -> Result<()> {
        let target = Target::new(&self.url, &self.own)?;
        let door = Door::new(&self.url, Some(&self.own))?;
        until_ready(&door).await?;
        let began = clock::elapsed();
        let sent = self.send_past(&target).await?;
        flush(&door).await.with_context(|| {
            let log = self.folder.join("clickhouse/engine.log");
            format!(
                "ClickHouse does not take the rows (its log: {})",
                log.display()
            )
        })?;
        let took = clock::elapsed().saturating_sub(began);
        print::line(self.told(&sent, took.as_secs_f64()))?;
        self.report(&door).await?;
        self.suggest()?;
        tokio::select! {
            () = self.show() => {}
            ended = self.live(&target, &door) => ended?,
        }
        std::future::pending().await
    }

    /// Shows the page of the site.
    async fn show(&self) {
        match &self.page {
            Some(page) => page.serve(&self.url).await,
            None => std::future::pending().await,
        }
    }

    /// Lets the company go on, and people visit its site.
    async fn live(&self, target: &Target, door: &Door) -> Result<()> {
        if !self.live {
            return std::future::pending().await;
        }
        let mut life = Life::new(self.plan, clock::now(), false)?;
        let lives = async {
            let lived = stream::send(target, Some(STREAM), &mut life, &|_| {}).await;
            lived.map(drop).context("the company cannot go on")
        };
        let visits = async {
            match self.plan.shop()? {
                Some(shop) => visitors::live(door, shop).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(lives, visits).map(drop)
    }

    async fn send_past(&self, target: &Target) -> Result<Sent> {
        let now = clock::now();
        let mut past = Life::new(self.plan, now, true)?;
        let bar = bar(now.since(self.plan.start()).unsigned_abs());
        let progress = |frame: &Frame| bar.set_position(frame.upto);
        let sent = stream::send(target, Some(STREAM), &mut past, &progress).await;
        bar.finish_and_clear();
        let sent = sent.context("could not send the history")?;
        match sent.rejects.first() {
            None => Ok(sent),
            Some(first) => bail!(
                "the service refused {} of the events, the first with {} {}",
                sent.rejects.len(),
                first.code,
                first.detail
            ),
        }
    }

    fn told(&self, sent: &Sent, seconds: f64) -> String {
        let company = self.plan.told();
        let events = grouped(sent.events);
        if sent.had > 0 {
            return format!(
                "\nThe company ({company}) went on while it was away: {events} events more."
            );
        }
        format!(
            "\nSent {} days of a made-up company ({company})\n\
             through {}/v1/stream: {events} events, in ClickHouse after {}.",
            self.plan.days,
            self.url,
            span(seconds)
        )
    }

    /// Shows the response times of the days that the history has.
    async fn report(&self, door: &Door) -> Result<()> {
        let (from, to) = self.span();
        let path = format!("/v1/reports/response-times?hours=business&from={from}&to={to}");
        let all = report(door, &path).await?;
        let managers = report(door, &format!("{path}&by=manager&order=-count")).await?;
        let days = self.plan.days;
        print::line(format_args!(
            "\nResponse times by manager of the last {days} days, from the first message that waits to\n\
             the reply, in business hours. Hours:minutes:seconds.\n\n{}",
            table::shown(&managers, &all)
        ))?;
        Ok(())
    }

    /// Gives as many days as the history has, up to now.
    fn span(&self) -> (String, String) {
        let now = clock::now();
        let from = now.plus(-i64::from(self.plan.days) * DAY);
        (from.to_string(), now.to_string())
    }

    fn suggest(&self) -> Result<()> {
        if let Some(page) = &self.page {
            print::line(format_args!(
                "\nThe company's shop: your visit gets a number of its own there, and the page says how to call it.\n  {}",
                page.link()
            ))?;
        }
        let url = &self.url;
        let ask = "curl -sS -H \"Authorization: Bearer $TOKEN\"";
        let from: String = self.span().0.chars().take("2026-03-02".len()).collect();
        let going = if self.live {
            "The company goes on live: ask again and see the figures move."
        } else {
            "The service goes on; nothing more is sent."
        };
        Ok(print::line(format_args!(
            "\nTry next, in another terminal, with the token in TOKEN:\n\
             \n  {ask} \\\
             \n    '{url}/v1/reports/response-times?by=team&interval=week&from={from}&format=csv'\
             \n  {ask} \\\
             \n    '{url}/v1/reports/messages?by=channel,direction&from={from}&format=csv'\
             \n  {ask} \\\
             \n    '{url}/v1/reports/response-times/rows?manager=ana&from={from}&limit=3'\
             \n  {ask} \\\
             \n    '{url}/v1/reports/sources?by=source,campaign&from={from}&format=csv'\
             \n  {} status --url {url} --token $TOKEN\n\
             \n{going} Ctrl-C ends it,\n\
             `{0} demo --data {1}` goes on where it was.",
            self.program,
            self.folder.display()
        ))?)
    }
}

async fn report(door: &Door, path: &str) -> Result<Value> {
    let answer = door.get(path).await?.good();
    Ok(answer.context("the first report")?.json())
}

/// Waits until the doors are open.
async fn until_ready(door: &Door) -> Result<()> {
    while door.get("/readyz").await?.status != 200 {
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

/// Waits until ClickHouse holds everything.
async fn flush(door: &Door) -> Result<()> {
    // An engine that starts for the first time may take longer than one answer waits.
    for _ in 0..4 {
        let answer = door.post("/v1/events?wait=flushed", "[]").await?.good()?;
        if answer.json()["flushed"] == true {
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
    let ready = door.get("/readyz").await?.json();
    match ready["warehouse_fault"].as_str() {
        Some(fault) => bail!("it is down: {fault}"),
        None => bail!("it is {}", ready["warehouse"].as_str().unwrap_or("silent")),
    }
}
