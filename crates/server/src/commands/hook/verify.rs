//! `trunkline hook verify`: is this request the provider's, and if not, why.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_providers::{Hook, Request};

use super::{bytes, diagnosis};
use crate::cli::Verify;
use crate::config::{Environment, File, load};
use crate::wiring::hooks::one;
use crate::{clock, print};

/// A request, owned.
pub(super) struct Given {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) at: Time,
}

impl Given {
    /// Shows it as the door would.
    pub(super) fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
            peer: None,
            received_at: self.at,
        }
    }
}

/// Runs the command; exit code 1 if it is not verified.
pub(super) fn run(
    config: Option<&Path>,
    options: &Verify,
    environment: &Environment,
) -> Result<ExitCode> {
    let file = load(config, environment)?;
    let hook = find(&file, &options.hook)?;
    let given = given(&file, options)?;
    let request = Request {
        peer: options.from,
        ..given.request()
    };
    let greeted = hook
        .admit(&request)
        .and_then(|()| hook.provider.greeting(&hook, &request));
    match greeted {
        Err(refused) => {
            print::line(format_args!("not verified: {refused}"))?;
            return Ok(ExitCode::FAILURE);
        }
        Ok(Some(answer)) => {
            print::line(format_args!("a handshake; answered 200 {:?}", answer.body))?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(None) => {}
    }
    match hook.provider.verify(&hook, &request) {
        Ok(integrity) => {
            print::line(format_args!("verified; integrity: {integrity}"))?;
            told(&hook, &request)
        }
        Err(refused) => {
            print::line(format_args!("not verified: {refused}"))?;
            print::line(diagnosis::of(&hook, &given, &refused))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn find(file: &File, id: &str) -> Result<Hook> {
    let mut all = file
        .accounts
        .iter()
        .flat_map(|account| account.hooks.iter().map(move |hook| (account, hook)));
    match all.find(|(_, hook)| hook.id == id) {
        Some((account, hook)) => one(account, hook),
        None => bail!("the configuration has no hook {id:?}: say which file with --config"),
    }
}

fn given(file: &File, options: &Verify) -> Result<Given> {
    let base = file
        .server
        .public_url
        .as_deref()
        .unwrap_or("http://localhost");
    let mut url = format!("{}/v1/hooks/{}", base.trim_end_matches('/'), options.hook);
    if !options.query.is_empty() {
        url = format!("{url}?{}", options.query.trim_start_matches('?'));
    }
    let mut headers = HeaderMap::new();
    for header in &options.headers {
        let (name, value) = header
            .split_once(':')
            .with_context(|| format!("{header:?} is no header, such as 'Signature: abc'"))?;
        let name: HeaderName = name.trim().parse().context("a header's name is not one")?;
        headers.append(
            name,
            HeaderValue::from_str(value.trim()).context("a header's value is not one")?,
        );
    }
    let at = match &options.at {
        None => clock::now(),
        Some(text) => Time::parse(text).with_context(|| format!("--at: {text:?} is no time"))?,
    };
    let body = options.body.as_deref().map(bytes).transpose()?;
    Ok(Given {
        method: options
            .method
            .to_uppercase()
            .parse()
            .context("--method is none")?,
        url,
        headers,
        body: body.unwrap_or_default(),
        at,
    })
}

/// Shows what a verified request tells; exit code 1 if the contract refuses any of it.
pub(super) fn told(hook: &Hook, request: &Request<'_>) -> Result<ExitCode> {
    let parsed = match hook.provider.parse(hook, request) {
        Ok(parsed) => parsed,
        Err(unreadable) => {
            print::line(format_args!(
                "it would be kept as it is, and be in no figure: {unreadable}"
            ))?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for event in &parsed.events {
        let json = event.to_json();
        print::line(&json)?;
        if let Err(refusal) = Event::parse(&json) {
            print::line(format_args!("  refused: {refusal}"))?;
            code = ExitCode::FAILURE;
        }
    }
    for kind in &parsed.unknown {
        print::line(format_args!(
            "unknown kind: {kind} (kept as it is, and counted)"
        ))?;
    }
    if parsed.events.is_empty() && parsed.unknown.is_empty() {
        print::line("it tells of no event")?;
    }
    Ok(code)
}
