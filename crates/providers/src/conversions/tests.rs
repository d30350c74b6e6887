//! Golden samples of every destination with invented numbers, and why conversions are left out. The
//! expected texts are written from the vendors' documents.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;

use super::*;

mod answers;
mod property;

/// 2026-03-10T12:00:00Z.
const NOW: Time = Time(1_773_144_000_000);
const HOUR: i64 = 3_600_000;
const ACTION: &str = "customers/1234567890/conversionActions/987654321";

fn ago(hours: i64) -> Time {
    NOW.plus(-hours * HOUR)
}

fn call(id: &str) -> Conversion {
    Conversion {
        twins: Vec::new(),
        id: id.to_owned(),
        kind: Kind::Call,
        at: ago(10),
        phone: Some("+34911222333".into()),
        value: Decimal::parse("19.90"),
        currency: Some("EUR".into()),
        clicks: Clicks {
            gclid: Some("Cj0KCQiA-abc_DEF123".into()),
            gbraid: None,
            wbraid: None,
            yclid: Some("13591247640966458".into()),
        },
        clicked_at: Some(ago(11)),
        ga_client_id: Some("1234567890.1700000000".into()),
        ym_client_id: Some("133591247640966458".into()),
        consent: Some(true),
        page: Some("https://acme.example/prices?a=1,2".into()),
        call: Some(Call {
            at: ago(10),
            ended_at: Some(ago(10).plus(95_400)),
            talk_s: 80.4,
            hold_s: 3.0,
            missed: false,
            first: Some(true),
            is_static: false,
            tags: Vec::new(),
        }),
    }
}

fn setup(destination: Destination) -> Setup {
    let name = match destination {
        Destination::GoogleAds | Destination::GoogleAdsCalls => ACTION,
        Destination::Ga4 => "phone_call",
        Destination::YandexMetrica => "order_confirmed",
        Destination::YandexMetricaCalls => "call",
    };
    Setup {
        actions: Kind::ALL.map(|kind| (kind, name.to_owned())).into(),
        ..Setup::default()
    }
}

fn bodies(destination: Destination, all: &[Conversion]) -> Vec<Value> {
    let setup = setup(destination);
    let plan = destination.plan(all, &setup, NOW);
    let requests = destination.requests(&plan.going, &setup, destination.most());
    let bodies = requests
        .iter()
        .map(|it| serde_json::from_slice(&it.body).unwrap());
    bodies.collect()
}

fn files(destination: Destination, all: &[Conversion], name: &str) -> Vec<(&'static str, String)> {
    let mut setup = setup(destination);
    setup
        .actions
        .values_mut()
        .for_each(|action| name.clone_into(action));
    let plan = destination.plan(all, &setup, NOW);
    let parts = destination.files(&plan.going, &setup, Format::Csv);
    parts
        .into_iter()
        .map(|part| (part.name, part.text))
        .collect()
}

#[test]
fn a_click_conversion_of_google_ads_is_as_its_document_says() {
    let mut braid = call("call-2");
    (braid.clicks.gclid, braid.clicks.wbraid) = (None, Some("wb-1".into()));
    (braid.value, braid.consent, braid.at) = (None, None, ago(9));
    assert_eq!(
        bodies(Destination::GoogleAds, &[braid, call("call-1")]),
        [json!({
            "conversions": [
                {
                    "gclid": "Cj0KCQiA-abc_DEF123",
                    "conversionAction": ACTION,
                    "conversionDateTime": "2026-03-10 02:00:00+00:00",
                    "conversionValue": 19.9,
                    "currencyCode": "EUR",
                    "orderId": "call-1",
                    "consent": { "adUserData": "GRANTED", "adPersonalization": "GRANTED" },
                },
                {
                    "wbraid": "wb-1",
                    "conversionAction": ACTION,
                    "conversionDateTime": "2026-03-10 03:00:00+00:00",
                    "orderId": "call-2",
                },
            ],
            "partialFailure": true,
        })]
    );
}

#[test]
fn the_files_of_google_ads_are_its_templates() {
    let all = [call("call-1")];
    assert_eq!(
        files(Destination::GoogleAds, &all, "Calls, \"good\""),
        [(
            "",
            "Parameters:TimeZone=+0000\r\n\
             Google Click ID,GBRAID,WBRAID,Conversion Name,Conversion Time,Conversion Value,\
             Conversion Currency,Order ID,Ad User Data,Ad Personalization\r\n\
             Cj0KCQiA-abc_DEF123,,,\"Calls, \"\"good\"\"\",2026-03-10 02:00:00,19.9,EUR,call-1,\
             GRANTED,GRANTED\r\n"
                .to_owned()
        )]
    );
    assert_eq!(
        files(Destination::GoogleAdsCalls, &all, "Calls"),
        [(
            "",
            "Parameters:TimeZone=+0000\r\n\
             Caller's Phone Number,Call Start Time,Conversion Name,Conversion Time,\
             Conversion Value,Conversion Currency,Ad User Data,Ad Personalization\r\n\
             +34911222333,2026-03-10 02:00:00,Calls,2026-03-10 02:01:35,19.9,EUR,GRANTED,GRANTED\r\n"
                .to_owned()
        )]
    );
}

