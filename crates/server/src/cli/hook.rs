//! Options of `hook`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Service;

/// What can be done with hooks.
#[derive(Debug, Subcommand)]
pub(crate) enum Hook {
    /// Prints what to write into the configuration for a provider's hook, and what to click there;
    /// without a provider, lists them.
    #[command(
        after_help = "Examples:\n  trunkline hook add\n  trunkline hook add zadarma --id pbx"
    )]
    Add {
        /// The provider's name.
        provider: Option<String>,
        /// The hook's id, the end of its address; the provider's name by default.
        #[arg(long)]
        id: Option<String>,
    },
    /// Says whether a request is verified by a hook of the configuration, and if not, exactly why; exit
    /// code 1 if it is not. Shows the events that it tells of.
    #[command(
        after_help = "Example:\n  trunkline --config trunkline.toml hook verify pbx \
                      --body request.body --header 'X-Twilio-Signature: q1W...'"
    )]
    Verify(Verify),
    /// Shows the events that a map makes of a sample: JSON, a form (`a=1&b=2`), a query that begins with
    /// `?`, or a request with its head as it was saved. The map is a file, or a shipped one by its name.
    #[command(after_help = "Example:\n  trunkline hook test uis call-end.json")]
    Test {
        /// The map.
        #[arg(value_name = "MAP.toml")]
        map: PathBuf,
        /// The sample; `-` for standard input.
        #[arg(value_name = "SAMPLE")]
        sample: PathBuf,
    },
    /// Shows the requests to a hook as they come, until Ctrl-C.
    #[command(after_help = "Example:\n  trunkline hook tail pbx --token $TOKEN")]
    Tail {
        /// The hook's id; all hooks of the token's account without one.
        hook: Option<String>,
        /// Shows what came lately, and ends.
        #[arg(long)]
        once: bool,
        /// The service; the token needs the scope admin.
        #[command(flatten)]
        service: Service,
    },
}

/// Options of `hook verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The hook's id.
    pub(crate) hook: String,
    /// The file with the body, byte for byte as it was received; `-` for standard input. None for GET.
    #[arg(long, value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    /// A header, as `Name: value`. May be given several times.
    #[arg(long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The query, without `?`.
    #[arg(long, default_value = "")]
    pub(crate) query: String,
    /// GET or POST.
    #[arg(long, default_value = "POST")]
    pub(crate) method: String,
    /// When it was received, RFC 3339 or epoch; now by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The address that it came from.
    #[arg(long, value_name = "IP")]
    pub(crate) from: Option<IpAddr>,
}
