//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use trunkline_model::settings::Scope;
use trunkline_model::word::Word;

mod demo;
mod export;
mod hook;
mod import;
mod pool;
mod simulate;
mod state;
mod torture;

pub(crate) use demo::Demo;
pub(crate) use export::{Conversions, Export};
pub(crate) use hook::{Hook, Verify};
pub(crate) use import::{Format, Import, Service};
pub(crate) use pool::{Pool, Size};
pub(crate) use simulate::Simulate;
pub(crate) use state::{Doctor, Status};
pub(crate) use torture::Torture;

/// Streams calls and messages into exact figures per manager.
#[derive(Debug, Parser)]
#[command(
    name = "trunkline",
    version,
    about,
    after_help = "Example:\n  trunkline serve"
)]
pub(crate) struct Cli {
    /// The configuration file. Without one the environment and the defaults hold; `serve` then
    /// keeps one in the data folder, and the first start writes it, with an account `demo`.
    #[arg(long, global = true, env = "TRUNKLINE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the service until it is told to stop (SIGTERM or Ctrl-C).
    #[command(after_help = "Example:\n  trunkline serve --listen 127.0.0.1:8080 --data-dir ./data")]
    Serve(Serve),
    /// Runs the service with a made-up company: weeks of history, a first report, then its life as it
    /// happens.
    #[command(
        after_help = "Examples:\n  trunkline demo\n  trunkline demo --data ./data/demo --days 90 \
                      --managers 40 --rate 2000"
    )]
    Demo(Demo),
    /// Says on one screen how a running service stands, and what to do about what is out of order;
    /// exit code 1 if it does not run, or if something is wrong.
    #[command(
        after_help = "Example:\n  trunkline status --url http://127.0.0.1:8080 --token $TOKEN"
    )]
    Status(Status),
    /// Looks at everything a service needs, without one running or beside it, and says how to mend
    /// what is wrong; exit code 1 if something is. Changes nothing.
    #[command(after_help = "Examples:\n  trunkline doctor --data-dir ./data\n  \
                      trunkline --config trunkline.toml doctor")]
    Doctor(Doctor),
    /// Helps to connect a provider: what to click, why a signature fails, what comes.
    #[command(subcommand)]
    Hook(Hook),
    /// Makes tokens.
    #[command(subcommand)]
    Token(Token),
    /// Shows or checks the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Describes the events.
    #[command(subcommand)]
    Events(Events),
    /// Looks at the journal of a stopped or running service.
    #[command(subcommand)]
    Journal(Journal),
    /// Looks at the tables in ClickHouse.
    #[command(subcommand)]
    Migrate(Migrate),
    /// Reads the journal anew and compares every row in ClickHouse with what it gives; prints what
    /// differs; exit code 1 if anything does. Needs `warehouse.url`, or a stopped service, whose
    /// embedded ClickHouse is then started for it.
    #[command(after_help = "Example:\n  trunkline audit --data-dir ./data")]
    Audit {
        /// Goes before `server.data_dir` of the configuration.
        #[arg(long, value_name = "FOLDER")]
        data_dir: Option<PathBuf>,
    },
    /// Turns a file of rows into events and sends them; what was interrupted goes on where it
    /// stopped.
    #[command(
        after_help = "Examples:\n  trunkline import chats.csv --map chats.toml --dry-run\n  \
                      trunkline import chats.csv --map chats.toml\n  \
                      trunkline import --provider zadarma --hook pbx calls.csv\n  \
                      trunkline import --undo import-0123456789abcdef"
    )]
    Import(Import),
    /// Gives out what others count.
    #[command(subcommand)]
    Export(Export),
    /// Helps to choose the size of a pool of tracking numbers.
    #[command(subcommand)]
    Pool(Pool),
    /// Makes up a call centre from a seed, and sends its events or writes them to a file.
    #[command(
        after_help = "Examples:\n  trunkline simulate --days 30 --managers 20 --rate 800\n  \
                      trunkline simulate --seed 7 --start 2026-03-02T00:00:00Z --out events.ndjson\n  \
                      trunkline simulate --speed 1 --days 1"
    )]
    Simulate(Simulate),
    /// Kills a service of its own and its ClickHouse at random moments under load, on a fresh
    /// folder, and compares what is there with what was sent; exit code 1 if anything is lost,
    /// doubled or wrong.
    #[command(after_help = "Example:\n  trunkline torture --minutes 10 --seed 7")]
    Torture(Torture),
    /// Prints a script that completes commands and options in a shell.
    #[command(after_help = "Examples:\n  source <(trunkline completions bash)\n  \
                      trunkline completions fish > ~/.config/fish/completions/trunkline.fish")]
    Completions {
        /// The shell that reads the script.
        shell: Shell,
    },
    /// Runs the embedded ClickHouse in this process; started by `serve`.
    #[command(hide = true)]
    Engine {
        /// The arguments of the engine.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// Options of `serve`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Serve {
    /// Goes before `server.listen` of the configuration.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Goes before `server.data_dir` of the configuration.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Makes a token: prints it once, and the lines for the configuration (only its hash is kept).
    #[command(
        after_help = "Example:\n  trunkline token new --name crm --scope ingest --scope read"
    )]
    New {
        /// What the token is for.
        #[arg(long, default_value = "new")]
        name: String,
        /// What it may do. May be given several times.
        #[arg(
            long = "scope",
            default_values_t = [String::from("ingest"), String::from("read")],
            value_parser = PossibleValuesParser::new(Scope::ALL.iter().map(|scope| scope.word())),
        )]
        scopes: Vec<String>,
    },
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Prints a commented example.
    #[command(after_help = "Example:\n  trunkline config example > trunkline.toml")]
    Example,
    /// Prints the JSON Schema of the file.
    Schema,
    /// Reads the file and says what is wrong with it; exit code 1 if anything is.
    #[command(after_help = "Example:\n  trunkline --config trunkline.toml config check")]
    Check,
}