#[test]
fn a_call_conversion_of_google_ads_is_one_when_the_call_is_over() {
    let mut won = call("won-1");
    (won.kind, won.at) = (Kind::Won, ago(1));
    let told = bodies(Destination::GoogleAdsCalls, &[call("call-1"), won]);
    let at = |place: usize| told[0]["conversions"][place]["conversionDateTime"].clone();
    assert_eq!(
        told[0]["conversions"][0],
        json!({
            "callerId": "+34911222333",
            "callStartDateTime": "2026-03-10 02:00:00+00:00",
            "conversionAction": ACTION,
            "conversionDateTime": "2026-03-10 02:01:35+00:00",
            "conversionValue": 19.9,
            "currencyCode": "EUR",
            "consent": { "adUserData": "GRANTED", "adPersonalization": "GRANTED" },
        })
    );
    assert_eq!(at(1), "2026-03-10 11:00:00+00:00");
}

#[test]
fn events_of_analytics_are_those_of_one_visitor_and_at_most_25() {
    let mut all: Vec<_> = (0..26).map(|n| call(&format!("call-{n:02}"))).collect();
    let mut other = call("call-99");
    other.ga_client_id = Some("9.9".into());
    all.push(other);
    let told = bodies(Destination::Ga4, &all);
    let counts: Vec<_> = told
        .iter()
        .map(|body| body["events"].as_array().unwrap().len())
        .collect();
    assert_eq!(counts, [25, 1, 1]);
    assert_eq!(
        told[2],
        json!({
            "client_id": "9.9",
            "consent": { "ad_user_data": "GRANTED", "ad_personalization": "GRANTED" },
            "events": [{
                "name": "phone_call",
                "timestamp_micros": 1_773_108_000_000_000_i64,
                "params": { "transaction_id": "call-99", "value": 19.9, "currency": "EUR" },
            }],
        })
    );
}

#[test]
fn the_files_of_metrica_are_one_for_each_way_to_know_a_visitor() {
    let mut click = call("call-2");
    (click.ym_client_id, click.value) = (None, None);
    let all = [call("call-1"), click];
    assert_eq!(
        files(Destination::YandexMetrica, &all, "order_confirmed"),
        [
            (
                "client-id",
                "ClientId,Target,DateTime,Price,Currency\r\n\
                 133591247640966458,order_confirmed,1773108000,19.9,EUR\r\n"
                    .to_owned()
            ),
            (
                "yclid",
                "Yclid,Target,DateTime,Price,Currency\r\n\
                 13591247640966458,order_confirmed,1773108000,,\r\n"
                    .to_owned()
            ),
        ]
    );
    let calls = files(Destination::YandexMetricaCalls, &all[..1], "call");
    assert_eq!(
        calls,
        [(
            "client-id",
            "ClientId,DateTime,StaticCall,Price,Currency,PhoneNumber,TalkDuration,HoldDuration,\
             CallMissed,Tag,FirstTimeCaller,URL\r\n\
             133591247640966458,1773108000,0,19.9,EUR,+34911222333,80,3,0,call,1,\
             \"https://acme.example/prices?a=1,2\"\r\n"
                .to_owned()
        )]
    );
}

#[test]
fn a_file_of_metrica_is_sent_as_a_form() {
    let (destination, all) = (Destination::YandexMetrica, [call("call-1")]);
    let setup = setup(destination);
    let requests = destination.requests(&[&all[0]], &setup, 1);
    let [request] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(request.query, [("client_id_type", "CLIENT_ID")]);
    let boundary = request
        .media
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let body = String::from_utf8(request.body.clone()).unwrap();
    let parts: Vec<_> = body.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.len(), parts[0], parts[2]), (3, "", "--\r\n"));
    let (head, file) = parts[1].split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("form-data; name=\"file\"; filename="),
        "{head}"
    );
    assert!(file.starts_with("ClientId,Target,"), "{file}");
}

/// What is changed of a conversion that goes, and why it does not go then.
type Case = (fn(&mut Conversion), Reason);

const CLICKS: [Case; 14] = [
    (|it| it.clicks = Clicks::default(), Reason::NoClickId),
    (
        |it| it.clicks.gclid = Some(String::new()),
        Reason::BadClickId,
    ),
    (
        |it| it.clicks.gclid = Some("a b".into()),
        Reason::BadClickId,
    ),
    (
        |it| it.clicks.gclid = Some("x".repeat(513)),
        Reason::BadClickId,
    ),
    (|it| it.clicked_at = Some(ago(5)), Reason::BeforeClick),
    (
        |it| (it.clicked_at, it.at) = (Some(ago(5)), ago(4)),
        Reason::TooFresh,
    ),
    (|it| it.clicked_at = Some(ago(90 * 24 + 1)), Reason::TooOld),
    (
        |it| (it.clicked_at, it.at) = (None, ago(90 * 24 + 1)),
        Reason::TooOld,
    ),
    (|it| it.at = NOW.plus(1), Reason::Future),
    (|it| it.currency = None, Reason::NoCurrency),
    (|it| it.currency = Some("eur".into()), Reason::BadCurrency),
    (|it| it.currency = Some("EURO".into()), Reason::BadCurrency),
    (|it| it.value = Decimal::parse("-1"), Reason::BadValue),
    (|it| it.consent = Some(false), Reason::NoConsent),
];

