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
        Dimension::Manager,
        Dimension::Team,
        Dimension::Channel,
        Dimension::Direction,
        Dimension::Author,
        Dimension::Kind,
        Dimension::Hour,
        Dimension::Weekday,
    ],
    choices: &[],
    figures: &[Figure::count(
        "messages",
        || "count()".into(),
        "public messages",
    )],
    samples,
    opened: Opened {
        about: "the messages",
        samples,
        gathered: &[],
        columns: &[
            Listed {
                name: "at",
                unit: Unit::Time,
                sql: "at",
            },
            Listed {
                name: "direction",
                unit: Unit::Text,
                sql: Dimension::Direction.sql(),
            },
            Listed {
                name: "author",
                unit: Unit::Text,
                sql: "author",
            },
            Listed {
                name: "manager",
                unit: Unit::Text,
                sql: "manager",
            },
            Listed {
                name: "team",
                unit: Unit::Text,
                sql: "team",
            },
            Listed {
                name: "channel",
                unit: Unit::Text,
                sql: "channel",
            },
            Listed {
                name: "conversation",
                unit: Unit::Text,
                sql: "conversation",
            },
            Listed {
                name: "contact",
                unit: Unit::Text,
                sql: "contact",
            },
            Listed {
                name: "message",
                unit: Unit::Text,
                sql: "message",
            },
            Listed {
                name: "kind",
                unit: Unit::Text,
                sql: "kind",
            },
            Listed {
                name: "chars",
                unit: Unit::Count,
                sql: "chars",
            },
        ],
        key: &["channel", "conversation", "message"],
    },
};

fn samples(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT at, manager, channel, conversation, contact, message, author, kind, chars \
         FROM {messages} WHERE account = {{account:String}} AND {WITHIN}{managers}",
        managers = of_managers(request),
        messages = views.named("v_messages"),
    )
}
