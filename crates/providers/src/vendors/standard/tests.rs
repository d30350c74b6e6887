use super::*;
use crate::vendors::kit::{self, hook, request};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

/// The vector of the specification's own libraries: secret, id, time and body are theirs.
#[test]
fn the_published_vector_is_verified() {
    let hook = hook(&Standard, &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        (
            "webhook-signature",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ];
    let check = |now: i64| {
        request(
            "/",
            &headers,
            br#"{"test": 2432232314}"#,
            now * 1000,
            |request| Standard.verify(&hook, request),
        )
    };
    assert_eq!(check(1_614_265_330), Ok(Integrity::Verified));
    assert_eq!(check(1_614_265_630), Ok(Integrity::Verified));
    assert_eq!(check(1_614_265_631), Err(Refused::Stale(301, 300)));
    assert_eq!(check(1_614_265_029), Err(Refused::Stale(-301, 300)));
}
