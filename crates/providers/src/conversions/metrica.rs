//! Yandex Metrica: offline conversions and calls.
//!
//! `POST /management/v1/counter/{counter}/offline_conversions/upload` and `…/upload_calls`: a CSV as the
//! field `file` of a form, its first line the names of the columns, with `client_id_type` saying which
//! column tells the visitor. So visitors known by Metrica's own id and those known by a click on Yandex
//! Direct go in files of their own. Times are seconds since 1970 in UTC. A visit takes conversions for
//! 21 days. A repetition is not known there.

use serde_json::{Value, from_slice};

use super::answer::{Reading, Verdict};
use super::conversion::{Call, Conversion, Kind};
use super::destination::{DAY, Part, Request, is_id};
use super::google_ads::price;
use super::google_ads_calls::phone;
use super::reason::Reason;
use super::setup::Setup;
use super::table::{row, unix};

/// How old a conversion may be.
pub(super) const OLDEST: i64 = 21 * DAY;
/// The most rows in a request.
pub(super) const MOST: usize = 1_000;
/// The tags of calls.
pub(super) const CALLS: &[(Kind, &str)] = &[(Kind::Call, "call")];
/// The longest id of a visitor or a click: both are numbers of 64 bits.
const LONGEST_ID: usize = 20;
/// What separates the parts of a form.
const BOUNDARY: &str = "trunkline-offline-conversions-7zDUQOAI";

/// How a visitor is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Visitor,
    Click,
}

impl By {
    const ALL: [Self; 2] = [Self::Visitor, Self::Click];

    const fn column(self) -> &'static str {
        match self {
            Self::Visitor => "ClientId",
            Self::Click => "Yclid",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Visitor => "CLIENT_ID",
            Self::Click => "YCLID",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Visitor => "client-id",
            Self::Click => "yclid",
        }
    }
}

/// How the visitor of a conversion is known: by Metrica's own id, if it is told.
fn visitor(one: &Conversion) -> Option<(By, &str)> {
    let own = one.ym_client_id.as_deref().map(|id| (By::Visitor, id));
    own.or_else(|| one.clicks.yclid.as_deref().map(|id| (By::Click, id)))
}

pub(super) fn check(one: &Conversion) -> Result<(), Reason> {
    let (by, id) = visitor(one).ok_or(Reason::NoClientId)?;
    let is_number = is_id(id, LONGEST_ID) && id.bytes().all(|byte| byte.is_ascii_digit());
    match by {
        _ if is_number => Ok(()),
        By::Visitor => Err(Reason::BadClientId),
        By::Click => Err(Reason::BadClickId),
    }
}

pub(super) fn check_call(one: &Conversion) -> Result<(), Reason> {
    check(one)?;
    let call = one.call.as_ref().ok_or(Reason::NoCall)?;
    call.ended_at.ok_or(Reason::OpenCall)?;
    match one.phone.as_deref().map(phone) {
        Some(Err(Reason::MaskedPhone)) => Err(Reason::MaskedPhone),
        // A number that is none is left out of the row.
        _ => Ok(()),
    }
}

/// Writes the files of conversions.
pub(super) fn conversions(going: &[&Conversion], setup: &Setup) -> Vec<Part> {
    let columns = ["Target", "DateTime", "Price", "Currency"];
    parts(going, &columns, |one| {
        let (value, currency) = price(one);
        let action = setup.action(one.kind).unwrap_or_default();
        vec![action.to_owned(), unix(one.at).to_string(), value, currency]
    })
}

/// Writes the files of calls.
pub(super) fn calls(going: &[&Conversion], setup: &Setup) -> Vec<Part> {
    let columns = [
        "DateTime",
        "StaticCall",
        "Price",
        "Currency",
        "PhoneNumber",
        "TalkDuration",
        "HoldDuration",
        "CallMissed",
        "Tag",
        "FirstTimeCaller",
        "URL",
    ];
    parts(going, &columns, |one| {
        one.call
            .as_ref()
            .map_or_else(Vec::new, |call| told(one, call, setup))
    })
}

fn told(one: &Conversion, call: &Call, setup: &Setup) -> Vec<String> {
    let flag = |flag: bool| u8::from(flag).to_string();
    let seconds = |length: f64| (length.max(0.0).round() as u64).to_string();
    let (value, currency) = price(one);
    let number = one.phone.as_deref().filter(|number| phone(number).is_ok());
    let tag = match call.tags.as_slice() {
        [] => setup.action(one.kind).unwrap_or_default().to_owned(),
        tags => tags.join(", "),
    };
    vec![
        unix(call.at).to_string(),
        flag(call.is_static),
        value,
        currency,
        number.unwrap_or_default().to_owned(),
        seconds(call.talk_s),
        seconds(call.hold_s),
        flag(call.missed),
        tag,
        call.first.map_or_else(String::new, flag),
        one.page.clone().unwrap_or_default(),
    ]
}

fn parts(
    going: &[&Conversion],
    columns: &[&str],
    write: impl Fn(&Conversion) -> Vec<String>,
) -> Vec<Part> {
    let part = |by: By| {
        let known = going.iter().filter_map(|one| match visitor(one) {
            Some((known, id)) if known == by => Some((id, *one)),
            _ => None,
        });
        let mut rows = known.peekable();
        rows.peek()?;
        let mut text = String::new();
        row(&mut text, &[&[by.column()], columns].concat());
        for (id, one) in rows {
            let fields = write(one);
            let fields = fields.iter().map(String::as_str);
            row(
                &mut text,
                &std::iter::once(id).chain(fields).collect::<Vec<_>>(),
            );
        }
        Some(Part {
            name: by.name(),
            text,
        })
    };
    By::ALL.into_iter().filter_map(part).collect()
}

/// Makes requests of the files that conversions give, at most so many in one.
pub(super) fn requests(
    going: &[&Conversion],
    most: usize,
    write: impl Fn(&[&Conversion]) -> Vec<Part>,
) -> Vec<Request> {
    let mut requests = Vec::new();
    for by in By::ALL {
        let known = |one: &&&Conversion| visitor(one).is_some_and(|(known, _)| known == by);
        let known: Vec<&Conversion> = going.iter().filter(known).copied().collect();
        for part in known.chunks(most) {
            let files = write(part).into_iter();
            requests.extend(files.map(|file| Request {
                ids: part.iter().map(|one| one.id.clone()).collect(),
                prefix: "",
                query: vec![("client_id_type", by.kind())],
                media: format!("multipart/form-data; boundary={BOUNDARY}"),
                body: form(&file.text).into_bytes(),
            }));
        }
    }
    requests
}

/// Writes a form with a file.
fn form(file: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"data.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
    )
}

/// Reads `uploading`: a file is taken as a whole.
pub(super) fn read(many: usize, body: &[u8]) -> Reading {
    let json: Value = from_slice(body).unwrap_or_default();
    if json.get("uploading").is_some_and(Value::is_object) {
        return Reading::all(many, &Verdict::Taken);
    }
    let why = "the answer names no upload: look whether it is among the uploads of the counter";
    Reading::all(many, &Verdict::Never(why.into()))
}
