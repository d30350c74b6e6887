use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Zendesk, "sunco-secret");
}

#[test]
fn the_secret_lets_in_and_nothing_is_more_than_weak() {
    let hook = hook(&Zendesk, &["older", "sunco-secret"]);
    let verdict = |key: &str| {
        let sample = Sample::new("POST", "/", &[("x-api-key", key)], b"{}");
        sample.show(kit::NOW, |request| Zendesk.verify(&hook, request))
    };
    assert_eq!(verdict("sunco-secret"), Ok(Integrity::Weak));
    assert_eq!(verdict("older"), Ok(Integrity::Weak));
    assert_eq!(verdict("sunco"), Err(Refused::Wrong));
}

fn business(source: &str, more: &Value, active: &str) -> Value {
    let mut message = json!({"id": "m1", "received": "2026-03-02T12:00:00.115Z",
        "author": {"type": "business"}, "content": {"type": "text", "text": "x"}, "source": {"type": source}});
    for (name, value) in more.as_object().expect("an object") {
        message[name] = value.clone();
    }
    let body = json!({"webhook": {"version": "v2"}, "events": [{"id": "e1", "type": "conversation:message",
        "createdAt": "2026-03-02T12:00:00.200Z", "payload": {"message": message, "conversation":
            {"id": "c1", "activeSwitchboardIntegration": {"integrationType": active}}}}]});
    let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
    kit::events(&Zendesk, &sample).remove(0)
}

/// Who stops the clock: who writes in the workspace; not a trigger there, and no program.
#[test]
fn a_person_of_the_workspace_answers_and_triggers_and_programs_do_not() {
    let by = |id: &str| json!({"metadata": {"__zendesk_msg.agent.id": id}});
    let workspace = "zd:agentWorkspace";
    let person = business(workspace, &by("77"), workspace);
    assert_eq!(
        (&person["author"], &person["manager"]),
        (&json!("manager"), &json!("zendesk:77"))
    );
    let unnamed = business(workspace, &json!({}), workspace);
    assert_eq!(
        (&unnamed["author"], &unnamed["manager"]),
        (&json!("manager"), &json!("desk"))
    );
    assert_eq!(
        business(workspace, &by("__trigger"), workspace)["author"],
        "system"
    );
    assert_eq!(
        business("zd:answerBot", &json!({}), "zd:answerBot")["author"],
        "bot"
    );
    assert_eq!(
        business("api:conversations", &json!({}), "custom")["author"],
        "bot"
    );
    assert_eq!(
        business("api:conversations", &json!({}), workspace)["author"],
        "manager"
    );
    let ai = json!({"author": {"type": "business", "subtypes": ["AI"]}});
    assert_eq!(business(workspace, &ai, workspace)["author"], "bot");
}
