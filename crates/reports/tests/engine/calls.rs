//! `calls` (`metrics.md` §2; S52): a day worked out by hand, and each rule by itself.

use serde_json::{Value, json};

use crate::ringing::{Call, Leg, answered, figure, missed, of_row, rang, spoke};
use crate::world::{World, lines};

const MARIA: &str = "+34600111222";
const PEDRO: &str = "+34600333444";
const DAY: &str = "from=2026-03-10&to=2026-03-11";

/// Ana talks 60 s and gives the call to Luis, who talks 30 s; Luis talks 100 s; a caller gives up
/// while Ana and Luis ring, one at once, one in the queue; a voicemail, a menu, a failure; one
/// shows no number; two calls from us, of which one is answered.
pub(crate) fn a_day() -> Vec<Call> {
    let handed = [
        Leg {
            away: true,
            hold_ms: 4_000,
            ..spoke("ana", 10, 60)
        },
        Leg {
            took: true,
            ..spoke("luis", 75, 30)
        },
    ];
    vec![
        answered("c01", "2026-03-10T09:00:00Z", MARIA, &handed),
        answered(
            "c02",
            "2026-03-10T09:10:00Z",
            PEDRO,
            &[rang("ana"), spoke("luis", 30, 100)],
        ),
        missed(
            "c03",
            "2026-03-10T09:20:00Z",
            "+34600555666",
            20,
            &["ana", "luis"],
        ),
        missed("c04", "2026-03-10T09:30:00Z", MARIA, 3, &["ana"]),
        missed("c05", "2026-03-10T09:40:00Z", PEDRO, 40, &[]).ended("abandoned"),
        missed("c06", "2026-03-10T09:50:00Z", PEDRO, 25, &["ana"]).ended("voicemail"),
        missed("c07", "2026-03-10T10:00:00Z", MARIA, 8, &[]).ended("menu"),
        missed("c08", "2026-03-10T10:10:00Z", MARIA, 1, &[]).ended("failed"),
        missed("c09", "2026-03-10T10:20:00Z", "anonymous", 15, &["luis"]),
        answered("c10", "2026-03-10T10:30:00Z", PEDRO, &[spoke("ana", 5, 50)]).outbound(),
        missed("c11", "2026-03-10T10:40:00Z", PEDRO, 30, &["luis"])
            .outbound()
            .ended("no_answer"),
    ]
}

async fn world(calls: &[Call]) -> World {
    let world = World::start().await;
    world.calls(calls).await;
    world
}

/// A row as pairs of names and values, for those named.
fn row(answer: &Value, place: usize, names: &[&str]) -> Value {
    let of = |name: &&str| ((*name).to_owned(), of_row(answer, place, name).clone());
    Value::Object(names.iter().map(of).collect())
}

const COUNTS: [&str; 9] = [
    "calls",
    "answered",
    "missed",
    "abandoned",
    "voicemail",
    "menu",
    "short",
    "failed",
    "anonymous",
];

const TIMES: [&str; 7] = [
    "talk_sum_s",
    "talk_mean_s",
    "wait_mean_s",
    "wait_p90_s",
    "wait_p99_s",
    "hold_mean_s",
    "service_level",
];

const PARTS: [&str; 7] = [
    "participations",
    "transferred_out",
    "transferred_in",
    "offered",
    "taken",
    "not_taken",
    "take_rate",
];

