//! A progress bar on a terminal, and nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// Makes a bar for so much work; it hides itself where standard error is no terminal.
pub(in crate::commands) fn bar(whole: u64) -> ProgressBar {
    let shape = "{wide_bar} {percent:>3} %  {elapsed_precise}, {eta} to go";
    let style =
        ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(whole).with_style(style)
}
