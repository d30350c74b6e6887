//! What answers mean, told as the vendors' documents show them.

use serde_json::{Value, json};

use super::{ACTION, Destination, Kind, Reading, Request, Setup, Verdict, setup};

fn request(many: usize) -> Request {
    Request {
        ids: (0..many).map(|n| n.to_string()).collect(),
        prefix: "",
        query: Vec::new(),
        media: String::new(),
        body: Vec::new(),
    }
}

fn read(
    destination: Destination,
    setup: &Setup,
    many: usize,
    status: u16,
    body: &Value,
) -> Reading {
    destination.read(&request(many), setup, status, body.to_string().as_bytes())
}

fn error(code: &str, place: &Value) -> Value {
    json!({
        "errorCode": { "conversionUploadError": code },
        "message": format!("{code} in\nwords"),
        "location": { "fieldPathElements": [place, { "fieldName": "gclid" }] },
    })
}

fn at(index: usize) -> Value {
    json!({ "fieldName": "conversions", "index": index })
}

fn failure(errors: &[Value]) -> Value {
    json!({
        "code": 3, "message": "Multiple errors in `details`",
        "details": [{ "@type": "type.googleapis.com/google.ads.googleads.v20.errors.GoogleAdsFailure",
            "errors": errors }],
    })
}

#[test]
fn a_partial_failure_names_conversions_by_their_places() {
    let taken = json!({ "conversionAction": ACTION });
    let errors = [
        error("EXPIRED_EVENT", &at(1)),
        error("ORDER_ID_ALREADY_IN_USE", &at(2)),
        error("TOO_RECENT_EVENT", &at(3)),
        error("UNPARSEABLE_GCLID", &json!({ "fieldName": "conversions" })),
    ];
    let body = json!({
        "partialFailureError": failure(&errors), "results": [{}, {}, {}, {}, taken, {}],
    });
    let google = Destination::GoogleAds;
    let read = read(google, &setup(google), 6, 200, &body);
    let silent = "the answer does not say what became of it".to_owned();
    assert_eq!(
        read,
        Reading::Each(vec![
            Verdict::Never("UNPARSEABLE_GCLID: UNPARSEABLE_GCLID in words".into()),
            Verdict::Never("EXPIRED_EVENT: EXPIRED_EVENT in words".into()),
            Verdict::Known,
            Verdict::Later("TOO_RECENT_EVENT: TOO_RECENT_EVENT in words".into()),
            Verdict::Taken,
            Verdict::Later(silent),
        ])
    );
}

#[test]
fn what_is_wrong_with_the_whole_holds_for_what_was_not_taken() {
    let errors = [
        error("UNAUTHORIZED", &json!({ "fieldName": "customer_id" })),
        error("EXPIRED_EVENT", &at(0)),
    ];
    let body =
        json!({ "partialFailureError": failure(&errors), "results": [{}, {}, { "gclid": "x" }] });
    let google = Destination::GoogleAds;
    let never = |code: &str| Verdict::Never(format!("{code}: {code} in words"));
    assert_eq!(
        read(google, &setup(google), 3, 200, &body),
        Reading::Each(vec![
            never("EXPIRED_EVENT"),
            never("UNAUTHORIZED"),
            Verdict::Taken
        ])
    );
}

#[test]
fn a_request_that_only_checks_has_no_results() {
    let google = Destination::GoogleAds;
    let checked = Setup {
        validate: true,
        ..setup(google)
    };
    let body = json!({ "partialFailureError": failure(&[error("EXPIRED_EVENT", &at(1))]) });
    let Reading::Each(verdicts) = read(google, &checked, 2, 200, &body) else {
        panic!("it was answered");
    };
    assert_eq!(verdicts[0], Verdict::Taken);
    assert!(matches!(&verdicts[1], Verdict::Never(_)), "{verdicts:?}");
}

#[test]
fn analytics_takes_everything_and_its_check_names_events() {
    let ga4 = Destination::Ga4;
    let plain = setup(ga4);
    let taken = Reading::Each(vec![Verdict::Taken; 2]);
    assert_eq!(ga4.read(&request(2), &plain, 204, b""), taken);
    let checked = Setup {
        validate: true,
        ..plain
    };
    let body = json!({ "validationMessages": [{
        "fieldPath": "events[1].name", "description": "Event name is reserved.",
        "validationCode": "NAME_RESERVED",
    }] });
    let why = "NAME_RESERVED: Event name is reserved.".to_owned();
    assert_eq!(
        read(ga4, &checked, 2, 200, &body),
        Reading::Each(vec![Verdict::Taken, Verdict::Never(why)])
    );
    let whole = json!({ "validationMessages": [{ "fieldPath": "client_id",
        "description": "x", "validationCode": "VALUE_REQUIRED" }] });
    assert_eq!(
        read(ga4, &checked, 2, 200, &whole),
        Reading::Each(vec![Verdict::Never("VALUE_REQUIRED: x".into()); 2])
    );
    assert!(matches!(
        ga4.read(&request(1), &checked, 204, b""),
        Reading::Stop(_)
    ));
    let requests = ga4.requests(&[&super::call("x")], &checked, 1);
    assert_eq!(requests[0].prefix, "/debug");
}

#[test]
fn metrica_takes_a_file_as_a_whole() {
    let metrica = Destination::YandexMetrica;
    let body = json!({ "uploading": { "id": 7, "source_quantity": 2, "status": "UPLOADED" } });
    let taken = Reading::Each(vec![Verdict::Taken; 2]);
    assert_eq!(read(metrica, &setup(metrica), 2, 200, &body), taken);
    let Reading::Each(verdicts) = read(metrica, &setup(metrica), 1, 200, &json!({})) else {
        panic!("it was answered");
    };
    assert!(matches!(&verdicts[0], Verdict::Never(why) if why.contains("uploads")));
}

#[test]
fn a_status_says_whether_to_try_again_to_give_up_or_to_stop() {
    let body = json!({ "error": { "message": "Say\n why" } });
    for destination in Destination::ALL {
        let setup = setup(destination);
        for status in [408, 429, 500, 503] {
            let why = format!("{status} Say why");
            assert_eq!(
                read(destination, &setup, 2, status, &body),
                Reading::Again(why)
            );
        }
        for status in [301, 401, 403, 404] {
            let why = format!("{status} Say why");
            assert_eq!(
                read(destination, &setup, 2, status, &body),
                Reading::Stop(why)
            );
        }
        let never = Verdict::Never("400 Say why".into());
        let all = Reading::Each(vec![never; 2]);
        assert_eq!(read(destination, &setup, 2, 400, &body), all);
    }
    assert_eq!(
        Kind::ALL.map(|kind| Kind::find(kind.as_str())),
        Kind::ALL.map(Some)
    );
}
