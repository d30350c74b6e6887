use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Messenger, "app-secret");
}

fn told(list: &str, item: &Value) -> Vec<Value> {
    let body = json!({"object": "page", "entry": [{"id": "900", "time": 1_772_452_800_500_i64, list: [item]}]});
    let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
    kit::events(&Messenger, &sample)
}

fn echo(more: &Value) -> Value {
    let mut message = json!({"mid": "m_1", "is_echo": true, "text": "x"});
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    told(
        "messaging",
        &json!({"sender": {"id": "900"}, "recipient": {"id": "311"},
        "timestamp": 1_772_452_800_250_i64, "message": message}),
    )
    .remove(0)
}

/// Who stops the clock: an echo is the manager's reply to the one it was sent to, unless the app that
/// sent it said that it was not.
#[test]
fn an_echo_is_the_managers_reply() {
    let asked = told(
        "messaging",
        &json!({"sender": {"id": "311"}, "recipient": {"id": "900"},
        "timestamp": 1_772_452_800_000_i64, "message": {"mid": "m_0", "text": "Hola"}}),
    )
    .remove(0);
    let reply = echo(&json!({}));
    assert_eq!(asked["author"], "contact");
    assert_eq!(
        (&reply["author"], &reply["manager"]),
        (&json!("manager"), &json!("desk"))
    );
    assert_eq!(asked["conversation"], reply["conversation"]);
    assert_eq!(asked["contact"], reply["contact"]);
    assert_eq!(
        echo(&json!({"app_id": 263_902_037_430_900_i64}))["author"],
        "manager"
    );
    assert_eq!(
        echo(&json!({"app_id": 5, "metadata": "bot"}))["author"],
        "bot"
    );
    assert_eq!(
        echo(&json!({"app_id": 5, "metadata": "campaign"}))["author"],
        "campaign"
    );
    let ana = echo(&json!({"app_id": 5, "metadata": "manager:7"}));
    assert_eq!(
        (&ana["author"], &ana["manager"]),
        (&json!("manager"), &json!("7"))
    );
}

#[test]
fn what_another_app_holds_is_the_same_message() {
    let item = json!({"sender": {"id": "311"}, "recipient": {"id": "900"},
        "timestamp": 1_772_452_800_000_i64, "message": {"mid": "m_0", "text": "Hola"}});
    assert_eq!(told("standby", &item), told("messaging", &item));
}
