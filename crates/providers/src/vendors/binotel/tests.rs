use trunkline_model::time::Time;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

#[test]
fn the_samples_are_read_as_they_were() {
    kit::samples(&Binotel, "");
}

#[test]
fn only_binotels_addresses_may_call_unless_the_hook_names_others() {
    let mut own = hook(&Binotel, &[]);
    let check = |hook: &Hook, peer: &str| {
        request("/v1/hooks/h", &[], b"", NOW, |request| {
            let peer = Some(peer.parse().unwrap());
            let request = Request { peer, ..*request };
            hook.admit(&request)
                .and_then(|()| Binotel.verify(hook, &request))
        })
    };
    for address in ADDRESSES {
        assert_eq!(check(&own, address), Ok(Integrity::Unverified), "{address}");
    }
    assert_eq!(
        check(&own, "::ffff:194.88.219.67"),
        Ok(Integrity::Unverified)
    );
    let stranger = "203.0.113.7";
    assert_eq!(
        check(&own, stranger),
        Err(Refused::Address(stranger.parse().unwrap()))
    );
    assert!(check(&own, "194.88.218.115").is_err());
    own.allow_ips = vec![network("203.0.113.0/24").unwrap()];
    assert_eq!(check(&own, stranger), Ok(Integrity::Unverified));
    assert!(check(&own, "194.88.219.67").is_err());
}

/// The law of the record: each extension's attempt begins where the one before ended, the person who
/// answers does so after the seconds of waiting, and the call ends after all of them.
#[test]
fn a_record_is_laid_out_by_its_seconds() {
    let body = "requestType=apiCallCompleted&callDetails[generalCallID]=1&callDetails[callType]=0\
        &callDetails[startTime]=1772452800&callDetails[waitsec]=32&callDetails[billsec]=60\
        &callDetails[disposition]=ANSWER&callDetails[historyData][0][internalNumber]=901\
        &callDetails[historyData][0][waitsec]=20&callDetails[historyData][0][billsec]=0\
        &callDetails[historyData][0][disposition]=NOANSWER\
        &callDetails[historyData][1][internalNumber]=902&callDetails[historyData][1][waitsec]=12\
        &callDetails[historyData][1][billsec]=60&callDetails[historyData][1][disposition]=ANSWER";
    let events = kit::events(
        &Binotel,
        &Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes()),
    );
    let told = events.iter().map(|event| {
        let at = Time::parse(event["at"].as_str().unwrap()).unwrap();
        let leg = event["leg"].as_str().unwrap_or("-");
        format!(
            "{} {} {leg}",
            (at.millis() - NOW) / 1000,
            event["phase"].as_str().unwrap()
        )
    });
    let expected = [
        "0 started -",
        "0 ringing 901",
        "20 ended 901",
        "20 ringing 902",
        "32 answered 902",
        "92 ended 902",
        "92 ended -",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn a_word_that_depends_on_the_way_of_the_call_waits_for_the_record() {
    let ended = |word: &str| {
        let body =
            format!("requestType=hangupTheCall&generalCallID=1&billsec=0&disposition={word}");
        let sample = Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes());
        kit::events(&Binotel, &sample)[0]["disposition"].clone()
    };
    assert_eq!(ended("ANSWER"), "answered");
    assert!(ended("NOANSWER").is_null());
    assert_eq!(ended("MOON"), "MOON");
}

#[test]
fn success_is_said_in_binotels_words() {
    assert_eq!(Binotel.answer().body, r#"{"status":"success"}"#);
}

/// A row of the statistics tells what the record after the call does, under the same ids.
#[test]
fn a_row_of_the_statistics_is_the_record_after_the_call() {
    let row = serde_json::json!({
        "generalCallID": "4683310001", "startTime": "1772452800", "callType": "0",
        "internalNumber": "901", "externalNumber": "0990000002", "waitsec": 13, "billsec": 17,
        "disposition": "ANSWER", "pbxNumberData": { "number": "0440000001" },
        "historyData": [{ "waitsec": 13, "billsec": 17, "disposition": "ANSWER",
            "internalNumber": "901" }],
        "linkToCallRecordInMyBusiness": "https://my.binotel.example/record/4683310001.mp3",
    });
    let hook = hook(&Binotel, &[]);
    let row = Record::nested(row).unwrap();
    let json = |draft: &Draft| serde_json::from_str::<serde_json::Value>(&draft.to_json()).unwrap();
    let events: Vec<_> = Binotel
        .export(&hook, &row)
        .unwrap()
        .iter()
        .map(json)
        .collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/binotel/samples/");
    let told = kit::events(
        &Binotel,
        &Sample::read(format!("{folder}completed.http").as_ref()),
    );
    assert_eq!(events, told);
    assert!(
        Binotel
            .export(&hook, &Record::flat([("generalCallID", "1")]))
            .is_err()
    );
}
