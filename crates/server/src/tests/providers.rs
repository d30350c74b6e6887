//! The pages of providers, from what their adapters say of themselves.

use std::fmt::Write;

use trunkline_providers::{Guide, Provider, Replies};

/// Writes how the channel of a provider of conversations is set.
fn channel(guide: &Guide) -> String {
    if guide.replies == Replies::None {
        return String::new();
    }
    format!(
        "\nIts conversations are those of the channel that names the hook; without one the channel is \
         called as the hook is:\n\n```toml\n[[account.channel]]\nid = \"{name}\"\nhook = \"{name}\"\n```\n",
        name = guide.name
    )
}

/// Writes a provider's page.
pub(super) fn page(provider: &dyn Provider) -> String {
    let guide = provider.guide();
    let mut text = format!(
        "# {}\n\n`trunkline hook add {}` prints this for your address.\n",
        guide.title, guide.name
    );
    let _ = write!(
        text,
        "\n## In the configuration\n\nUnder the [[account]] it is for:\n\n```toml\n[[account.hook]]\n\
         id = \"{name}\"            # the end of its address; choose another if it can be guessed\n\
         provider = \"{name}\"\n",
        name = guide.name
    );
    if !guide.secret.is_empty() {
        text.push_str("secrets = [\"...\"]\n");
    }
    if provider.is_called() {
        text.push_str("address = \"...\"     # where it is, for it is connected to\n");
    }
    text.push_str("```\n");
    if !guide.secret.is_empty() {
        let _ = writeln!(text, "\nThe secret: {}.", guide.secret);
    }
    text.push_str(&channel(guide));
    text.push_str("\n## There\n\n");
    for (number, step) in (1..).zip(guide.steps) {
        let step = step.replace(
            "{url}",
            &format!("`https://YOUR-ADDRESS/v1/hooks/{}`", guide.name),
        );
        let _ = writeln!(text, "{number}. {step}");
    }
    let _ = write!(
        text,
        "\n## What to know\n\n**Integrity.** {}.\n\n**Repetition.** {}.\n",
        guide.integrity, guide.retries
    );
    exports(provider, &mut text);
    if let Some(replies) = replies(guide.replies) {
        let _ = write!(text, "\n**Where replies come from.** {replies}\n");
    }
    if !guide.notes.is_empty() {
        text.push('\n');
        for note in guide.notes {
            let _ = writeln!(text, "- {note}");
        }
    }
    text
}

fn exports(provider: &dyn Provider, text: &mut String) {
    if !provider.exports().is_empty() {
        let _ = write!(
            text,
            "\n**Exports.** What webhooks missed is filled in from {exports}:\n\n```console\n\
             $ trunkline import --provider {name} --hook {name} --config trunkline.toml FILE\n```\n",
            exports = provider.exports(),
            name = provider.guide().name
        );
    }
}

fn replies(replies: Replies) -> Option<&'static str> {
    match replies {
        Replies::None => None,
        Replies::Echoes => {
            Some("The provider sends what managers write as well as what contacts write.")
        }
        Replies::Statuses => Some(
            "Reports of delivery reveal that something was written; who wrote it they do not say, so it is \
             credited to `default_manager` of the hook.",
        ),
        Replies::Posted => Some(
            "The provider never tells: the tool in which managers write posts `message` events of its own.",
        ),
    }
}
