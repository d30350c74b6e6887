use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_let_in_by_their_key_and_read_as_they_were() {
    kit::samples(&KommoAccount, "account-key");
}

#[test]
fn only_the_key_in_the_address_lets_in_and_nothing_is_more_than_weak() {
    let hook = hook(&KommoAccount, &["old-key", "account-key"]);
    let verdict = |path: &str| {
        let sample = Sample::new("POST", path, &[], b"account[id]=1");
        sample.show(kit::NOW, |request| KommoAccount.verify(&hook, request))
    };
    assert_eq!(
        verdict("/v1/hooks/h?token=account-key"),
        Ok(Integrity::Weak)
    );
    assert_eq!(verdict("/v1/hooks/h?token=old-key"), Ok(Integrity::Weak));
    for path in [
        "/v1/hooks/h",
        "/v1/hooks/h?token=",
        "/v1/hooks/h?token=account",
    ] {
        assert!(verdict(path).is_err(), "{path}");
    }
}

/// Who stops the clock: an outgoing message of a person; a Salesbot's is a bot's.
#[test]
fn a_person_answers_and_a_salesbot_is_a_bot() {
    let author = |direction: &str, kind: &str| {
        let body = format!(
            "message[add][0][id]=m&message[add][0][chat_id]=c&message[add][0][contact_id]=5\
             &message[add][0][type]={direction}&message[add][0][author][id]=7\
             &message[add][0][author][type]={kind}&message[add][0][created_at]=1772452800"
        );
        let sample = Sample::new("POST", "/", &[], body.as_bytes());
        let event = kit::events(&KommoAccount, &sample).remove(0);
        (event["author"].clone(), event["manager"].clone())
    };
    let manager = serde_json::json!("kommo-account:7");
    assert_eq!(author("incoming", "external").0, "contact");
    assert_eq!(author("outgoing", "user"), ("manager".into(), manager));
    assert_eq!(author("outgoing", "bot"), ("bot".into(), Value::Null));
}

fn of_form(body: &str) -> Vec<Value> {
    let sample = Sample::new("POST", "/", &[], body.as_bytes());
    kit::events(&KommoAccount, &sample)
}

fn links(events: &[Value]) -> Vec<[&str; 4]> {
    let links = events.iter().filter(|event| event["change"] == "linked");
    links
        .map(|event| {
            let text = |name: &str| event[name].as_str().unwrap_or_default();
            [text("lead"), text("contact"), text("at"), text("id")]
        })
        .collect()
}

/// The same link is the same event, whoever changed what of the contact in between; another lead is another.
#[test]
fn a_contact_tells_of_its_leads_in_any_shape_and_again_the_same() {
    let contact = "id]=5&contacts[update][0][created_at]=1772452800";
    for leads in [
        "[linked_leads_id][71][ID]=71&contacts[update][0][linked_leads_id][72][ID]=72",
        "[linked_leads_id][71]=71&contacts[update][0][linked_leads_id][72]=72",
        "[linked_leads_id][0]=71&contacts[update][0][linked_leads_id][1]=72",
        "[linked_leads_id][0][id]=71&contacts[update][0][linked_leads_id][1][id]=72",
    ] {
        for changed in [1_772_452_800, 1_772_460_000] {
            let body = format!(
                "contacts[update][0][{contact}&contacts[update][0][last_modified]={changed}\
                 &contacts[update][0]{leads}"
            );
            let events = of_form(&body);
            let made = "2026-03-02T12:00:00.000Z";
            assert_eq!(
                links(&events),
                [
                    ["71", "5", made, "link:71:5:1772452800000"],
                    ["72", "5", made, "link:72:5:1772452800000"],
                ],
                "{leads}"
            );
        }
    }
    let none = format!("contacts[add][0][{contact}&contacts[add][0][linked_leads_id]=");
    assert_eq!(links(&of_form(&none)), [[""; 4]; 0]);
}

#[test]
fn no_webhook_tells_of_more_than_the_door_takes() {
    let leads = |n| format!("&contacts[add][0][linked_leads_id][{n}][ID]={n}");
    let tags = |n| format!("&contacts[add][0][tags][{n}][name]=tag-{n}");
    let all: String = (1..=5_000).flat_map(|n| [leads(n), tags(n)]).collect();
    let events = of_form(&format!("contacts[add][0][id]=5{all}"));
    assert_eq!(events.len(), 1 + 500 + 100);
}

/// What the card's fields say of the source comes first; of tags only those of the account's `source_tags` say one.
#[test]
fn a_source_comes_from_the_fields_of_a_card_else_from_its_tags() {
    let mut hook = hook(&KommoAccount, &[]);
    hook.source_tags = vec!["fair".into(), "radio".into()];
    let source = |more: &str| {
        let body = format!(
            "leads[add][0][id]=7&leads[add][0][tags][0][name]=vip&leads[add][0][tags][1][name]=fair\
             &leads[add][0][tags][2][name]=radio{more}"
        );
        let sample = Sample::new("POST", "/", &[], body.as_bytes());
        let parsed = sample.show(kit::NOW, |request| KommoAccount.parse(&hook, request));
        let lead = parsed.expect("it can be read").events.remove(0);
        let text = |name| lead.field(name).and_then(Value::as_str).map(str::to_owned);
        ["source", "origin", "gclid", "term"].map(|name| text(name).unwrap_or_default())
    };
    let field = |n: usize, name: &str, value: &str| {
        let field = format!("&leads[add][0][custom_fields][{n}]");
        format!("{field}{name}{field}[values][0][value]={value}")
    };
    assert_eq!(source(""), ["fair", "card", "", ""]);
    assert_eq!(
        source(&field(0, "[code]=_YM_UID", "17")),
        ["fair", "card", "", ""]
    );
    assert_eq!(source(&field(0, "[code]=GCLID", "g1")), ["", "", "g1", ""]);
    let named = field(0, "[name]=UTM_Source", "news") + &field(1, "[code]=UTM_TERM", "red shoes");
    assert_eq!(source(&named), ["news", "", "", "red shoes"]);
    let empty = field(0, "[code]=UTM_SOURCE", "");
    assert_eq!(source(&empty), ["fair", "card", "", ""]);
}

/// Two changes of one second that say other things of whose the lead is are two.
#[test]
fn what_is_said_of_a_lead_in_one_second_is_told_apart() {
    let lead = "leads[update][0][id]=7&leads[update][0][last_modified]=1772452800";
    let id = |more: &str| of_form(&format!("{lead}{more}")).remove(0)["id"].clone();
    let source = "&leads[update][0][custom_fields][0][code]=UTM_SOURCE\
                  &leads[update][0][custom_fields][0][values][0][value]=";
    let all = [
        id(""),
        id(&format!("{source}google")),
        id(&format!("{source}bing")),
        id("&leads[update][0][main_contact_id]=5"),
    ];
    assert_eq!(all[0], "lead:7:valued:1772452800000:");
    for (n, one) in all.iter().enumerate() {
        assert!(!all[..n].contains(one), "{all:?}");
    }
    assert_eq!(id(&format!("{source}google")), all[1]);
}
