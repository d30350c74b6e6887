//! What a lead comes to.

use trunkline_model::time::Time;

use super::{Fold, lead, minute, retract};

fn told(events: &[String]) -> String {
    let mut fold = Fold::new();
    for event in events {
        fold.tell(event);
    }
    fold.row("lead l")
}

#[test]
fn a_lead_is_made_moved_valued_and_won_and_all_of_it_is_known() {
    let row = told(&[
        lead(
            0,
            "created",
            r#""pipeline":"p","stage":"new","amount":"100.50","currency":"EUR","manager":"ana",
            "contacts":["c1","c2"],"company":"k","visit":"v","visitor":"w","channel":"web",
            "source":"google","medium":"cpc","gclid":"g""#,
        ),
        lead(5, "assigned", r#""manager":"luis""#),
        lead(9, "moved", r#""stage":"offer""#),
        lead(12, "valued", r#""amount":150"#),
        lead(20, "moved", r#""stage":"won","manager":"eva""#),
    ]);
    let expected = "at=0 created=1 in=p/won worth=150EUR of=eva contacts=c1,c2 company=k visit=v \
                    visitor=w channel=web source=google medium=cpc gclid=g origin=utm \
                    moves=0:p/new:ana,9:p/offer:luis,20:p/won:eva amounts=0:100.5EUR,12:150EUR";
    assert_eq!(row, expected);
}

#[test]
fn a_late_change_takes_its_place() {
    let late = told(&[
        lead(0, "created", r#""pipeline":"p","stage":"a""#),
        lead(9, "moved", r#""stage":"c""#),
        lead(5, "moved", r#""stage":"b","manager":"ana""#),
    ]);
    assert_eq!(
        late,
        "at=0 created=1 in=p/c of=ana moves=0:p/a:,5:p/b:ana,9:p/c:ana"
    );
}

#[test]
fn to_stay_where_it_is_is_no_move_and_to_come_back_is_one() {
    let row = told(&[
        lead(0, "created", r#""pipeline":"p","stage":"a""#),
        lead(1, "moved", r#""pipeline":"p","stage":"a""#),
        lead(2, "moved", r#""pipeline":"p""#),
        lead(3, "moved", r#""pipeline":"q""#),
        lead(4, "moved", r#""pipeline":"p","stage":"a""#),
        lead(5, "moved", r#""stage":"won""#),
        lead(6, "moved", r#""stage":"a""#),
        lead(7, "moved", r#""stage":"won""#),
    ]);
    assert_eq!(
        row,
        "at=0 created=1 in=p/won moves=0:p/a:,3:q/:,4:p/a:,5:p/won:,6:p/a:,7:p/won:"
    );
}

#[test]
fn changes_of_one_time_go_by_their_ids_after_the_making() {
    let changes = [
        lead(0, "moved", r#""stage":"b","id":"9""#),
        lead(0, "moved", r#""stage":"c","id":"10""#),
        lead(0, "created", r#""pipeline":"p","stage":"a","id":"x""#),
    ];
    assert_eq!(
        told(&changes),
        "at=0 created=1 in=p/c moves=0:p/a:,0:p/b:,0:p/c:"
    );
}

#[test]
fn a_lead_whose_making_was_not_told_began_with_its_first_change() {
    let row = told(&[
        lead(7, "valued", r#""amount":-5"#),
        lead(3, "assigned", r#""manager":"ana""#),
    ]);
    assert_eq!(row, "at=3 in=/ worth=-5 of=ana amounts=7:-5");
    // Several makings: the first.
    let row = told(&[lead(7, "created", ""), lead(3, "created", "")]);
    assert_eq!(row, "at=3 created=1 in=/");
    // A change before the making moves no beginning.
    let row = told(&[lead(7, "created", ""), lead(3, "valued", r#""amount":1"#)]);
    assert_eq!(row, "at=7 created=1 in=/ worth=1 amounts=3:1");
}

#[test]
fn what_is_deleted_may_be_restored_and_what_is_merged_leaves_the_survivor() {
    let gone = [
        lead(0, "created", ""),
        lead(1, "deleted", ""),
        lead(2, "merged", r#""into":"m""#),
    ];
    assert_eq!(told(&gone[..2]), "at=0 created=1 in=/ removed=1");
    assert_eq!(told(&gone), "at=0 created=1 in=/ removed=1 into=m");
    let back = [&gone[..], &[lead(3, "restored", "")]].concat();
    assert_eq!(told(&back), "at=0 created=1 in=/");
}

#[test]
fn a_source_is_told_whole_and_the_last_one_counts() {
    let row = told(&[
        lead(
            0,
            "created",
            r#""source":"google","medium":"cpc","campaign":"x""#,
        ),
        lead(1, "moved", r#""stage":"b","origin":"card""#),
        lead(2, "moved", r#""stage":"c","source":"","ctwa_clid":"w""#),
    ]);
    // Neither a bare origin nor an empty text is a source.
    assert!(
        row.contains("in=/c source=facebook medium=paid ctwa_clid=w origin=channel moves"),
        "{row}"
    );
    let row = told(&[lead(0, "created", r#""source":"mail","batch":"run""#)]);
    assert!(row.ends_with("source=mail origin=import"), "{row}");
    let row = told(&[lead(0, "created", r#""source":"vip","origin":"card""#)]);
    assert!(row.ends_with("source=vip origin=card"), "{row}");
}

#[test]
fn an_amount_may_change_its_currency_alone() {
    let row = told(&[
        lead(0, "created", r#""amount":"10""#),
        lead(1, "valued", r#""currency":"USD""#),
        lead(2, "valued", r#""amount":"10.00""#),
    ]);
    assert_eq!(row, "at=0 created=1 in=/ worth=10USD amounts=0:10,1:10USD");
}

/// Says who a lead names, each since which minute.
fn people(fold: &Fold) -> String {
    fold.account.people_of_lead("l", |people| {
        let since = |(name, at): &(&str, Time)| format!("{name}:{}", minute(*at));
        let contacts: Vec<String> = people.contacts.iter().map(since).collect();
        let one = |of: Option<(&str, Time)>| of.as_ref().map(since).unwrap_or_default();
        format!(
            "{} {} {}",
            one(people.visitor),
            one(people.visit),
            contacts.join(",")
        )
    })
}

#[test]
fn a_lead_names_whom_its_last_words_name_since_the_first_that_did() {
    let mut fold = Fold::new();
    assert_eq!(people(&fold), "  ", "it is not known");
    fold.tell(&lead(
        5,
        "moved",
        r#""stage":"a","contacts":["c1","c2"],"id":"w5""#,
    ));
    fold.tell(&lead(2, "created", r#""visitor":"w","id":"w2""#));
    assert_eq!(people(&fold), "w:2  c1:5,c2:5");
    fold.tell(&lead(
        7,
        "moved",
        r#""stage":"b","contacts":["c2"],"visitor":"w","visit":"v","id":"w7""#,
    ));
    assert_eq!(people(&fold), "w:2 v:7 c2:5");
    fold.tell(&retract(r#""target":"w5""#));
    assert_eq!(people(&fold), "w:2 v:7 c2:7");
    fold.tell(&retract(r#""target":"w7""#));
    assert_eq!(people(&fold), "w:2  ");
}

#[test]
fn contacts_that_a_lead_is_linked_to_come_behind_those_that_it_has() {
    let linked = |at, contact: &str| lead(at, "linked", &format!(r#""contact":"{contact}""#));
    let row = told(&[
        lead(5, "created", ""),
        linked(9, "c2"),
        linked(1, "c1"),
        linked(10, "c2"),
    ]);
    assert_eq!(row, "at=5 created=1 in=/ contacts=c1,c2");
    // Those that are named outright replace all before.
    let row = told(&[
        linked(1, "c1"),
        lead(5, "created", r#""contacts":["c3","c4"]"#),
        linked(9, "c2"),
        linked(10, "c3"),
    ]);
    assert_eq!(row, "at=5 created=1 in=/ contacts=c3,c4,c2");
    // It began with what was told of itself.
    let row = told(&[linked(1, "c1"), lead(7, "valued", r#""amount":1"#)]);
    assert_eq!(row, "at=7 in=/ worth=1 contacts=c1 amounts=7:1");
}

#[test]
fn a_lead_of_which_only_contacts_are_told_is_none_yet() {
    let mut fold = Fold::new();
    fold.tell(&lead(1, "linked", r#""contact":"c1","id":"w1""#));
    assert_eq!(fold.rows(), [].into());
    fold.tell(&lead(5, "created", r#""visitor":"w","id":"w5""#));
    let row = "at=5 created=1 in=/ contacts=c1 visitor=w".to_owned();
    assert_eq!(fold.rows(), [("lead l".to_owned(), row)].into());
    assert_eq!(people(&fold), "w:5  c1:1");
    fold.tell(&retract(r#""target":"w5""#));
    assert_eq!(fold.rows(), [].into());
}
