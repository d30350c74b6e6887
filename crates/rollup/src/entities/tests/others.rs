//! Forms, spend, touches and tags.

use super::{Fold, event, retract};
use crate::Outcome;

#[test]
fn a_form_has_its_phone_by_the_accounts_country_also_if_that_is_told_later() {
    let mut fold = Fold::new();
    let form = event(
        "form",
        3,
        r#""form":"f","visit":"v","visitor":"w","phone":" 911 222 333","email":" Eva@Shop.example",
        "source":"google","medium":"cpc""#,
    );
    assert_eq!(fold.tell(&form), Outcome::Observed);
    let with = |phone: &str| {
        format!(
            "visit=v visitor=w phone={phone} email=eva@shop.example source=google medium=cpc \
             origin=utm"
        )
    };
    assert_eq!(fold.row("form f 3"), with("911 222 333"));
    fold.settle("ES");
    assert_eq!(fold.row("form f 3"), with("+34911222333 known=1"));
    // What is told beside at the same time is of the same form; at another time it is another.
    fold.tell(&event("form", 3, r#""form":"f","contact":"c""#));
    fold.tell(&event("form", 4, r#""form":"f""#));
    let rows = fold.rows();
    assert!(rows["form f 3"].starts_with("visit=v visitor=w contact=c phone=+34911222333"));
    assert_eq!(rows["form f 4"], "");
}

#[test]
fn the_latest_statement_of_a_day_and_its_tags_replaces_the_others() {
    let mut fold = Fold::new();
    let spend = |as_of: i64, amount: &str, rest: &str| {
        let rest = format!(
            r#""source":"google","date":"2026-03-01","amount":"{amount}","currency":"EUR"{rest}"#
        );
        event("spend", as_of, &rest)
    };
    fold.tell(&spend(60, "30.00", ""));
    fold.tell(&spend(0, "10", ""));
    fold.tell(&spend(30, "20.5", ""));
    fold.tell(&spend(
        0,
        "7",
        r#","medium":"cpc","campaign":"x","content":"y","term":"z""#,
    ));
    // 2026-03-01 is the 20,513th day after 1970-01-01.
    let rows = fold.rows();
    assert_eq!(rows["spend 20513 google////"], "amount=30EUR as_of=60");
    assert_eq!(rows["spend 20513 google/cpc/x/y/z"], "amount=7EUR as_of=0");
    // Of the same `as_of` the id decides: digits first, the shorter first.
    fold.tell(&spend(60, "40", r#","id":"10""#));
    fold.tell(&spend(60, "50", r#","id":"9""#));
    fold.tell(&spend(60, "60", r#","id":"a""#));
    let google = "spend 20513 google////";
    let by_id = fold.row(google);
    // The first had no id: `h:` and a hash, behind `a`.
    assert_eq!(by_id, "amount=30EUR as_of=60");
    fold.tell(&spend(61, "1", r#","id":"last","batch":"run""#));
    assert_eq!(fold.row(google), "amount=1EUR as_of=61");
    fold.tell(&retract(r#""batch":"run""#));
    assert_eq!(fold.row(google), by_id);
}

fn message(minutes: i64, author: &str, rest: &str) -> String {
    let rest =
        format!(r#""channel":"web","conversation":"k","contact":"c","author":"{author}"{rest}"#);
    event("message", minutes, &rest)
}

#[test]
fn only_a_contacts_public_message_that_names_a_source_or_a_visit_is_a_touch() {
    let mut fold = Fold::new();
    let tagged = r#","source":"google","medium":"cpc""#;
    for (number, (author, rest)) in [
        ("manager", tagged),
        ("bot", tagged),
        ("contact", ""),
        ("contact", r#","origin":"channel""#),
        ("contact", r#","source":"google","private":true"#),
    ]
    .into_iter()
    .enumerate()
    {
        let rest = format!(r#"{rest},"id":"{number}""#);
        assert_eq!(fold.tell(&message(1, author, &rest)), Outcome::Observed);
    }
    assert_eq!(fold.rows(), [].into());
    fold.tell(&message(
        2,
        "contact",
        &format!(r#"{tagged},"id":"a","visit":"v""#),
    ));
    fold.tell(&message(3, "contact", r#","ctwa_clid":"w","id":"b""#));
    fold.tell(&message(4, "contact", r#","visitor":"w","id":"c""#));
    let rows = fold.rows();
    let of_page = "at=2 contact=c visit=v source=google medium=cpc origin=utm";
    assert_eq!(rows["touch web/k/a"], of_page);
    assert_eq!(
        rows["touch web/k/b"],
        "at=3 contact=c source=facebook medium=paid ctwa_clid=w origin=channel"
    );
    assert_eq!(rows["touch web/k/c"], "at=4 contact=c visitor=w");
    assert_eq!(rows.len(), 3);
    // The same message through another hook is the same.
    let again = message(3, "contact", r#","ctwa_clid":"w","id":"b""#);
    assert_eq!(fold.tell_by("hook", &again), Outcome::Duplicate);
    fold.offset += 1000;
    assert_eq!(fold.tell_by("hook", &again), Outcome::Duplicate);
    assert_eq!(fold.rows().len(), 3);
}

#[test]
fn a_click_id_names_the_source_where_nothing_else_does() {
    let mut fold = Fold::new();
    for (form, told, expected) in [
        ("a", r#""gclid":"g""#, "source=google medium=cpc gclid=g"),
        // Facebook puts its own on every link, so it speaks last.
        (
            "b",
            r#""fbclid":"f","yclid":"y""#,
            "source=yandex medium=cpc fbclid=f yclid=y",
        ),
        (
            "c",
            r#""fbclid":"f","medium":"story""#,
            "source=facebook medium=story fbclid=f",
        ),
        (
            "d",
            r#""source":"radio","gclid":"g""#,
            "source=radio gclid=g",
        ),
    ] {
        fold.tell(&event("form", 1, &format!(r#""form":"{form}",{told}"#)));
        let rows = fold.rows();
        assert_eq!(
            rows[&format!("form {form} 1")],
            format!("{expected} origin=utm")
        );
    }
}

#[test]
fn a_touch_is_taken_back_with_its_message_and_with_no_other() {
    let mut fold = Fold::new();
    let tagged = r#","source":"google","id":"1","batch":"run""#;
    fold.tell(&message(1, "contact", tagged));
    fold.tell(&message(1, "contact", tagged).replace("\"k\"", "\"l\""));
    fold.tell(&message(1, "contact", tagged).replace("\"k\"", "\"m\""));
    assert_eq!(fold.rows().len(), 3);
    fold.tell(&retract(
        r#""target":"1","channel":"web","conversation":"l""#,
    ));
    let left: Vec<_> = fold.rows().into_keys().collect();
    assert_eq!(left, ["touch web/k/1", "touch web/m/1"]);
    // A retraction may come first.
    fold.tell(&retract(
        r#""target":"2","channel":"web","conversation":"k""#,
    ));
    fold.tell(&message(1, "contact", r#","source":"google","id":"2""#));
    assert_eq!(fold.rows().len(), 2);
    fold.tell(&retract(r#""batch":"run""#));
    assert_eq!(fold.rows(), [].into());
}

#[test]
fn each_time_that_a_contact_got_or_lost_a_tag_is_a_row() {
    let mut fold = Fold::new();
    let tag = |minutes: i64, change: &str, id: &str| {
        let rest = format!(r#""contact":"c","change":"{change}","tag":"ads","id":"{id}""#);
        event("contact", minutes, &rest)
    };
    assert_eq!(fold.tell(&tag(1, "tagged", "1")), Outcome::Observed);
    assert_eq!(fold.tell(&tag(5, "untagged", "2")), Outcome::Observed);
    assert_eq!(fold.tell(&tag(7, "tagged", "3")), Outcome::Observed);
    let row = |key: &str, says: &str| (key.to_owned(), says.to_owned());
    let first = row("tag c/ads 1 1", "tagged=1");
    let lost = row("tag c/ads 5 2", "");
    let again = row("tag c/ads 7 3", "tagged=1");
    assert_eq!(
        fold.rows(),
        [first.clone(), lost.clone(), again.clone()].into()
    );
    // That he has it is told again, between and before: he got it when that was said first.
    fold.tell(&tag(8, "tagged", "4"));
    fold.tell(&tag(3, "tagged", "5"));
    assert_eq!(
        fold.rows(),
        [first.clone(), lost.clone(), again.clone()].into()
    );
    fold.tell(&tag(0, "tagged", "6"));
    let sooner = row("tag c/ads 0 6", "tagged=1");
    assert_eq!(fold.rows(), [sooner, lost.clone(), again].into());
    // Taken back, what was said after it counts.
    fold.tell(&retract(r#""target":"6""#));
    fold.tell(&retract(r#""target":"3""#));
    let again = row("tag c/ads 8 4", "tagged=1");
    assert_eq!(fold.rows(), [first, lost, again].into());
    // A tag that is not named tells nothing.
    let bare = event("contact", 9, r#""contact":"c","change":"tagged""#);
    assert_eq!(fold.tell(&bare), Outcome::Observed);
    assert_eq!(fold.rows().len(), 3);
}

#[test]
fn what_else_becomes_of_a_contact_still_waits() {
    let mut fold = Fold::new();
    for rest in [
        r#""change":"assigned","manager":"ana""#,
        r#""change":"state","state":"won""#,
    ] {
        let raw = event("contact", 1, &format!(r#""contact":"c",{rest}"#));
        assert_eq!(fold.tell(&raw), Outcome::Waiting, "{rest}");
    }
}
