//! A day of a call centre in the formats of five providers gives the tables of the plain events, as far
//! as each format can say it: the plain events beside it say exactly that (`e2e::centre`, `SAYS`).

use e2e::centre::{self, Call, DESKS, Says, binotel, mango, telnyx, twilio, zadarma};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::generate::seed;
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use e2e::table::Table;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;
use trunkline_providers::named;

use crate::accounts::MARCH;
use crate::conformance::secrets;

/// Dubai is four hours before UTC all year.
const ZONE: (&str, i64) = ("Asia/Dubai", 4 * 3_600);

/// A provider that tells the day.
struct Teller {
    name: &'static str,
    says: Says,
    /// Figures that its format cannot give.
    without: &'static [&'static str],
    webhooks: fn(&[Call], &str) -> Vec<Webhook>,
}

/// Notices of Zadarma have no time but the start of the call: of a day that is over nobody knows how
/// long somebody waited, nor when he was answered.
const WAITS: [&str; 12] = [
    "short",
    "service_level",
    "wait_mean_s",
    "wait_p50_s",
    "wait_p90_s",
    "wait_p99_s",
    "recovery_mean_s",
    "recovery_p50_s",
    "recovery_p90_s",
    "recovery_p99_s",
    "abandon_rate",
    "answer_rate",
];

const TELLERS: [Teller; 5] = [
    Teller {
        name: "zadarma",
        says: zadarma::SAYS,
        without: &WAITS,
        webhooks: |calls, hook| zadarma::webhooks(calls, hook, ZONE.1),
    },
    Teller {
        name: "twilio",
        says: twilio::SAYS,
        without: &[],
        webhooks: twilio::webhooks,
    },
    Teller {
        name: "telnyx",
        says: telnyx::SAYS,
        without: &[],
        webhooks: telnyx::webhooks,
    },
    Teller {
        name: "mango",
        says: mango::SAYS,
        without: &[],
        webhooks: mango::webhooks,
    },
    Teller {
        name: "binotel",
        says: binotel::SAYS,
        without: &[],
        webhooks: binotel::webhooks,
    },
];

const QUESTIONS: [(&str, &str); 6] = [
    ("calls", ""),
    ("calls", "manager"),
    ("calls", "direction"),
    ("calls", "disposition"),
    ("missed-calls", ""),
    ("missed-calls", "manager"),
];

fn account(id: &str, teller: &Teller, hook: bool) -> Account {
    let mut account = Account::new(id).zone(ZONE.0).setting("country = \"ES\"");
    for (extension, manager) in DESKS {
        account = account.section(&format!(
            "[[account.manager]]\nid = \"{manager}\"\nname = \"{manager}\"\nextensions = [\"{extension}\"]\n"
        ));
    }
    if !teller.without.is_empty() {
        // Calls of which the wait is not known would all be short.
        account = account.setting("calls = { short_abandon_s = 0 }");
    }
    if hook {
        let name = teller.name;
        let secret = match name {
            "binotel" => String::new(),
            name => format!("secrets = [\"{}\"]\n", secrets(name)[0]),
        };
        account = account.section(&format!(
            "[[account.hook]]\nid = \"h-{name}\"\nprovider = \"{name}\"\n{secret}\
             allow_ips = [\"127.0.0.1\"]\n"
        ));
    }
    account
}

fn table(door: &Door, report: &str, by: &str) -> Table {
    let by: &[(&str, &str)] = if by.is_empty() { &[] } else { &[("by", by)] };
    door.report(report, &[&MARCH[..], by].concat())
}

/// Says how a call ended, as the dictionary has it.
fn ending(call: &Call) -> &'static str {
    match (call.inbound, call.talks.is_empty()) {
        (_, false) => "answered",
        (false, true) if call.busy => "busy",
        (false, true) => "no_answer",
        (true, true) if !call.rings.is_empty() => "missed",
        (true, true) if call.queued.is_some() => "abandoned",
        (true, true) if call.menu.is_some() => "menu",
        (true, true) => "missed",
    }
}

