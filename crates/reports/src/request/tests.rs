//! Questions as pairs, against the typed question or the refusal they must give.

use chrono_tz::Europe::Madrid;
use trunkline_model::time::Interval;

use super::*;
use crate::aliases::Aliases;
use crate::report::REPORTS;

const KEY: PageKey = PageKey::new([7; 32]);

/// Friday, 3 April 2026, noon in Madrid.
const NOW: Time = Time(1_775_210_400_000);

fn ask_for(report: &str, asked: Asked, query: &str) -> Result<Request, BadParameter> {
    let report = REPORTS
        .iter()
        .find(|known| known.name == report)
        .expect("a report");
    let pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let account = AccountView {
        id: "acme",
        timezone: Madrid,
        aliases: Aliases::NONE,
    };
    let context = Context {
        account,
        now: NOW,
        as_of: NOW,
        restriction: Restriction::default(),
        targets: &Targets::default(),
        schedules: &Schedules::default(),
        cells: None,
    };
    Request::parse(report, asked, &pairs, &context, &KEY)
}

fn ask(query: &str) -> Result<Request, BadParameter> {
    ask_for("response-times", Asked::Figures, query)
}

fn asked(query: &str) -> Request {
    ask(query).unwrap_or_else(|bad| panic!("{query}: {bad}"))
}

fn refused(query: &str) -> BadParameter {
    let Err(bad) = ask(query) else {
        panic!("{query} must be refused")
    };
    bad
}

fn ends(query: &str) -> (String, String) {
    let span = asked(query).span;
    (span.from.to_string(), span.to.to_string())
}

fn times(from: &str, to: &str) -> (String, String) {
    (format!("{from}:00.000Z"), format!("{to}:00.000Z"))
}

#[test]
fn an_unknown_name_is_refused_and_the_nearest_suggested() {
    let bad = refused("intervall=day");
    assert_eq!(bad.name, "intervall");
    assert_eq!(bad.suggestion.as_deref(), Some("interval"));
    assert_eq!(refused("qwxz=1").suggestion, None);
    // A filter of another report is no filter of this one.
    assert_eq!(refused("kind=text").name, "kind");
    assert!(ask_for("messages", Asked::Figures, "kind=text").is_ok());
    // Parameters have their own case.
    assert_eq!(
        refused("From=2026-03-01").suggestion.as_deref(),
        Some("from")
    );
}

#[test]
fn a_scope_that_a_definition_lacks_is_refused_by_the_name_of_the_other_parameter() {
    for (query, named) in [
        ("scope=contact&definition=kommo", "definition"),
        ("scope=contact&definition=first", "definition"),
        ("scope=contact&hours=business", "hours"),
        ("scope=contact&exclude=outside_hours", "scope"),
    ] {
        let refused = ask_for("response-times", Asked::Figures, query).expect_err("it is refused");
        assert_eq!(refused.name, named, "{query}: {refused}");
    }
    assert!(
        ask_for(
            "response-times",
            Asked::Figures,
            "scope=contact&definition=turn"
        )
        .is_ok()
    );
}

#[test]
fn what_cannot_go_together_is_refused_by_the_name_that_must_change() {
    assert_eq!(asked("responder=bot").choice("responder"), Some("bot"));
    assert!(ask("responder=bot&definition=wait&hours=calendar").is_ok());
    let bad = refused("responder=bot&definition=turn");
    assert_eq!(bad.name, "definition");
    assert!(bad.detail.contains("wait with responder=bot"), "{bad}");
    assert_eq!(refused("responder=bot&hours=business").name, "hours");
}

#[test]
fn a_word_that_is_none_is_refused_with_the_list() {
    let bad = refused("definition=waiting");
    assert_eq!(bad.name, "definition");
    assert!(
        bad.detail.contains("kommo, turn, wait, assigned, first"),
        "{bad}"
    );
    assert_eq!(bad.suggestion.as_deref(), Some("wait"));
    assert_eq!(refused("interval=fortnight").name, "interval");
    assert_eq!(refused("period=yesterday").name, "period");
    assert_eq!(refused("format=xml").name, "format");
    assert_eq!(refused("exclude=weekends").name, "exclude");
    assert_eq!(
        asked("definition=kommo").choice("definition"),
        Some("kommo")
    );
}

#[test]
fn the_period_is_the_month_to_date_unless_told() {
    assert_eq!(ends(""), times("2026-03-31T22:00", "2026-04-03T10:00"));
    assert_eq!(ends("period=month"), ends(""));
    assert_eq!(
        ends("period=today"),
        times("2026-04-02T22:00", "2026-04-03T10:00")
    );
    assert_eq!(
        ends("period=week"),
        times("2026-03-29T22:00", "2026-04-03T10:00")
    );
    assert_eq!(
        ends("period=year"),
        times("2025-12-31T23:00", "2026-04-03T10:00")
    );
    assert_eq!(
        ends("period=today&tz=UTC"),
        times("2026-04-03T00:00", "2026-04-03T10:00")
    );
}

#[test]
fn ends_are_instants_or_local_dates() {
    let march = times("2026-02-28T23:00", "2026-03-31T22:00");
    assert_eq!(ends("from=2026-03-01&to=2026-04-01"), march);
    assert_eq!(
        ends("from=2026-02-28T23:00:00Z&to=2026-04-01T00:00:00+02:00"),
        march
    );
    assert_eq!(ends("from=1772319600&to=1774994400000"), march);
    let utc = times("2026-03-01T00:00", "2026-04-01T00:00");
    assert_eq!(ends("from=2026-03-01&to=2026-04-01&tz=UTC"), utc);
    assert_eq!(
        ends("from=2026-03-01"),
        times("2026-02-28T23:00", "2026-04-03T10:00")
    );
}