const CALLS: [Case; 7] = [
    (|it| it.phone = None, Reason::NoPhone),
    (|it| it.phone = Some("anonymous".into()), Reason::NoPhone),
    (
        |it| it.phone = Some("+3***2333".into()),
        Reason::MaskedPhone,
    ),
    (|it| it.call = None, Reason::NoCall),
    (|it| ends(it, None), Reason::OpenCall),
    (|it| ends(it, Some(ago(10).plus(999))), Reason::BeforeCall),
    (|it| it.kind = Kind::Lead, Reason::BeforeCall),
];

const ANALYTICS: [Case; 3] = [
    (|it| it.ga_client_id = None, Reason::NoClientId),
    (
        |it| it.ga_client_id = Some("1 2".into()),
        Reason::BadClientId,
    ),
    (|it| it.at = ago(72).plus(-1), Reason::TooOld),
];

const METRICA: [Case; 4] = [
    (
        |it| (it.ym_client_id, it.clicks.yclid) = (None, None),
        Reason::NoClientId,
    ),
    (
        |it| it.ym_client_id = Some("12a".into()),
        Reason::BadClientId,
    ),
    (
        |it| (it.ym_client_id, it.clicks.yclid) = (None, Some("y".into())),
        Reason::BadClickId,
    ),
    (|it| it.at = ago(21 * 24 + 1), Reason::TooOld),
];

fn ends(one: &mut Conversion, at: Option<Time>) {
    if let Some(call) = &mut one.call {
        call.ended_at = at;
    }
}

#[test]
fn what_cannot_go_is_left_out_and_says_why() {
    let cases = [
        (Destination::GoogleAds, CLICKS.as_slice()),
        (Destination::GoogleAdsCalls, &CALLS),
        (Destination::Ga4, &ANALYTICS),
        (Destination::YandexMetrica, &METRICA),
        (
            Destination::YandexMetricaCalls,
            &[(|it| it.call = None, Reason::NoCall)],
        ),
    ];
    for (destination, cases) in cases {
        let mut setup = setup(destination);
        let told = |one: &Conversion, setup: &Setup| destination.check(one, setup, NOW);
        assert_eq!(
            told(&call("call-1"), &setup),
            Ok(()),
            "{}",
            destination.name()
        );
        for (change, reason) in cases {
            let mut one = call("call-1");
            change(&mut one);
            assert_eq!(
                told(&one, &setup),
                Err(*reason),
                "{} {one:?}",
                destination.name()
            );
        }
        setup.actions.remove(&Kind::Call);
        assert_eq!(told(&call("call-1"), &setup), Err(Reason::NoAction));
    }
}

#[test]
fn names_are_checked_as_the_destination_would() {
    use Destination::{Ga4, GoogleAds, YandexMetrica};
    let problem = |destination: Destination, format, name: &str| {
        let setup = Setup {
            actions: BTreeMap::from([(Kind::Won, name.to_owned())]),
            ..Setup::default()
        };
        setup.problem(destination, format)
    };
    for (destination, format, good) in [
        (GoogleAds, Format::Csv, "Sale"),
        (GoogleAds, Format::Json, ACTION),
        (Ga4, Format::Json, "purchase"),
        (YandexMetrica, Format::Csv, "order_confirmed"),
    ] {
        assert_eq!(problem(destination, format, good), None);
    }
    for (destination, format, wrong, word) in [
        (GoogleAds, Format::Json, "Sale", "resource name"),
        (
            GoogleAds,
            Format::Json,
            "customers/1-2/conversionActions/3",
            "resource name",
        ),
        (Ga4, Format::Json, "1st", "a letter first"),
        (Ga4, Format::Json, "first_open", "keeps this name"),
        (Ga4, Format::Json, "ga_sale", "keeps this name"),
        (YandexMetrica, Format::Csv, "", "1 to 100 characters"),
        (YandexMetrica, Format::Csv, "a\r\nb", "without line breaks"),
    ] {
        let told = problem(destination, format, wrong).unwrap_or_default();
        assert!(told.contains(word), "{wrong}: {told}");
    }
    let nothing = Setup::default();
    assert!(
        nothing
            .problem(GoogleAds, Format::Csv)
            .unwrap()
            .contains("--action")
    );
    assert_eq!(nothing.completed(Ga4).actions[&Kind::Lead], "generate_lead");
}
