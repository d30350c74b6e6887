//! `trunkline completions`: scripts for shells, made from the command line's own declaration.

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};

use crate::cli::Cli;

/// Gives the script that completes what people type; what help hides is left out.
pub(super) fn script(shell: Shell) -> String {
    let all = Cli::command();
    let shown = all.get_subcommands().filter(|it| !it.is_hide_set());
    let mut command = Command::new("trunkline")
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments().cloned())
        .subcommands(shown.cloned());
    let mut script = Vec::new();
    generate(shell, &mut command, "trunkline", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
