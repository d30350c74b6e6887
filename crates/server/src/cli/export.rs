//! Options of `export`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use trunkline_model::settings::Span;
use trunkline_providers::conversions::{Destination, Format, Kind, Setup};

/// What can be exported.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Tells those who count clicks what came of them: calls, forms, leads and won deals, as a file or
    /// by requests; says of each that cannot go why.
    #[command(
        after_help = "Examples:\n  trunkline export conversions --to google-ads --action won=Sale --dry-run\n  \
                      trunkline export conversions --to google-ads --action won=Sale --out sales.csv\n  \
                      trunkline export conversions --to ga4 --push \"$COLLECT\" --state ga4.state --every 1h\n  \
                      trunkline export conversions --to ga4 --state ga4.state --dead"
    )]
    Conversions(Conversions),
}

/// Options of `export conversions`.
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["out", "push", "dry_run", "dead"]))]
pub(crate) struct Conversions {
    /// Who counts them.
    #[arg(long, value_name = "DESTINATION",
          value_parser = PossibleValuesParser::new(Destination::ALL.map(Destination::name)))]
    to: String,
    /// What a kind (call, target_call, form, lead, won) is called there: a conversion's name for a file
    /// of Google Ads, its resource name for requests, an event, a goal. May be given several times;
    /// kinds without a name are left out.
    #[arg(long = "action", value_name = "KIND=NAME", value_parser = action)]
    actions: Vec<(Kind, String)>,
    /// Since when, as an instant or a local date; as far back as is taken there by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Until when; now by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Which touch earns a conversion; the account's model by default.
    #[arg(long, value_parser = ["first", "last", "last_non_direct"])]
    pub(crate) model: Option<String>,
    /// What visitors agreed to of whom that is not told; not told by default.
    #[arg(long, value_enum)]
    consent: Option<Agreed>,
    /// How the file is written; what is uploaded by hand there by default.
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// Writes a file, or several named like it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Posts to this address.
    #[arg(
        long,
        value_name = "URL",
        env = "TRUNKLINE_PUSH_URL",
        hide_env_values = true
    )]
    pub(crate) push: Option<String>,
    /// A file with a header of the requests on each line, like `Authorization: Bearer …`; read before
    /// every run.
    #[arg(long, value_name = "FILE", requires = "push")]
    pub(crate) headers: Option<PathBuf>,
    /// Has the requests checked there and not counted.
    #[arg(long, requires = "push")]
    validate: bool,
    /// How long a request that fails is tried again.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span)]
    pub(crate) patience: Span,
    /// A file that remembers what was sent, so that runs send each conversion once, and what was given
    /// up.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Goes on, with a run each time.
    #[arg(long, value_name = "TIME", value_parser = span, requires = "push")]
    pub(crate) every: Option<Span>,
    /// Says what would go and what not and why, and sends and writes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Lists what was given up.
    #[arg(long, requires = "state")]
    pub(crate) dead: bool,
    /// Sends again what was given up, one by one.
    #[arg(long, requires_all = ["push", "state"])]
    pub(crate) retry_dead: bool,
    /// The address of the service.
    #[arg(long, env = "TRUNKLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// A token with the scopes read and read:phones.
    #[arg(long, env = "TRUNKLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// What visitors agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Agreed {
    /// That it is used for advertising.
    Granted,
    /// To nothing: then nothing is sent.
    Denied,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Written {
    /// Rows for uploads by hand.
    Csv,
    /// The bodies of requests, one a line.
    Json,
}

impl Conversions {
    /// Gives the destination.
    pub(crate) fn destination(&self) -> Destination {
        Destination::find(&self.to).unwrap_or(Destination::GoogleAds)
    }

    /// Gives what is set up there.
    pub(crate) fn setup(&self) -> Setup {
        let setup = Setup {
            actions: self.actions.iter().cloned().collect(),
            consent: self.consent.map(|agreed| agreed == Agreed::Granted),
            validate: self.validate,
        };
        setup.completed(self.destination())
    }

    /// Gives how it is written.
    pub(crate) fn format(&self) -> Format {
        match self.format {
            _ if self.push.is_some() => Format::Json,
            None => self.destination().format(),
            Some(Written::Csv) => Format::Csv,
            Some(Written::Json) => Format::Json,
        }
    }

    /// Says what is wrong with the options together.
    pub(super) fn problem(&self) -> Option<String> {
        let destination = self.destination();
        if self.push.is_none() && !destination.writes(self.format()) {
            return Some(format!("{} takes no files of this format", self.to));
        }
        if self.push.is_some() && self.state.is_none() && !self.validate {
            let why = "without it every run would send everything again";
            return Some(format!("--push needs --state FILE: {why}"));
        }
        if self.dead {
            return None;
        }
        self.setup().problem(destination, self.format())
    }
}

fn action(text: &str) -> Result<(Kind, String), String> {
    let (kind, name) = text
        .split_once('=')
        .ok_or("write KIND=NAME, like won=Sale")?;
    let kind = Kind::find(kind).ok_or_else(|| {
        let kinds = Kind::ALL.map(Kind::as_str).join(", ");
        format!("`{kind}` is none of {kinds}")
    })?;
    Ok((kind, name.to_owned()))
}

fn span(text: &str) -> Result<Span, String> {
    let span = Span::parse(text).filter(|span| span.millis().is_some_and(|millis| millis > 0));
    span.ok_or_else(|| "write a time with its unit, like 30s or 1h".to_owned())
}