#[tokio::test]
async fn s52_a_day_is_what_is_counted_by_hand() {
    let world = world(&a_day()).await;
    let all = world.ask("calls", DAY).await;
    assert_eq!(
        row(&all, 0, &COUNTS),
        json!({"calls": 11, "answered": 3, "missed": 3, "abandoned": 1, "voicemail": 1, "menu": 1,
               "short": 1, "failed": 1, "anonymous": 1})
    );
    // Answered inbound 2; missed, abandoned and voicemail 5, one of them short: 2 of 6.
    assert_eq!(figure(&all, "answer_rate"), &json!(0.3333));
    assert_eq!(figure(&all, "abandon_rate"), &json!(0.1667));
    assert_eq!(figure(&all, "connect_rate"), &json!(0.5));
    assert_eq!(figure(&all, "share"), &json!(1.0));
    // Waits 10, 30, 20, 3, 40, 25, 15 s: their mean is 143 / 7 s. Talk 90 + 100 + 50 s, hold 4 s.
    assert_eq!(
        row(&all, 0, &TIMES),
        json!({"talk_sum_s": 240.0, "talk_mean_s": 80.0, "wait_mean_s": 20.429,
               "wait_p90_s": 40.0, "wait_p99_s": 40.0, "hold_mean_s": 1.333,
               "service_level": 0.1667})
    );
    let median = figure(&all, "wait_p50_s").as_f64().expect("a number");
    assert!(
        (median - 20.0).abs() <= 0.2,
        "{median} is more than 1 % off"
    );
    // Offered: c01 both, c02 both, c03 both, c04, c06 Ana, c09 Luis.
    assert_eq!(
        row(&all, 0, &PARTS),
        json!({"participations": 4, "transferred_out": 1, "transferred_in": 1, "offered": 9,
               "taken": 3, "not_taken": 6, "take_rate": 0.3333})
    );
    assert_eq!(
        row(
            &all,
            0,
            &[
                "first_time_calls",
                "unique_calls",
                "target_calls",
                "unique_target_calls"
            ]
        ),
        json!({"first_time_calls": 3, "unique_calls": 3, "target_calls": 2,
               "unique_target_calls": 2})
    );
}

#[tokio::test]
async fn s52_each_manager_has_his_calls_and_the_talk_of_his_own_legs() {
    let world = world(&a_day()).await;
    let by = world.ask("calls", &format!("{DAY}&by=manager")).await;
    let names = [
        "manager",
        "calls",
        "answered",
        "missed",
        "talk_sum_s",
        "talk_mean_s",
        "hold_mean_s",
        "share",
    ];
    // Nobody's: c03 (both rang), c05, c07, c08.
    assert_eq!(
        row(&by, 0, &names),
        json!({"manager": null, "calls": 4, "answered": 0, "missed": 1, "talk_sum_s": 0.0,
               "talk_mean_s": null, "hold_mean_s": null, "share": 0.3637})
    );
    // Ana: c01, c04, c06, c10.
    assert_eq!(
        row(&by, 1, &names),
        json!({"manager": "ana", "calls": 4, "answered": 2, "missed": 1, "talk_sum_s": 110.0,
               "talk_mean_s": 55.0, "hold_mean_s": 2.0, "share": 0.3636})
    );
    // Luis: c02, c09, c11.
    assert_eq!(
        row(&by, 2, &names),
        json!({"manager": "luis", "calls": 3, "answered": 1, "missed": 1, "talk_sum_s": 130.0,
               "talk_mean_s": 65.0, "hold_mean_s": 0.0, "share": 0.2727})
    );
    assert_eq!(
        row(&by, 1, &PARTS),
        json!({"participations": 2, "transferred_out": 1, "transferred_in": 0, "offered": 5,
               "taken": 1, "not_taken": 4, "take_rate": 0.2})
    );
    assert_eq!(
        row(&by, 2, &PARTS),
        json!({"participations": 2, "transferred_out": 0, "transferred_in": 1, "offered": 4,
               "taken": 2, "not_taken": 2, "take_rate": 0.5})
    );
    assert_eq!(lines(&by).len(), 3);
}

