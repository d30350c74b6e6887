use super::*;

fn account(webhook: &Value) -> Account {
    let mut settings = json!({"id": "crm", "url": "http://crm.example/in",
        "events": ["missed_call", "target_call"]});
    for (name, value) in webhook.as_object().unwrap() {
        settings[name] = value.clone();
    }
    serde_json::from_value(json!({
        "id": "acme", "webhook": [settings],
        "manager": [{"id": "ana", "extensions": ["101"], "aliases": {"pbx": "7"}}],
    }))
    .unwrap()
}

fn target() -> Call {
    Call {
        origin: None,
        attribution: None,
        ..Call::sample()
    }
}

fn told(webhook: &Value, call: &Call) -> Vec<Notice> {
    let webhooks = Webhooks::new(&[account(webhook)]).unwrap();
    let made = webhooks.notices("acme", (call, &[]), (7, Time(60_000)), |_| Standing::Untold);
    made.into_iter().map(|(notice, ..)| notice).collect()
}

#[test]
fn a_notice_is_the_call_with_its_phones_masked_unless_the_webhook_may_see_them() {
    let notice = told(&json!({}), &target()).remove(0);
    let body: Value = serde_json::from_str(&notice.body).unwrap();
    assert_eq!(body["event"], "target_call");
    assert_eq!(body["id"], notice.id.to_string());
    assert_eq!(body["at"], "1970-01-01T00:01:00.000Z");
    assert_eq!(body["call"]["caller"], "+3***2333");
    assert_eq!(body["call"]["number"], "+34900111222");
    assert_eq!(&*notice.contact, "+34911222333");
    let whole = told(&json!({"phones": true}), &target()).remove(0);
    assert!(whole.body.contains("+34911222333"), "{}", whole.body);
}

