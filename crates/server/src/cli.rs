//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Streams calls and messages into exact figures per manager.
#[derive(Debug, Parser)]
#[command(
    name = "trunkline",
    version,
    about,
    after_help = "Example:\n  trunkline serve"
)]
pub(crate) struct Cli {
    /// The configuration file; without one a fresh data folder with an account `demo` is made.
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
    /// Runs the embedded ClickHouse in this process; started by `serve`.
    #[command(hide = true)]
    Engine {
        /// The arguments of the engine.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// Options of `serve`.
#[derive(Debug, clap::Args)]
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
        /// What it may do: `ingest`, `read`, `read:phones`, `admin`. May be given several times.
        #[arg(long = "scope", default_values_t = [String::from("ingest"), String::from("read")])]
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
    Cli::parse()
}
