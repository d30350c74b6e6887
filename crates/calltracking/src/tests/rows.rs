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
fn other_settings_have_only_those_calls_written_anew_that_they_change() {
    let with = |source: &str, numbers: &str, grace: &str| {
        let numbers = format!(r#""numbers":[{numbers}],"fallback":"+34911999999""#);
        rules(&format!(
            r#"{{"id":"a","attribution":{{"grace":"{grace}"}},"number":[{{"number":"+34911000077","source":"{source}"}},
                {{"number":"+34911000088","source":"print"}}],"pool":[{{"id":"web",{numbers}}}],"site":[{{"key":"main","pool":"web"}}]}}"#
        ))
    };
    let (one, two) = (r#""+34911000001""#, r#""+34911000001","+34911000002""#);
    let mut fold = Fold::new(with("flyer", one, "30m"));
    // Each of another caller: later calls of the same one come along.
    for (call, number, caller) in [
        ("a", "+34911000077", "+34600000001"),
        ("b", "+34911000088", "+34600000002"),
        ("c", "+34911000001", "+34600000003"),
        ("d", "+34911000002", "+34600000004"),
        ("e", "+34911999999", "+34600000005"),
    ] {
        fold.call(call, number, caller, 1, Some(2));
    }
    rows(&mut fold);
    let mut written = |settings: TrackingRules| {
        fold.hear(Record::Settings(settings));
        let rows = rows(&mut fold);
        let calls = rows.attributions.keys().map(String::as_str);
        calls.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(written(with("poster", one, "30m")), "a");
    assert_eq!(written(with("poster", two, "30m")), "d");
    assert_eq!(written(with("poster", two, "20m")), "a b c d e");
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

/// Asserts what a visit's row says of who it is.
#[track_caller]
fn known_as(fold: &mut Fold, visit: &str, ga: &str, ym: &str, consent: Option<bool>) {
    let mut all = Rows::default();
    fold.tracking.rewind(0);
    fold.tracking.gather(3, 100, &mut all);
    let row = &all.visits[visit].1;
    let part =
        format!(r#"ga_client_id: "{ga}", ym_client_id: "{ym}", consent: {consent:?}, received"#);
    assert!(row.contains(&part), "{part}\n{row}");
}

#[test]
fn who_counts_clicks_knows_a_visit_as_the_latest_record_says_that_says_any_of_it() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.ask(0, "main", "ann");
    fold.hear(record(&ann, 0, ""));
    known_as(&mut fold, &ann.visit, "", "", None);
    // A cookie that came to be while the page was looked at.
    let ids = r#","beat":true,"ga_client_id":"1.2","ym_client_id":"34""#;
    fold.hear(record(&ann, 1, ids));
    known_as(&mut fold, &ann.visit, "1.2", "34", None);
    // A sign of life that says nothing of it changes nothing; a record of before, told late, neither.
    fold.hear(record(&ann, 3, r#","beat":true"#));
    fold.hear(record(&ann, 0, r#","ga_client_id":"9.9""#));
    known_as(&mut fold, &ann.visit, "1.2", "34", None);
    // Consent that is withdrawn takes with it what it was given for.
    fold.hear(record(&ann, 4, r#","ended":true,"consent":false"#));
    known_as(&mut fold, &ann.visit, "", "", Some(false));
}

#[test]
fn what_a_visit_is_known_as_does_not_hang_on_the_order_of_arrival() {
    let says = [
        (1, r#","ga_client_id":"1.1""#),
        (1, r#","ga_client_id":"2.2""#),
        (1, r#","ym_client_id":"3""#),
        (0, r#","consent":true"#),
    ];
    let mut seen = Vec::new();
    for turn in 0..says.len() {
        let mut fold = Fold::new(pool_of(1));
        let ann = fold.ask(0, "main", "ann");
        let turned = says.iter().cycle().skip(turn).take(says.len());
        for (minute, more) in turned {
            fold.hear(record(&ann, *minute, more));
        }
        let mut all = rows(&mut fold);
        let (_, row) = all.visits.remove(&*ann.visit).unwrap();
        let ids = row.split("ga_client_id").nth(1).unwrap().to_owned();
        seen.push(ids.split("received").next().unwrap().to_owned());
    }
    assert!(seen.iter().all(|ids| *ids == seen[0]), "{seen:?}");
    assert!(!seen[0].contains("Some(true)"), "{seen:?}");
}
