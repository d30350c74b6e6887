//! Events seen again, taken back; how many an entity may have; what is written when.

use super::{Fold, event, lead, retract};
use crate::Outcome;
use crate::entities::WORDS;

#[test]
fn an_event_counts_once_within_the_window_and_after_it() {
    let mut fold = Fold::new();
    let made = lead(0, "created", r#""id":"1","stage":"a""#);
    let bare = lead(1, "moved", r#""stage":"b""#);
    let other = lead(2, "created", r#""id":"1","stage":"c""#);
    assert_eq!(fold.tell(&made), Outcome::Observed);
    assert_eq!(fold.tell(&bare), Outcome::Observed);
    for _ in 0..3 {
        assert_eq!(fold.tell(&made), Outcome::Duplicate);
        assert_eq!(fold.tell(&bare), Outcome::Duplicate);
        assert_eq!(fold.tell(&other), Outcome::Conflict);
        fold.offset += 1000;
    }
    // The same id of another hook is another event.
    assert_eq!(fold.tell_by("crm", &made), Outcome::Observed);
    assert_eq!(fold.account.counts().observed, 3);
    assert_eq!(fold.row("lead l"), "at=0 created=1 in=/b moves=0:/a:,1:/b:");
    assert_eq!(fold.account.entities(), (1, 0));
}

#[test]
fn what_is_taken_back_before_or_after_it_came_counts_for_nothing() {
    let made = lead(0, "created", r#""id":"1","stage":"a","batch":"run""#);
    let moved = lead(1, "moved", r#""id":"2","stage":"b""#);
    let mut fold = Fold::new();
    fold.tell(&retract(r#""target":"2""#));
    fold.tell(&made);
    fold.tell(&moved);
    assert_eq!(fold.row("lead l"), "at=0 created=1 in=/a moves=0:/a:");
    fold.tell(&retract(r#""batch":"run""#));
    assert_eq!(fold.rows(), [].into());
    assert_eq!(fold.table.rows.len(), 1);
    // It stays known; another change, and the lead is there again.
    assert_eq!(fold.tell(&made), Outcome::Duplicate);
    fold.tell(&lead(3, "moved", r#""stage":"c""#));
    assert_eq!(fold.row("lead l"), "at=3 in=/c moves=3:/c:");
}

#[test]
fn an_event_without_an_id_is_taken_back_by_what_stands_for_it() {
    use trunkline_model::event::Event;
    let raw = lead(0, "created", "");
    let content = Event::parse(&raw).unwrap().content(&mut Vec::new(), 0);
    let mut fold = Fold::new();
    fold.tell(&raw);
    fold.tell(&retract(&format!(r#""target":"h:{content:016x}""#)));
    assert_eq!(fold.rows(), [].into());
}

#[test]
fn an_entity_has_only_so_many_words() {
    let mut fold = Fold::new();
    for minutes in 0..WORDS as i64 {
        let valued = lead(minutes, "valued", &format!(r#""amount":{minutes}"#));
        assert_eq!(fold.tell(&valued), Outcome::Observed);
    }
    assert_eq!(fold.tell(&lead(-1, "created", "")), Outcome::Quarantined);
    assert_eq!(fold.account.counts().quarantined, 1);
    assert!(fold.row("lead l").starts_with("at=0 in=/ worth=99"));
}

#[test]
fn entities_of_different_sorts_never_mix() {
    let mut fold = Fold::new();
    let same = r#""lead":"x","change":"created","id":"1""#;
    fold.tell(&event("lead", 0, same));
    fold.tell(&event("form", 0, r#""form":"x","id":"1""#));
    fold.tell(&event(
        "lead",
        0,
        &same.replace("\"x\"", "\"xy\"").replace("\"1\"", "\"2\""),
    ));
    let keys: Vec<_> = fold.rows().into_keys().collect();
    assert_eq!(keys, ["form x 0", "lead x", "lead xy"]);
}

#[test]
fn only_what_changed_is_written_and_with_the_version_of_what_changed_it() {
    let mut fold = Fold::new();
    for number in 0..50 {
        let made = lead(0, "created", "").replace("\"l\"", &format!("\"l{number}\""));
        fold.tell(&made);
    }
    assert_eq!(fold.account.gather(0, 20, &mut fold.table), 20);
    assert_eq!(fold.account.oldest_dirty(), Some(20));
    assert_eq!((fold.flush(), fold.account.dirty()), (30, 0));
    assert_eq!(fold.table.rows["lead l7"].0, 7);
    fold.tell(&lead(1, "deleted", "").replace("\"l\"", "\"l7\""));
    assert_eq!((fold.flush(), fold.table.rows["lead l7"].0), (1, 50));
    // ClickHouse lost what records from 48 on changed.
    fold.account.rewind(48);
    assert_eq!(fold.account.oldest_dirty(), Some(48));
    assert_eq!(fold.flush(), 3);
    // Settings concern forms alone.
    fold.settle("ES");
    assert_eq!(fold.flush(), 0);
}

#[test]
fn a_lead_of_five_changes_takes_half_a_kilobyte() {
    let mut fold = Fold::new();
    let changes = [
        (
            "created",
            r#""pipeline":"11","stage":"1","amount":"22500","contact":"88""#,
        ),
        ("assigned", r#""manager":"kommo-account:15000007""#),
        ("moved", r#""pipeline":"11","stage":"2""#),
        ("valued", r#""amount":"25000""#),
        ("moved", r#""pipeline":"11","stage":"142""#),
    ];
    for (minutes, (change, rest)) in (0..).zip(changes) {
        let id = format!(r#""id":"lead:4821:{change}:177245640000{minutes}:142",{rest}"#);
        fold.tell(&lead(minutes, change, &id));
    }
    let bytes = fold.account.bytes_of_entities();
    println!("{bytes} bytes");
    assert!((300..600).contains(&bytes), "{bytes}");
}

#[test]
fn many_leads_do_not_keep_others_waiting() {
    let mut fold = Fold::new();
    for number in 0..20 {
        fold.tell(&lead(0, "created", "").replace("\"l\"", &format!("\"l{number}\"")));
    }
    let message = r#""channel":"web","conversation":"k","contact":"c","author":"contact""#;
    fold.tell(&event("message", 0, message));
    // Half of ten are leads; then all there is of others.
    assert_eq!(fold.account.gather(0, 10, &mut fold.table), 6);
    assert_eq!((fold.table.written, fold.account.dirty()), (5, 15));
    // Alone they take all.
    assert_eq!(fold.account.gather(0, 10, &mut fold.table), 10);
}
