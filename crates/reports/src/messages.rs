//! `messages`: how many public messages were written (`metrics.md` 1.3; S32).

use crate::dimension::Dimension;
use crate::report::{Figure, Listed, Opened, Report};
use crate::request::Request;
use crate::statement::{Views, WITHIN, of_managers};
use crate::value::Unit;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "messages",
    title: "Messages",
    about: "Public messages; those that managers wrote are author=manager",
    by: &[
        Dimension::Channel,
        Dimension::Direction,
        Dimension::Author,
        Dimension::Kind,
    ],
    filters: &[],
    of_calls: false,
    of_managers: true,
    choices: &[],
    figures: &[Figure::count(
        "messages",
        |request| request.rows.count("1"),
        "public messages",
    )],
    samples,
    cells: Some(cells),
    opened: &[Opened {
        figures: &["messages"],
        about: "the messages",
        samples,
        only: "1",
        gathered: &[],
        columns: &[
            Listed::new("at", Unit::Time, "at"),
            Listed::text("direction"),
            Listed::text("author"),
            Listed::text("manager"),
            Listed::text("team"),
            Listed::text("channel"),
            Listed::text("conversation"),
            Listed::text("contact"),
            Listed::text("message"),
            Listed::text("kind"),
            Listed::new("chars", Unit::Count, "chars"),
        ],
        key: &["channel", "conversation", "message"],
    }],
};

/// Who speaks to whom.
const DIRECTION: &str = "if(author = 'contact', 'inbound', 'outbound') AS direction";

fn samples(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT at, manager, channel, conversation, contact, message, author, kind, chars, integrity, \
         {DIRECTION} \
         FROM {messages} WHERE account = {{account:String}} AND {WITHIN}{managers}",
        managers = of_managers(request),
        messages = views.named("v_messages"),
    )
}

/// Messages by cell, manager, channel and author.
fn cells(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT at, manager, channel, author, {DIRECTION}, count AS n FROM {answers} \
         WHERE account = {{account:String}} AND definition = 'messages' AND hours = 'calendar' \
         AND {WITHIN}{managers}",
        managers = of_managers(request),
        answers = views.named("v_answers"),
    )
}
