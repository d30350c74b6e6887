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
    webhooks.notices("acme", call, (7, Time(60_000)), |_| false)
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
    let first = webhooks.notices("acme", &target(), at, |_| false).remove(0);
    let later = webhooks.notices("acme", &target(), (9, Time(61_000)), |_| false);
    assert_eq!(later[0].id, first.id);
    let again = webhooks.notices("acme", &target(), at, |id| id == first.id);
    assert!(again.is_empty());
    let mut other = target();
    other.call = "call-2".to_owned();
    assert_ne!(
        webhooks.notices("acme", &other, at, |_| false)[0].id,
        first.id
    );
    assert!(
        webhooks
            .notices("other", &target(), at, |_| false)
            .is_empty()
    );
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
