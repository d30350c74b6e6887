//! What the rows say.

use super::*;

fn rows(fold: &mut Fold) -> Rows {
    let mut rows = Rows::default();
    fold.tracking.gather(3, 100, &mut rows);
    rows
}

#[test]
fn a_visits_row_has_its_pages_its_source_and_the_end_of_its_lease() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.beat(10, &ann.visit);
    let page = record(&fold.ask(20, "main", "ann"), 20, r#","title":"Prices""#);
    fold.hear(page);
    fold.call("k", &number(1), "+34600000001", 25, Some(40));
    let rows = rows(&mut fold);
    let (version, row) = &rows.visits[&*ann.visit];
    // The call is the fifth record, and renewed the lease.
    assert_eq!(*version, 3 << 48 | 5);
    for part in [
        r#"visitor: "ann", site: "main", pool: "web", number: "+34911000001", served: true"#
            .to_owned(),
        format!("served_at: {:?}, doubled: false", Some(at(0))),
        format!(
            "started_at: {:?}, last_at: {:?}, expires_at: {:?}, ended: false",
            at(0),
            at(20),
            at(70)
        ),
        format!(
            r#"PageFact {{ at: {:?}, url: "https://acme.example/?utm_source=ann", title: "" }}"#,
            at(0)
        ),
        format!(
            r#"PageFact {{ at: {:?}, url: "https://acme.example/?utm_source=ann", title: "Prices" }}]"#,
            at(20)
        ),
        r#"source: Some("ann")"#.to_owned(),
        "deleted: false".to_owned(),
    ] {
        assert!(row.contains(&part), "{part}\n{row}");
    }
}

#[test]
fn fifty_pages_are_kept_the_first_by_time() {
    let mut fold = Fold::new(pool_of(1));
    let decision = fold.ask(0, "main", "ann");
    for minute in (0..60).rev() {
        fold.hear(record(&decision, minute, ""));
    }
    let rows = rows(&mut fold);
    let row = &rows.visits[&*decision.visit].1;
    assert_eq!(row.matches("PageFact").count(), 50);
    assert!(row.contains(&format!("last_at: {:?}", at(59))));
    assert!(!row.contains(&format!("PageFact {{ at: {:?}", at(50))));
}

#[test]
fn what_another_tracker_showed_is_recorded() {
    let mut fold = Fold::new(pool_of(1));
    fold.hear(Record::Visit {
        json: format!(
            r#"{{"type":"visit","visit":"x","visitor":"w","url":"https://x.example/","referrer":"https://www.google.com/","number":"+34911000001","at":"{}"}}"#,
            at(0)
        ),
        origin: "api".to_owned(),
    });
    let rows = rows(&mut fold);
    let row = &rows.visits["x"].1;
    for part in [
        r#"site: "", pool: "", number: "+34911000001", served: false"#,
        r#"source: Some("google"), medium: Some("organic")"#,
    ] {
        assert!(row.contains(part), "{part}\n{row}");
    }
}

#[test]
fn what_was_gathered_is_clean_until_something_changes() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.call("k", &number(1), "+34600000001", 5, Some(6));
    assert_eq!(
        (fold.tracking.dirty(), fold.tracking.oldest_dirty()),
        (2, Some(2))
    );
    let mut some = Rows::default();
    assert_eq!(fold.tracking.gather(1, 1, &mut some), 1);
    assert_eq!(fold.tracking.oldest_dirty(), Some(3));
    assert_eq!(fold.tracking.gather(1, 9, &mut some), 1);
    assert_eq!(
        (fold.tracking.dirty(), fold.tracking.oldest_dirty()),
        (0, None)
    );
    fold.beat(7, &ann.visit);
    // The call fell on the lease before and after.
    assert_eq!(fold.tracking.gather(1, 9, &mut some), 1);
    fold.hear(Record::Call("k".to_owned(), None));
    let rows = rows(&mut fold);
    assert!(rows.attributions["k"].1.contains("deleted: true"));
}
