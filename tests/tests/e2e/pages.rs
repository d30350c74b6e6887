//! Pages of rows for a token that may not see phone numbers: nothing of them is on the page, in the
//! link to the next one either, and the link outlives the process.

use e2e::config::Config;
use e2e::doors::Door;
use e2e::events::{Event, Thread};
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;

const ROWS: &str = "/v1/reports/messages/rows";

fn page(door: &Door, after: Option<&str>) -> Value {
    let mut asked = [&MARCH[..], &[("limit", "1")]].concat();
    asked.extend(after.map(|after| ("after", after)));
    door.get(ROWS, &asked).expect_status(200).json()
}

#[test]
fn a_masked_phone_number_is_nowhere_on_a_page_nor_in_the_link_to_the_next() {
    let mut service = Service::start(Config::acme());
    let phones = ["34600111222", "+34600111333", "wa:+34600111444"];
    let threads = phones.map(|phone| Thread::new(phone).with(phone).contact("10:00"));
    let mut events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    for (place, event) in events.iter_mut().enumerate() {
        if let Event::Message(message) = event {
            message.id = Some(format!("m{place}"));
        }
    }
    let door = service.door("acme");
    door.send_flushed(&events);
    let mut shown = Vec::new();
    let (mut after, mut links) = (None, Vec::new());
    loop {
        let page = page(&door, after.as_deref());
        let text = page.to_string();
        assert!(!text.contains("600111"), "{text}");
        let row = page["rows"][0].as_array().unwrap();
        shown.extend(row.iter().filter_map(Value::as_str).map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        // Base64 of readable text would show as text here.
        assert!(!next.contains("WzE"), "{next}");
        links.push(next.to_owned());
        after = Some(next.to_owned());
    }
    for masked in ["3***1222", "+3***1333", "+3***1444"] {
        let times = shown.iter().filter(|text| *text == masked).count();
        assert_eq!(times, 2, "contact and conversation: {shown:?}");
    }
    assert_eq!(links.len(), 2);

    let second = page(&door, Some(&links[0]));
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let mut again = page(&door, Some(&links[0]));
    again["as_of"] = second["as_of"].clone();
    assert_eq!(again, second);

    let mut forged = links[0].clone().into_bytes();
    forged[50] = if forged[50] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for (path, after) in [
        (ROWS, forged.as_str()),
        ("/v1/reports/response-times/rows", &links[0]),
    ] {
        let answer = door.get(path, &[("after", after)]);
        let problem = answer.expect_problem(400, "bad_parameter").json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("`after`"), "{detail}");
    }
    assert_eq!(page(&door, None)["rows"].as_array().map(Vec::len), Some(1));
    assert_ne!(second["rows"], json!([]));
}