#[test]
fn a_plus_that_came_as_a_space_is_the_offsets() {
    let march = times("2026-02-28T23:00", "2026-03-31T22:00");
    for query in [
        "from=2026-03-01T00:00:00 01:00&to=2026-04-01T00:00:00 02:00",
        "from=2026-03-01T00:00:00.000 01:00&to=2026-04-01T00:00:00.000+02:00",
    ] {
        assert_eq!(ends(query), march, "{query}");
    }
    for query in [
        "from=2026-03-01 00:00",
        "from=2026-03-01T00:00:00 2:00",
        "from= 01:00",
    ] {
        assert_eq!(refused(query).name, "from", "{query}");
    }
}

#[test]
fn a_period_that_is_none_is_refused_by_name() {
    let cases = [
        ("from=2026-03-01&to=2026-03-01", "from"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("from=2026-05-01", "from"),
        ("to=2026-03-01", "from"),
        ("from=monday", "from"),
        ("from=2026-03-01&to=2026-02-30", "to"),
        ("from=2026-03-01&period=week", "period"),
        ("from=", "from"),
        ("tz=Europe/Madird", "tz"),
        ("tz=CET1", "tz"),
        ("from=2026-03-01&from=2026-03-02", "from"),
    ];
    for (query, name) in cases {
        assert_eq!(refused(query).name, name, "{query}");
    }
    assert_eq!(
        refused("tz=Europe/Madird").suggestion.as_deref(),
        Some("Europe/Madrid")
    );
}

#[test]
fn too_many_intervals_are_refused_by_interval() {
    let bad = refused("from=1970-01-01&to=2026-01-01&interval=minute");
    assert_eq!(bad.name, "interval");
    let span = asked("from=2026-03-01&to=2026-04-01&interval=hour").span;
    assert_eq!(span.interval, Some(Interval::Hour));
    // March 2026 lacks one hour in Madrid.
    assert_eq!(span.starts.len(), 31 * 24 - 1);
}

#[test]
fn dimensions_are_a_list_in_the_askers_order() {
    assert_eq!(
        asked("by=channel,manager").by,
        [Dimension::Channel, Dimension::Manager]
    );
    assert_eq!(asked("").by, []);
    let bad = refused("by=manger");
    assert_eq!(
        (bad.name.as_str(), bad.suggestion.as_deref()),
        ("by", Some("manager"))
    );
    assert_eq!(refused("by=kind").name, "by");
    assert_eq!(refused("by=manager,manager").name, "by");
    assert_eq!(refused("by=manager,").name, "by");
}

#[test]
fn filters_keep_their_values_and_the_empty_text_is_none() {
    let filters = asked("manager=ana&channel=x&manager=&manager=l,u").filters;
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    assert_eq!(
        filters,
        [
            (Dimension::Manager, owned(&["ana", "", "l,u"])),
            (Dimension::Channel, owned(&["x"]))
        ]
    );
    let many = format!("manager={}", "x".repeat(40_000));
    assert_eq!(refused(&many).name, "manager");
}

#[test]
fn rows_are_ordered_by_a_column_of_the_answer() {
    let order = |query: &str| {
        asked(query)
            .order
            .map(|order| (order.column, order.descending))
    };
    assert_eq!(order("order=-p90_s"), Some(("p90_s", true)));
    assert_eq!(
        order("order=manager_name&by=manager"),
        Some(("manager_name", false))
    );
    assert_eq!(order("order=time&interval=day"), Some(("time", false)));
    assert_eq!(order(""), None);
    for query in [
        "order=manager",
        "order=time",
        "order=--p90_s",
        "order=p90",
        "order=-",
    ] {
        assert_eq!(refused(query).name, "order", "{query}");
    }
    assert_eq!(refused("order=p90").suggestion.as_deref(), Some("p90_s"));
}

#[test]
fn limits_have_defaults_and_ends() {
    assert_eq!(asked("").limit, 1_000);
    assert_eq!(asked("limit=100000").limit, 100_000);
    for query in [
        "limit=0",
        "limit=100001",
        "limit=-1",
        "limit=1.5",
        "limit=all",
    ] {
        assert_eq!(refused(query).name, "limit", "{query}");
    }
    let rows = |query: &str| ask_for("messages", Asked::Rows, query);
    assert_eq!(rows("").map(|request| request.limit), Ok(100));
    assert_eq!(rows("limit=1000").map(|request| request.limit), Ok(1_000));
    assert_eq!(
        rows("limit=1001").map_err(|bad| bad.name).map(|_| ()),
        Err("limit".to_owned())
    );
}

#[test]
fn a_restriction_makes_an_answer_one_of_people() {
    let managers = ["ana".to_owned()];
    let account = AccountView {
        id: "acme",
        timezone: Madrid,
        aliases: Aliases::NONE,
    };
    let restriction = Restriction {
        managers: &managers,
        teams: &[],
    };
    let context = Context {
        account,
        now: NOW,
        as_of: NOW,
        restriction,
        targets: &Targets::default(),
        schedules: &Schedules::default(),
        cells: None,
    };
    let report = REPORTS[0];
    let request = Request::parse(report, Asked::Figures, &[], &context, &KEY).expect("a request");
    assert!(request.is_of_people());
    assert!(!asked("").is_of_people());
    assert!(asked("team=sales").is_of_people());
    assert!(asked("by=manager").is_of_people());
    assert!(!asked("by=channel").is_of_people());
}
