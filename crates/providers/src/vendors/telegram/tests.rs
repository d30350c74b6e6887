use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Telegram, "bot-word_1");
}

#[test]
fn the_word_lets_in_and_nothing_is_more_than_weak() {
    let hook = hook(&Telegram, &["older", "bot-word_1"]);
    let verdict = |word: &str| {
        let headers = [("x-telegram-bot-api-secret-token", word)];
        let sample = Sample::new("POST", "/", &headers, b"{}");
        sample.show(kit::NOW, |request| Telegram.verify(&hook, request))
    };
    assert_eq!(verdict("bot-word_1"), Ok(Integrity::Weak));
    assert_eq!(verdict("older"), Ok(Integrity::Weak));
    assert_eq!(verdict("bot-word_2"), Err(Refused::Wrong));
    assert_eq!(verdict(""), Err(Refused::Wrong));
}

fn business(more: &Value) -> Value {
    let mut message = json!({"message_id": 5, "business_connection_id": "bc", "date": 1_772_452_800,
        "chat": {"id": 311, "type": "private"}, "text": "x"});
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    let body = json!({"update_id": 1, "business_message": message}).to_string();
    kit::events(&Telegram, &Sample::new("POST", "/", &[], body.as_bytes())).remove(0)
}

/// Who stops the clock in a business account: its owner, not a bot in his name and no greeting.
#[test]
fn the_owner_answers_and_neither_his_bot_nor_his_greeting_does() {
    let contact = business(&json!({"from": {"id": 311, "is_bot": false}}));
    let owner = business(&json!({"from": {"id": 7, "is_bot": false}}));
    let bot = business(
        &json!({"from": {"id": 7, "is_bot": false}, "sender_business_bot": {"id": 9, "is_bot": true}}),
    );
    let greeting = business(&json!({"from": {"id": 7, "is_bot": false}, "is_from_offline": true}));
    assert_eq!(contact["author"], "contact");
    assert_eq!(
        (&owner["author"], &owner["manager"]),
        (&json!("manager"), &json!("telegram:7"))
    );
    assert_eq!(
        (&bot["author"], &bot["manager"]),
        (&json!("bot"), &Value::Null)
    );
    assert_eq!(greeting["author"], "system");
    for event in [contact, owner, bot, greeting] {
        assert_eq!(event["conversation"], "bc:311");
        assert_eq!(event["contact"], "311");
    }
}

#[test]
fn of_a_command_only_the_word_of_its_link_is_kept() {
    let start = |text: &str| {
        let body = json!({"update_id": 1, "message": {"message_id": 1, "date": 1_772_452_800,
            "from": {"id": 311}, "chat": {"id": 311, "type": "private"}, "text": text}});
        let body = body.to_string();
        kit::events(&Telegram, &Sample::new("POST", "/", &[], body.as_bytes())).remove(0)
    };
    assert_eq!(start("/start spring-26")["campaign"], "spring-26");
    assert_eq!(start("/start")["campaign"], Value::Null);
    assert_eq!(start("/start my name is Marta")["campaign"], Value::Null);
}
