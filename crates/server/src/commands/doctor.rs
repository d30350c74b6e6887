//! `trunkline doctor`: everything a service needs, looked at from outside of one. It writes nothing
//! and takes no lock, so a running service is not disturbed.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::serve;
use crate::cli::{self, Serve};
use crate::config::{Environment, File};
use crate::print;

mod engine;
mod folder;
mod hooks;
mod journal;
mod machine;
mod ports;
mod processes;
mod sites;
mod webhooks;

/// What was found of one thing.
#[derive(Debug)]
struct Finding {
    what: &'static str,
    state: State,
    said: String,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// As it should be.
    Good,
    /// A service would run; what to mend.
    Warning(String),
    /// A service would not run, or not as it should; what to mend.
    Problem(String),
}

impl Finding {
    fn good(what: &'static str, said: impl Display) -> Self {
        Self {
            what,
            state: State::Good,
            said: said.to_string(),
        }
    }

    fn warning(what: &'static str, said: impl Display, mend: impl Display) -> Self {
        Self {
            what,
            state: State::Warning(mend.to_string()),
            said: said.to_string(),
        }
    }

    fn problem(what: &'static str, said: impl Display, mend: impl Display) -> Self {
        Self {
            what,
            state: State::Problem(mend.to_string()),
            said: said.to_string(),
        }
    }

    fn line(&self) -> String {
        let (word, mend) = match &self.state {
            State::Good => ("ok", ""),
            State::Warning(mend) => ("warning", mend.as_str()),
            State::Problem(mend) => ("PROBLEM", mend.as_str()),
        };
        let Self { what, said, .. } = self;
        let line = format!("{word:<8} {what:<15} {said}");
        if mend.is_empty() {
            return line;
        }
        format!("{line}\n{:25}> {mend}", "")
    }
}

/// Runs the command; exit code 1 if there is a problem.
pub(super) fn run(
    config: Option<&Path>,
    options: cli::Doctor,
    environment: &Environment,
) -> Result<ExitCode> {
    let token = options.token.clone().filter(|token| !token.is_empty());
    let (file, first) = configuration(config, options, environment);
    let checks: [&dyn Fn() -> Vec<Finding>; 8] = [
        &|| folder::check(&file),
        &|| journal::check(&file),
        &|| engine::check(&file, environment),
        &|| ports::check(&file),
        &|| hooks::check(&file, token.as_deref()),
        &|| webhooks::check(&file),
        &|| sites::check(&file),
        &|| machine::check(&file),
    ];
    let mut found = vec![first];
    print::line(found[0].line())?;
    for check in checks {
        for finding in check() {
            print::line(finding.line())?;
            found.push(finding);
        }
    }
    let count = |is: fn(&State) -> bool| found.iter().filter(|it| is(&it.state)).count();
    let problems = count(|state| matches!(state, State::Problem(_)));
    let warnings = count(|state| matches!(state, State::Warning(_)));
    print::line(format_args!(
        "\n{} things looked at: problems {problems}, warnings {warnings}",
        found.len()
    ))?;
    Ok(ExitCode::from(u8::from(problems > 0)))
}

/// Reads the configuration that `serve` would read; a bad one leaves the defaults for the rest.
fn configuration(
    config: Option<&Path>,
    options: cli::Doctor,
    environment: &Environment,
) -> (File, Finding) {
    const WHAT: &str = "configuration";
    let serve = Serve {
        listen: None,
        data_dir: options.data_dir.clone(),
    };
    match serve::settings(config, serve, environment) {
        Ok((file, Some(_))) => {
            let folder = file.server.data_dir.display();
            let said = format!("none yet: the first start writes {folder}/trunkline.toml");
            (file, Finding::good(WHAT, said))
        }
        Ok((file, None)) => {
            let tokens: usize = file.accounts.iter().map(|it| it.tokens.len()).sum();
            let said = format!("valid; accounts {}, tokens {tokens}", file.accounts.len());
            let finding = if tokens == 0 {
                Finding::warning(
                    WHAT,
                    format!("{said}: nobody can log in"),
                    "`trunkline token new` makes a token and the lines for the file",
                )
            } else {
                Finding::good(WHAT, said)
            };
            (file, finding)
        }
        Err(error) => {
            let mut file = File::default();
            if let Some(data_dir) = options.data_dir {
                file.server.data_dir = data_dir;
            }
            let mend = "correct it (`trunkline config example` shows how); the rest was looked at \
                        with the defaults";
            (file, Finding::problem(WHAT, format!("{error:#}"), mend))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_how_to_mend_it_below() {
        assert_eq!(
            Finding::good("clock", "right").line(),
            "ok       clock           right"
        );
        let line = Finding::problem("clock", "wrong", "set it").line();
        assert_eq!(
            line,
            "PROBLEM  clock           wrong\n                         > set it"
        );
    }

    #[test]
    fn a_bad_file_is_a_problem_and_the_rest_is_looked_at_with_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.toml");
        std::fs::write(&path, "[server]\nlisten = 7").unwrap();
        let options = cli::Doctor {
            data_dir: Some(dir.path().join("data")),
            token: None,
        };
        let (file, finding) = configuration(Some(&path), options, &Environment::new());
        assert!(matches!(finding.state, State::Problem(_)), "{finding:?}");
        assert!(finding.said.contains("server.listen"), "{finding:?}");
        assert_eq!(file.server.data_dir, dir.path().join("data"));
    }
}