/// What can be told of events.
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Prints the JSON Schema of all event types.
    #[command(after_help = "Example:\n  trunkline events schema | less")]
    Schema,
}

/// What can be done with the journal.
#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Reads every byte and says what is in it, or what is damaged; exit code 1 if anything is.
    #[command(after_help = "Example:\n  trunkline journal verify --data-dir ./data")]
    Verify {
        /// Goes before `server.data_dir` of the configuration.
        #[arg(long, value_name = "FOLDER")]
        data_dir: Option<PathBuf>,
    },
}

/// What can be done with the tables.
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Lists the migrations and whether each was applied. Needs `warehouse.url`, or a stopped
    /// service, whose embedded ClickHouse is then started for the question.
    #[command(after_help = "Example:\n  trunkline migrate status --data-dir ./data")]
    Status {
        /// Goes before `server.data_dir` of the configuration.
        #[arg(long, value_name = "FOLDER")]
        data_dir: Option<PathBuf>,
    },
}

/// Reads the command line; a wrong call ends the process with code 2.
pub(crate) fn parse() -> Cli {
    read(std::env::args_os()).unwrap_or_else(|wrong| wrong.exit())
}

fn read<T: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = T>,
) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(arguments)?;
    if matches!(cli.command, Command::Config(Config::Check)) && cli.config.is_none() {
        let missing = ErrorKind::MissingRequiredArgument;
        return Err(Cli::command().error(missing, "say which file to check: --config FILE"));
    }
    if let Command::Pool(Pool::Size(size)) = &cli.command
        && let Some(problem) = size.problem()
    {
        return Err(Cli::command().error(ErrorKind::ValueValidation, problem));
    }
    if let Command::Export(Export::Conversions(options)) = &cli.command
        && let Some(problem) = options.problem()
    {
        return Err(Cli::command().error(ErrorKind::ValueValidation, problem));
    }
    Ok(cli)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_calls_are_told_apart_from_failures() {
        for wrong in [
            &["trunkline", "config", "check"][..],
            &["trunkline", "token", "new", "--scope", "bogus"],
            &["trunkline", "dance"],
            &[
                "trunkline",
                "pool",
                "size",
                "--visits-per-hour",
                "9e9",
                "--hold",
                "1d",
            ],
        ] {
            assert_eq!(read(wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
        let scopes = ["--scope", "read:phones", "--scope", "admin"];
        read(["trunkline", "token", "new"].iter().chain(&scopes)).unwrap();
        read(["trunkline", "token", "new"]).unwrap();
        read(["trunkline", "config", "check", "--config", "x"]).unwrap();
    }
}
