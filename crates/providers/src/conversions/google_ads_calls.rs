//! Google Ads: conversions of calls to its forwarding numbers.
//!
//! `customers/{id}:uploadCallConversions` (`CallConversion`): the caller's number in E.164 with its
//! plus, when the call began, and when the conversion happened, which must be later. There is no order
//! id; a repetition is known by caller, start and time of the conversion
//! (`CALL_CONVERSION_ALREADY_EXISTS`).

use serde::Serialize;
use trunkline_model::time::Time;

use super::conversion::{Call, Conversion, Kind};
use super::destination::Request;
use super::google_ads::{Consent, Money, OLDEST, agreed, price, uploads};
use super::reason::Reason;
use super::setup::Setup;
use super::table::{civil, row, unix};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallConversion<'a> {
    caller_id: &'a str,
    call_start_date_time: String,
    conversion_action: &'a str,
    conversion_date_time: String,
    #[serde(flatten)]
    money: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<Consent>,
}

pub(super) fn check(one: &Conversion, now: Time) -> Result<(), Reason> {
    phone(one.phone.as_deref().ok_or(Reason::NoPhone)?)?;
    let call = one.call.as_ref().ok_or(Reason::NoCall)?;
    if now.since(call.at) > OLDEST {
        return Err(Reason::TooOld);
    }
    let at = moment(one, call).ok_or(Reason::OpenCall)?;
    // Both are written in whole seconds.
    if unix(at) <= unix(call.at) {
        return Err(Reason::BeforeCall);
    }
    if at > now {
        Err(Reason::Future)
    } else {
        Ok(())
    }
}

/// Says what is wrong with a number.
pub(super) fn phone(number: &str) -> Result<(), Reason> {
    if number.contains('*') {
        return Err(Reason::MaskedPhone);
    }
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_one = (7..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    if is_one { Ok(()) } else { Err(Reason::NoPhone) }
}

/// When the conversion happened: a call is one when it is over.
fn moment(one: &Conversion, call: &Call) -> Option<Time> {
    match one.kind {
        Kind::Call | Kind::TargetCall => call.ended_at,
        _ => Some(one.at),
    }
}

/// Number, start of the call and time of the conversion, with what follows the times.
fn told<'a>(one: &'a Conversion, zone: &str) -> (&'a str, String, String) {
    let call = one.call.as_ref();
    let start = call.map_or(one.at, |call| call.at);
    let at = call.and_then(|call| moment(one, call)).unwrap_or(one.at);
    let number = one.phone.as_deref().unwrap_or_default();
    (number, civil(start, zone), civil(at, zone))
}

pub(super) fn csv(going: &[&Conversion], setup: &Setup) -> String {
    let mut out = "Parameters:TimeZone=+0000\r\n".to_owned();
    let columns = [
        "Caller's Phone Number",
        "Call Start Time",
        "Conversion Name",
        "Conversion Time",
        "Conversion Value",
        "Conversion Currency",
        "Ad User Data",
        "Ad Personalization",
    ];
    row(&mut out, &columns);
    for one in going {
        let (number, start, at) = told(one, "");
        let action = setup.action(one.kind).unwrap_or_default();
        let (value, currency) = price(one);
        let agreed = agreed(one, setup);
        row(
            &mut out,
            &[
                number, &start, action, &at, &value, &currency, agreed, agreed,
            ],
        );
    }
    out
}

pub(super) fn requests(going: &[&Conversion], setup: &Setup, most: usize) -> Vec<Request> {
    uploads(going, setup, most, |one| {
        let (caller_id, call_start_date_time, conversion_date_time) = told(one, "+00:00");
        CallConversion {
            caller_id,
            call_start_date_time,
            conversion_action: setup.action(one.kind).unwrap_or_default(),
            conversion_date_time,
            money: Money::of(one),
            consent: Consent::of(one, setup),
        }
    })
}