#[test]
fn a_filter_sees_whole_phones_and_keeps_out_what_it_does_not_want() {
    for (filter, expected) in [
        (r#"caller = "+34911222333" and talk_s > 60"#, 1),
        (r#"event = "missed_call""#, 0),
    ] {
        assert_eq!(told(&json!({"where": filter}), &target()).len(), expected);
    }
}

#[test]
fn what_was_told_is_not_made_again_and_an_id_is_of_account_webhook_kind_and_call() {
    let webhooks = Webhooks::new(&[account(&json!({}))]).unwrap();
    let at = (7, Time(60_000));
    let untold = |_| Standing::Untold;
    let first = webhooks
        .notices("acme", (&target(), &[]), at, untold)
        .remove(0);
    let later = webhooks.notices("acme", (&target(), &[]), (9, Time(61_000)), untold);
    assert_eq!(later[0].0.id, first.0.id);
    let again = webhooks.notices("acme", (&target(), &[]), at, standing(first.0.id));
    assert!(again.is_empty());
    let mut other = target();
    other.call = "call-2".to_owned();
    assert_ne!(
        webhooks.notices("acme", (&other, &[]), at, untold)[0].0.id,
        first.0.id
    );
    assert!(
        webhooks
            .notices("other", (&target(), &[]), at, untold)
            .is_empty()
    );
}

/// Who was told this, and nothing else.
fn standing(told: Id) -> impl Fn(Id) -> Standing {
    move |id| {
        if id == told {
            Standing::Told(None)
        } else {
            Standing::Untold
        }
    }
}

/// A receiver of sources and what it was told, like an outbox.
struct Told {
    webhooks: Webhooks,
    said: std::collections::HashMap<Id, Said>,
}

impl Told {
    fn new(webhook: &Value) -> Self {
        let mut webhook = webhook.clone();
        webhook["events"] = json!(["attributed_call"]);
        Self {
            webhooks: Webhooks::new(&[account(&webhook)]).unwrap(),
            said: std::collections::HashMap::new(),
        }
    }

    /// Tells who brought the call; gives what is sent.
    fn of(&mut self, source: Option<&str>, offset: u64, is_new: bool) -> Vec<Value> {
        let call = Call {
            origin: None,
            attribution: Some(crate::Attribution {
                certainty: Some("certain".to_owned()),
                source: source.map(str::to_owned),
                ..crate::Attribution::default()
            }),
            ..Call::sample()
        };
        let when = (Cause { offset, is_new }, Time(60_000));
        let made = self
            .webhooks
            .sources("acme", (&call, &[]), when, |of| self.said.get(&of).copied());
        let bodies = made.into_iter().map(|(notice, of, said)| {
            self.said.insert(of, said);
            serde_json::from_str(&notice.body).unwrap()
        });
        bodies.collect()
    }
}

fn says(sent: &[Value]) -> (&Value, &Value, &Value) {
    let [sent] = sent else { panic!("{sent:?}") };
    (
        &sent["corrected"],
        &sent["revision"],
        &sent["call"]["attribution"]["source"],
    )
}

#[test]
fn another_source_is_told_once_as_a_correction_and_each_time_it_changes() {
    let mut told = Told::new(&json!({}));
    assert!(told.of(None, 3, true).is_empty(), "not known yet");
    let first = told.of(Some("google"), 5, true);
    assert_eq!(says(&first), (&json!(false), &json!(5), &json!("google")));
    assert!(told.of(Some("google"), 6, true).is_empty());
    let second = told.of(Some("meta"), 7, true);
    assert_eq!(says(&second), (&json!(true), &json!(7), &json!("meta")));
    // What a record before brought about that is found out late is newer all the same.
    let third = told.of(None, 4, false);
    assert_eq!(says(&third), (&json!(true), &json!(8), &Value::Null));
    let fourth = told.of(Some("google"), 9, true);
    assert_eq!(says(&fourth), (&json!(true), &json!(9), &json!("google")));
    let ids = [&first, &second, &third, &fourth].map(|sent| sent[0]["id"].to_string());
    assert_eq!(
        ids.iter().collect::<std::collections::BTreeSet<_>>().len(),
        4
    );
    // What was told before and is told again after a crash has the id it had.
    let mut again = Told::new(&json!({}));
    assert_eq!(
        again.of(Some("google"), 6, true)[0]["id"].to_string(),
        ids[0]
    );
    assert_eq!(again.of(Some("meta"), 7, true)[0]["id"].to_string(), ids[1]);
}

#[test]
fn who_was_told_nothing_is_told_nothing_because_of_old_records() {
    let mut told = Told::new(&json!({}));
    assert!(told.of(Some("google"), 5, false).is_empty());
}

#[test]
fn a_correction_goes_to_who_was_told_whatever_his_where_says_of_it() {
    let mut told = Told::new(&json!({"where": r#"attribution.source = "google""#}));
    assert!(told.of(Some("meta"), 4, true).is_empty());
    assert_eq!(told.of(Some("google"), 5, true).len(), 1);
    assert_eq!(told.of(Some("meta"), 6, true).len(), 1);
}

/// A call that one of the hooks told of.
fn seen_by(hook: &str, call: &str, number: &str, forwarded: &str) -> Call {
    let leg = crate::Leg {
        extension: Some(forwarded.to_owned()),
        ..crate::Leg::default()
    };
    Call {
        call: call.to_owned(),
        hook: hook.to_owned(),
        number: Some(number.to_owned()),
        legs: vec![leg],
        ..target()
    }
}

#[test]
fn what_a_tracker_and_a_pbx_tell_of_is_one_call() {
    use crate::twins::{Roles, Sides};
    let hook = |id: &str, role: &str| json!({"id": id, "provider": "standard", "role": role});
    let hooks =
        json!([hook("t", "tracker"), hook("p", "pbx"), {"id": "x", "provider": "standard"}]);
    let hooks: Vec<trunkline_model::settings::Hook> = serde_json::from_value(hooks).unwrap();
    let roles = Roles::of(&hooks);
    let tracked = seen_by("t", "T", "+34911000001", "+34910000001");
    let mut sides = Sides::default();
    sides.note("acme", roles.side(&tracked).unwrap());
    let sides = Sides::restore(sides.keep());
    let twins = |call: &Call| roles.side(call).map(|side| sides.twins("acme", &side));
    let switched = seen_by("p", "P", "+34910000001", "101");
    assert_eq!(twins(&switched).unwrap(), ["T"]);
    let odd: [fn(&mut Call); 4] = [
        |call| call.at = Time(15_001),
        |call| call.caller = Some("+34911222334".to_owned()),
        |call| call.number = Some("+34910000002".to_owned()),
        |call| call.hook = "t".to_owned(),
    ];
    for change in odd {
        let mut other = switched.clone();
        change(&mut other);
        assert!(twins(&other).unwrap().is_empty(), "{other:?}");
    }
    // Nobody knows what the third hook sees, and who is unknown is everybody.
    assert_eq!(twins(&seen_by("x", "X", "+34910000001", "101")), None);
    let unknown = Call {
        caller: None,
        ..switched.clone()
    };
    assert_eq!(twins(&unknown), None);
    assert!(
        Roles::of(&hooks[1..]).side(&switched).is_none(),
        "no trackers"
    );
    let webhooks = Webhooks::new(&[account(&json!({}))]).unwrap();
    let first = webhooks.notices("acme", (&tracked, &[]), (7, Time(0)), |_| Standing::Untold);
    let told = standing(first[0].0.id);
    let twins = ["T".to_owned()];
    let made = |twins: &[String]| {
        let made = webhooks.notices("acme", (&switched, twins), (8, Time(0)), &told);
        made.len()
    };
    assert_eq!([made(&twins), made(&[])], [0, 1]);
}

#[test]
fn managers_are_told_by_their_ids() {
    let mut call = target();
    let leg = |manager: Option<&str>, extension: &str| crate::Leg {
        manager: manager.map(str::to_owned),
        extension: Some(extension.to_owned()),
        ..crate::Leg::default()
    };
    call.legs = vec![
        leg(None, "101"),
        leg(Some("pbx:7"), "9"),
        leg(Some("bea"), "101"),
        leg(None, "102"),
    ];
    let notice = told(&json!({}), &call).remove(0);
    let body: Value = serde_json::from_str(&notice.body).unwrap();
    let legs = body["call"]["legs"].as_array().unwrap();
    let managers: Vec<&Value> = legs.iter().map(|leg| &leg["manager"]).collect();
    assert_eq!(
        managers,
        [&json!("ana"), &json!("ana"), &json!("bea"), &Value::Null]
    );
}

#[test]
fn all_that_is_wrong_is_told_at_once_by_its_key() {
    let wrong = json!({
        "url": "ftp://crm.example", "where": "spam", "body": "{{nothing}}",
        "headers": {"Trunkline-Signature": "x"},
    });
    let problems = Webhooks::new(&[account(&wrong)]).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|it| it.key.as_str()).collect();
    let expected =
        ["url", "headers", "where", "body"].map(|key| format!("account.acme.webhook.crm.{key}"));
    assert_eq!(keys, expected);
    for (webhook, word) in [
        (json!({"url": "https://a:b@crm.example/"}), "password"),
        (json!({"url": "https://"}), "no address"),
        (json!({"headers": {"a b": "x"}}), "no name"),
        (json!({"headers": {"x": "a\nb"}}), "cannot be sent"),
        (json!({"headers": {"Host": "x"}}), "by the service"),
    ] {
        let problems = Webhooks::new(&[account(&webhook)]).unwrap_err();
        assert!(problems[0].message.contains(word), "{problems:?}");
    }
}