/// Holds the plain account against the calls themselves: how they ended, and who talked first.
fn counted(door: &Door, calls: &[Call], wrong: &mut Vec<String>) {
    let table = table(door, "calls", "disposition");
    for row in 0..table.len() {
        let word = table.value(row, "disposition").as_str().unwrap_or_default();
        let want = calls.iter().filter(|call| ending(call) == word).count() as u64;
        if table.count(row, "calls") != want {
            wrong.push(format!("plain: {word} are not {want}"));
        }
    }
    let table = self::table(door, "calls", "manager");
    for (extension, manager) in DESKS {
        let first = |call: &&Call| {
            call.talks
                .first()
                .is_some_and(|talk| talk.extension == extension)
        };
        let want = calls.iter().filter(first).count();
        if table.of_manager(manager, "answered") != &serde_json::json!(want) {
            wrong.push(format!("plain: {manager} did not answer {want}"));
        }
    }
}

/// Holds two tables against each other, without some columns.
fn differences(what: &str, plain: &Table, told: &Table, by: &str, without: &[&str]) -> Vec<String> {
    let keys = |table: &Table| -> Vec<Value> {
        if by.is_empty() {
            vec![Value::Null]
        } else {
            table.column(by)
        }
    };
    let mut own = keys(told);
    let mut wrong = Vec::new();
    for (row, key) in keys(plain).iter().enumerate() {
        let Some(place) = own.iter().position(|other| other == key) else {
            wrong.push(format!("{what}: {key} is missing"));
            continue;
        };
        own[place] = Value::Bool(true);
        for column in plain.columns() {
            let (want, got) = (plain.value(row, column), told.value(place, column));
            if want != got && !without.contains(&column.as_str()) {
                wrong.push(format!("{what} {key}: {column} is {got}, not {want}"));
            }
        }
    }
    own.retain(|key| *key != Value::Bool(true));
    wrong.extend(own.iter().map(|key| format!("{what}: {key} is too many")));
    wrong
}

#[test]
fn a_day_of_a_call_centre_is_the_same_in_the_formats_of_five_providers_and_in_plain_events() {
    let seed = seed();
    println!("seed {seed}");
    let day = centre::day(seed, 40);
    let plains = TELLERS
        .iter()
        .map(|it| account(&format!("plain-{}", it.name), it, false));
    let own = TELLERS.iter().map(|it| account(it.name, it, true));
    let config = Config::of(plains.chain(own)).server(&format!("public_url = \"{PUBLIC}\"\n"));
    let service = Service::start(config);
    for teller in &TELLERS {
        let told = centre::told(&day, teller.says);
        let lines: Vec<String> = centre::plain(&told, teller.says)
            .iter()
            .map(Value::to_string)
            .collect();
        let plain = service.door(&format!("plain-{}", teller.name));
        let answer = plain.post("application/x-ndjson", None, lines.join("\n").as_bytes());
        assert_eq!(
            answer.expect_status(202).json()["rejected"],
            serde_json::json!([])
        );
        // The provider tells of the same calls, of which it knows more than it can say.
        let mut calls = day.clone();
        calls.retain(|call| told.iter().any(|own| own.id == call.id));
        let mut webhooks = (teller.webhooks)(&calls, &format!("h-{}", teller.name));
        webhooks.shuffle(&mut StdRng::seed_from_u64(seed));
        let provider = named(teller.name).expect("it is a provider");
        for webhook in &webhooks {
            let signed = webhook.signed(provider, &secrets(teller.name)[0]);
            assert_eq!(signed.send(service.port()).status, 200, "{}", teller.name);
        }
    }
    service.door("twilio").flush();
    let mut wrong = Vec::new();
    for teller in &TELLERS {
        let plain = service.door(&format!("plain-{}", teller.name));
        counted(&plain, &centre::told(&day, teller.says), &mut wrong);
        let own = service.door(teller.name);
        for (report, by) in QUESTIONS {
            let (plain, told) = (table(&plain, report, by), table(&own, report, by));
            assert!(!plain.is_empty(), "{report} {by}");
            let what = format!("{} {report} by {by:?}", teller.name);
            wrong.extend(differences(&what, &plain, &told, by, teller.without));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
