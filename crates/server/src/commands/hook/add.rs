//! `trunkline hook add`: what to write here and what to click there.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use trunkline_providers::{ALL, Guide, Provider, Replies, named, unknown};

use crate::config::{Environment, load};
use crate::print;

/// Runs the command.
pub(super) fn run(
    config: Option<&Path>,
    provider: Option<&str>,
    id: Option<&str>,
    environment: &Environment,
) -> Result<ExitCode> {
    let Some(name) = provider else {
        print::line(list())?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(provider) = named(name) else {
        bail!(unknown(name));
    };
    let public = match config {
        Some(_) => load(config, environment)?.server.public_url,
        None => None,
    };
    print::line(told(provider, id.unwrap_or(name), public))?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let widest = ALL.iter().map(|it| it.guide().name.len()).max();
    let mut text = "Providers (`trunkline hook add NAME` says how to connect one):\n".to_owned();
    for provider in ALL {
        let Guide { name, title, .. } = provider.guide();
        let _ = write!(
            text,
            "\n  {name:<width$}  {title}",
            width = widest.unwrap_or(0)
        );
    }
    text
}

fn told(provider: &dyn Provider, id: &str, public: Option<String>) -> String {
    let guide = provider.guide();
    let base = public.unwrap_or_else(|| "https://YOUR-ADDRESS".into());
    let url = format!("{}/v1/hooks/{id}", base.trim_end_matches('/'));
    let own = provider.new_secret(&rand::random());
    let secret = match &own {
        Some(secret) => format!("secrets = [{secret:?}]     # new, made for this hook"),
        None if guide.secret.is_empty() => "# this provider signs nothing".to_owned(),
        None => format!("secrets = [\"...\"]     # {}", guide.secret),
    };
    let mut text = format!(
        "{}\n\nThe address of the hook:\n\n  {url}\n\nIn the configuration, under its [[account]]:\n\n\
         [[account.hook]]\nid = {id:?}\nprovider = {:?}\n{secret}\n",
        guide.title, guide.name
    );
    if provider.is_called() {
        text.push_str("address = \"...\"     # where it is, for it is connected to\n");
    }
    if guide.replies != Replies::None {
        let _ = write!(text, "\n[[account.channel]]\nid = {id:?}\nhook = {id:?}\n");
    }
    if base.contains("YOUR-ADDRESS") {
        text.push_str("\nSet server.public_url to the address that the provider reaches.\n");
    }
    text.push_str("\nThere:\n");
    for (number, step) in (1..).zip(guide.steps) {
        let _ = write!(text, "\n  {number}. {}", step.replace("{url}", &url));
    }
    let _ = write!(
        text,
        "\n\nWhat is signed: {}\nWhat it repeats: {}",
        guide.integrity, guide.retries
    );
    for note in guide.notes {
        let _ = write!(text, "\n- {note}");
    }
    let _ = write!(
        text,
        "\n\nThen send SIGHUP, or POST /v1/admin/reload, and see what comes: trunkline hook tail {id}"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_can_stand_in_the_configuration() {
        for provider in ALL {
            let text = told(*provider, "h", Some("https://in.example.com/".into()));
            assert!(text.contains("https://in.example.com/v1/hooks/h"), "{text}");
            let begin = text.find("[[account.hook]]").expect("it has the lines");
            let end = begin + text[begin..].find("\nThere:").expect("steps follow");
            let file = format!("[[account]]\nid = \"demo\"\n{}", &text[begin..end]);
            toml::from_str::<crate::config::File>(&file).expect(&file);
        }
    }
}
