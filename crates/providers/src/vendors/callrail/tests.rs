use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&CallRail, "072e77e426f92738a72fe23c4d1953b4");
}

/// The vector that CallRail publishes: key, body and signature are theirs.
#[test]
fn the_published_vector_is_verified() {
    let hook = hook(
        &CallRail,
        &["other-company", "072e77e426f92738a72fe23c4d1953b4"],
    );
    let check = |body: &[u8]| {
        let headers = [("signature", "UZAHbUdfm3GqL7qzilGozGzWV64=")];
        request("/v1/hooks/h", &headers, body, NOW, |request| {
            CallRail.verify(&hook, request)
        })
    };
    let body = include_bytes!("vector.json");
    assert_eq!(check(body), Ok(Integrity::Verified));
    assert_eq!(check(&body[1..]), Err(Refused::Wrong));
}

/// The law of the length: a call ends as long after its beginning as `duration` says, a text, and its
/// beginning is the same instant by either of the two times that are sent.
#[test]
fn the_end_is_the_beginning_and_the_length() {
    let sample = |body: &str| Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes());
    let body = include_str!("vector.json");
    let events = kit::events(&CallRail, &sample(body));
    assert_eq!(events[0]["at"], "2018-02-19T18:41:00.236Z");
    assert_eq!(events[1]["at"], "2018-02-19T18:41:13.236Z");
    assert_eq!(events[1]["disposition"], "voicemail");
    let without = body.replace("\"start_time\":\"2018-02-19T13:41:00.236-05:00\",", "");
    assert_ne!(without, body);
    let events = kit::events(&CallRail, &sample(&without));
    assert_eq!(events[0]["at"], "2018-02-19T18:41:00.000Z");
}

#[test]
fn what_changes_later_is_another_tagging_and_the_same_end() {
    let tagged = |tags: &str| {
        let body = format!(
            "{{\"id\":7,\"tracking_phone_number\":\"+14045558514\",\"duration\":\"5\",\"answered\":true,\
             \"start_time\":\"2026-03-02T12:00:00Z\",\"tags\":{tags}}}"
        );
        kit::events(&CallRail, &Sample::new("POST", "/", &[], body.as_bytes()))
    };
    let (before, after) = (tagged("[\"new\"]"), tagged("[{\"name\":\"new\"},\"vip\"]"));
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2]["id"], after[2]["id"]);
    assert_eq!(after[2]["tags"], serde_json::json!(["new", "vip"]));
}