#[tokio::test]
async fn credit_goes_to_who_talked_first_last_or_longest() {
    let legs = [
        spoke("ana", 5, 10),
        spoke("luis", 20, 40),
        spoke("ana", 70, 20),
        spoke("eva", 99, 5),
    ];
    let world = world(&[answered("c1", "2026-03-10T09:00:00Z", MARIA, &legs)]).await;
    for (credit, manager) in [("first", "ana"), ("last", "eva"), ("longest", "luis")] {
        let query = format!("{DAY}&by=manager&credit={credit}");
        let answer = world.ask("calls", &query).await;
        for place in 0..3 {
            let who = of_row(&answer, place, "manager");
            let calls = of_row(&answer, place, "calls");
            assert_eq!(
                calls,
                &json!(u8::from(who == manager)),
                "{credit}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_missed_call_of_several_is_their_teams_if_they_are_of_one() {
    let world = world(&[
        missed("c1", "2026-03-10T09:00:00Z", MARIA, 20, &["ana", "luis"]),
        missed("c2", "2026-03-10T09:10:00Z", MARIA, 20, &["ana", "eva"]),
        missed("c3", "2026-03-10T09:20:00Z", MARIA, 20, &["eva"]),
    ])
    .await;
    for (manager, team) in [("ana", "sales"), ("luis", "sales"), ("eva", "care")] {
        world
            .member(manager, team, "1970-01-01T00:00:00Z", "open")
            .await;
    }
    let answer = world
        .ask(
            "calls",
            &format!("{DAY}&by=team,manager&disposition=missed"),
        )
        .await;
    let cells: Vec<_> = (0..4)
        .map(|place| row(&answer, place, &["team", "manager", "missed"]))
        .collect();
    assert_eq!(
        cells[0],
        json!({"team": null, "manager": null, "missed": 1})
    );
    assert_eq!(
        cells[1],
        json!({"team": "care", "manager": "eva", "missed": 1})
    );
    let sales: Vec<_> = (2..5)
        .map(|place| row(&answer, place, &["team", "manager", "missed"]))
        .collect();
    assert_eq!(
        sales[0],
        json!({"team": "sales", "manager": null, "missed": 1})
    );
    assert_eq!(
        sales[1],
        json!({"team": "sales", "manager": "ana", "missed": 0}),
        "he was offered two"
    );
}

#[tokio::test]
async fn internal_calls_a_diallers_and_spam_count_only_if_asked_for() {
    let plain = |id: &str| missed(id, "2026-03-10T09:00:00Z", MARIA, 20, &["ana"]);
    let world = world(&[
        plain("c1"),
        Call {
            direction: "internal",
            ..plain("c2")
        },
        Call {
            origin: "dialler",
            direction: "outbound",
            ..plain("c3")
        },
        Call {
            spam: true,
            ..plain("c4")
        },
        Call {
            origin: "callback",
            direction: "outbound",
            tags: vec!["vip", "new"],
            integrity: "weak",
            ..plain("c5")
        },
    ])
    .await;
    for (query, calls) in [
        ("", 2),
        ("&direction=internal", 1),
        ("&direction=internal&direction=in", 3),
        ("&origin=dialler", 1),
        ("&origin=dialler&origin=", 2),
        ("&spam=include", 3),
        ("&origin=callback&direction=inbound", 1),
        ("&direction=out", 0),
        ("&tag=vip&tag=old", 1),
        ("&tag=old", 0),
        ("&integrity=weak", 1),
        ("&number=+34910000001&disposition=missed", 2),
        ("&number=", 0),
    ] {
        let answer = world.ask("calls", &format!("{DAY}{query}")).await;
        assert_eq!(figure(&answer, "calls"), &json!(calls), "{query}");
    }
}

#[tokio::test]
async fn a_call_without_an_end_times_out_four_hours_after_its_last_phase() {
    // Asked at 09:59:58 of 3 April.
    let of = |id: &str, received: &str| Call {
        received: crate::world::at(received).0,
        ..missed(id, "2026-04-03T05:00:00Z", MARIA, 20, &["ana"]).ended("")
    };
    let world = world(&[
        of("c1", "2026-04-03T05:59:57Z"),
        of("c2", "2026-04-03T05:59:58Z"),
        of("c3", "2026-04-03T09:59:00Z"),
    ])
    .await;
    let answer = world.ask("calls", "period=today&by=disposition").await;
    let cells: Vec<_> = (0..2)
        .map(|place| row(&answer, place, &["disposition", "calls"]))
        .collect();
    assert_eq!(
        cells,
        [
            json!({"disposition": null, "calls": 2}),
            json!({"disposition": "timed_out", "calls": 1})
        ]
    );
    assert_eq!(of_row(&answer, 0, "offered"), &json!(0));
    assert_eq!(of_row(&answer, 0, "answer_rate"), &Value::Null);
}

#[tokio::test]
async fn whose_a_leg_is_tell_its_alias_and_its_extension_of_that_time() {
    let leg = |manager: &str, extension| Leg {
        extension,
        ..spoke(manager, 5, 10)
    };
    let of = |id: &str, time: &str, leg: Leg| answered(id, time, MARIA, &[leg]);
    let world = world(&[
        of("c1", "2026-03-10T09:00:00Z", leg("binotel:7", "101")),
        of("c2", "2026-03-10T10:00:00Z", leg("binotel:8", "101")),
        of("c3", "2026-03-10T13:00:00Z", leg("", "101")),
        of("c4", "2026-03-10T14:00:00Z", leg("", "999")),
        of("c5", "2026-03-10T15:00:00Z", leg("binotel:9", "")),
        of("c6", "2026-03-10T16:00:00Z", leg("eva", "101")),
    ])
    .await;
    world.alias("binotel:7", "petra").await;
    world
        .extension("101", "ana", "1970-01-01T00:00:00Z", "2026-03-10T12:00:00Z")
        .await;
    world
        .extension("101", "luis", "2026-03-10T12:00:00Z", "open")
        .await;
    let page = world.open("calls", DAY).await;
    let whose: Vec<_> = (0..6)
        .map(|place| of_row(&page, place, "manager").clone())
        .collect();
    assert_eq!(
        json!(whose),
        json!(["eva", "binotel:9", null, "luis", "ana", "petra"])
    );
}

#[tokio::test]
async fn first_time_and_unique_callers_are_people_and_look_at_all_earlier_calls() {
    let of =
        |id: &str, time: &str, caller: &str| answered(id, time, caller, &[spoke("ana", 5, 90)]);
    let world = world(&[
        of("c1", "2025-01-10T09:00:00Z", MARIA),
        of("c2", "2026-03-10T09:00:00Z", MARIA),
        Call {
            talk_ms: 59_999,
            ..of("c3", "2026-03-10T10:00:00Z", PEDRO)
        },
        of("c4", "2026-03-10T11:00:00Z", PEDRO),
        of("c5", "2026-03-10T12:00:00Z", "+34600555666"),
        of("c6", "2026-03-10T13:00:00Z", "anonymous"),
        of("c7", "2026-03-10T14:00:00Z", "anonymous"),
        of("c8", "2026-03-10T15:00:00Z", "+34600777888"),
        of("c9", "2026-03-10T08:00:00Z", "+34600999000").outbound(),
        of("d1", "2026-03-10T16:00:00Z", "+34600999000"),
    ])
    .await;
    // The callers of c5 and c8 are one person.
    world.linked("phone", "", "+34600555666", "rosa").await;
    world.linked("phone", "", "+34600777888", "rosa").await;
    for (figure, calls) in [
        ("first_time_calls", &["d1", "c5", "c3"][..]),
        ("unique_calls", &["d1", "c5", "c3", "c2"]),
        ("target_calls", &["d1", "c8", "c7", "c6", "c5", "c4", "c2"]),
        ("unique_target_calls", &["d1", "c5", "c4", "c2"]),
    ] {
        let table = world.ask("calls", DAY).await;
        let page = world.open("calls", &format!("{DAY}&figure={figure}")).await;
        let rows = page["rows"].as_array().expect("rows").len();
        let found: Vec<_> = (0..rows)
            .map(|place| of_row(&page, place, "call").clone())
            .collect();
        assert_eq!(json!(found), json!(calls), "{figure}");
        assert_eq!(
            crate::ringing::figure(&table, figure),
            &json!(rows),
            "{figure}"
        );
    }
}
