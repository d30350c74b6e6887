use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&WhatsApp, "app-secret");
}

fn told(value: Value) -> Vec<Value> {
    let mut value = value;
    value["metadata"] = json!({"phone_number_id": "106"});
    let field = match value.get("message_echoes") {
        Some(_) => "smb_message_echoes",
        None => "messages",
    };
    let body = json!({"object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]});
    kit::events(
        &WhatsApp,
        &Sample::new("POST", "/", &[], body.to_string().as_bytes()),
    )
}

fn sent(more: &Value) -> Value {
    let mut status = json!({"id": "wamid.1", "status": "sent", "timestamp": "1772452800",
        "recipient_id": "34911000311"});
    for (name, value) in more.as_object().expect("an object") {
        status[name] = value.clone();
    }
    told(json!({"statuses": [status]})).remove(0)
}

/// Who stops the clock: what was sent stands for a manager's reply unless it was a marketing template
/// or the tool that sent it says otherwise.
#[test]
fn a_status_tells_a_reply_from_a_campaign() {
    let service = sent(&json!({"pricing": {"category": "service"}}));
    assert_eq!(service["author"], "manager");
    assert_eq!(service["manager"], "desk");
    assert_eq!(
        sent(&json!({"pricing": {"category": "utility"}}))["author"],
        "manager"
    );
    let marketing = sent(&json!({"pricing": {"category": "marketing"}}));
    assert_eq!(marketing["author"], "campaign");
    assert_eq!(marketing["manager"], Value::Null);
    let older = sent(&json!({"conversation": {"origin": {"type": "marketing"}}}));
    assert_eq!(older["author"], "campaign");
    assert_eq!(
        sent(&json!({"biz_opaque_callback_data": "bot"}))["author"],
        "bot"
    );
    let ana = sent(&json!({"biz_opaque_callback_data": "manager:7"}));
    assert_eq!(
        (&ana["author"], &ana["manager"]),
        (&json!("manager"), &json!("7"))
    );
    assert_eq!(
        sent(&json!({"biz_opaque_callback_data": "order-17"}))["manager"],
        "desk"
    );
}

/// Only `sent` says when it was written, and each message is told of once.
#[test]
fn what_was_delivered_or_read_or_failed_is_no_other_message() {
    for status in ["delivered", "read", "failed", "deleted"] {
        let value = json!({"statuses": [{"id": "wamid.1", "status": status,
            "timestamp": "1772452800", "recipient_id": "34911000311"}]});
        assert_eq!(told(value), Vec::<Value>::new(), "{status}");
    }
}

#[test]
fn an_echo_and_a_status_of_one_id_are_one_message_of_one_conversation() {
    let echo = told(
        json!({"message_echoes": [{"from": "34911000001", "to": "+34911000311",
        "id": "wamid.1", "timestamp": "1772452800", "type": "text", "text": {"body": "Hola"}}]}),
    );
    let status = sent(&json!({}));
    for field in [
        "id",
        "conversation",
        "contact",
        "author",
        "manager",
        "at",
        "channel",
    ] {
        assert_eq!(echo[0][field], status[field], "{field}");
    }
}
