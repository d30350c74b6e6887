//! Times as others write them: formats in the manner of strftime, epoch numbers, and naive local
//! times with a zone.
//!
//! A local time that the zone skipped moves forward by as much as the clock did: 02:30 in a night
//! without an hour from 02:00 is 03:30. One that came twice is the earlier, unless the map says the
//! later.

use std::fmt::Write;

use chrono::format::{Fixed, Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, LocalResult, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use trunkline_model::time::{Time, Tz};

use super::error::nearest;

/// One way to write a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Format {
    /// What the contract takes: RFC 3339 with an offset, or an epoch number told by its size.
    Contract,
    /// An epoch number that counts so many of these in a second.
    Epoch(i64),
    /// Of strftime.
    Pattern {
        items: Vec<Item<'static>>,
        has_offset: bool,
    },
}

/// Which of two equal local times is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fold {
    #[default]
    Earlier,
    Later,
}

const WORDS: [(&str, Format); 6] = [
    ("rfc3339", Format::Contract),
    ("epoch", Format::Contract),
    ("epoch_s", Format::Epoch(1)),
    ("epoch_ms", Format::Epoch(1_000)),
    ("epoch_us", Format::Epoch(1_000_000)),
    ("epoch_ns", Format::Epoch(1_000_000_000)),
];

impl Format {
    /// Reads a format; the error has a suggestion where a word was meant.
    pub(super) fn read(text: &str) -> Result<Self, (String, Option<String>)> {
        if let Some((_, format)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(format.clone());
        }
        if !text.contains('%') {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            let known = words.join(", ");
            let detail =
                format!("{text:?} is no format: write one like %d.%m.%Y %H:%M, or {known}");
            return Err((detail, nearest(text, words)));
        }
        let items = StrftimeItems::new(text).parse_to_owned();
        let items = items.map_err(|_| {
            (
                format!("{text:?} has a sign that is no part of a time"),
                None,
            )
        })?;
        let has_offset = items.iter().any(is_offset);
        if !is_whole(&items) {
            return Err((
                format!("{text:?} gives no full date, or a part of a time"),
                None,
            ));
        }
        Ok(Self::Pattern { items, has_offset })
    }

    /// Says whether what it reads is local and needs a zone.
    pub(super) fn is_naive(&self) -> bool {
        matches!(
            self,
            Self::Pattern {
                has_offset: false,
                ..
            }
        )
    }

    /// Reads a time; none where it is not written so.
    pub(super) fn time(&self, text: &str, zone: Tz, fold: Fold) -> Option<Time> {
        match self {
            Self::Contract => Time::parse(text).ok(),
            Self::Epoch(per_second) => epoch(text, *per_second),
            Self::Pattern { items, .. } => {
                let mut parsed = Parsed::new();
                parse(&mut parsed, text, items.iter()).ok()?;
                resolved(&parsed, zone, fold)
            }
        }
    }
}

/// Reads a time in a format of strftime, local to the zone if it has no offset.
pub(crate) fn local(format: &str, text: &str, zone: Tz) -> Option<Time> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
    resolved(&parsed, zone, Fold::Earlier)
}

fn is_offset(item: &Item<'_>) -> bool {
    is_lenient_offset(item)
        || matches!(
            item,
            Item::Fixed(
                Fixed::TimezoneOffset
                    | Fixed::TimezoneOffsetColon
                    | Fixed::TimezoneOffsetDoubleColon
                    | Fixed::TimezoneOffsetTripleColon
                    | Fixed::TimezoneOffsetColonZ
                    | Fixed::TimezoneOffsetZ
                    | Fixed::RFC2822
                    | Fixed::RFC3339
            )
        )
}

/// Says whether an item is `%#z`, which is read and cannot be written.
fn is_lenient_offset(item: &Item<'_>) -> bool {
    StrftimeItems::new("%#z").any(|lenient| lenient == *item)
}

/// Says whether a format gives a time, by reading with it what it wrote.
fn is_whole(items: &[Item<'_>]) -> bool {
    let items = items.iter().map(|item| match item {
        item if is_lenient_offset(item) => Item::Fixed(Fixed::TimezoneOffset),
        item => item.clone(),
    });
    let items: Vec<Item<'_>> = items.collect();
    let sample = DateTime::from_timestamp(951_782_399, 0).unwrap_or_default();
    let mut written = String::new();
    let mut parsed = Parsed::new();
    write!(written, "{}", sample.format_with_items(items.iter())).is_ok()
        && parse(&mut parsed, &written, items.iter()).is_ok()
        && resolved(&parsed, Tz::UTC, Fold::Earlier).is_some()
}

fn resolved(parsed: &Parsed, zone: Tz, fold: Fold) -> Option<Time> {
    let date = parsed.to_naive_date().ok()?;
    let time = match parsed.hour_div_12() {
        None if parsed.hour_mod_12().is_none() => NaiveTime::MIN,
        _ => parsed.to_naive_time().ok()?,
    };
    let local = date.and_time(time);
    match parsed.offset() {
        Some(seconds) => {
            let shift = TimeDelta::try_seconds(i64::from(seconds))?;
            let utc = local.checked_sub_signed(shift)?;
            accepted(utc.and_utc().timestamp_millis())
        }
        None => accepted(instant(local, zone, fold)?),
    }
}

/// Gives the instant of a local time, in milliseconds.
fn instant(local: NaiveDateTime, zone: Tz, fold: Fold) -> Option<i64> {
    match (zone.from_local_datetime(&local), fold) {
        (LocalResult::Single(at), _)
        | (LocalResult::Ambiguous(at, _), Fold::Earlier)
        | (LocalResult::Ambiguous(_, at), Fold::Later) => Some(at.timestamp_millis()),
        (LocalResult::None, _) => {
            // No clock was ever set forward by more than a day; the offset before the gap holds.
            let before = local.checked_sub_signed(TimeDelta::try_hours(25)?)?;
            let offset = zone.offset_from_utc_datetime(&before).fix();
            let utc = local.checked_sub_offset(offset)?;
            Some(utc.and_utc().timestamp_millis())
        }
    }
}

fn epoch(text: &str, per_second: i64) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    let thousandths = format!("{fraction:0<3}");
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match per_second {
        1 => {
            let thousandths: i64 = thousandths.get(..3)?.parse().ok()?;
            accepted(number.checked_mul(1_000)?.checked_add(thousandths)?)
        }
        _ => accepted(number / (per_second / 1_000)),
    }
}

/// Keeps to the times of the contract.
pub(super) fn accepted(millis: i64) -> Option<Time> {
    let time = Time(millis);
    (Time::MIN..=Time::MAX).contains(&time).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str, zone: Tz, fold: Fold) -> Option<String> {
        let format = Format::read(format).unwrap();
        format.time(text, zone, fold).map(|time| time.to_string())
    }

    #[test]
    fn times_are_read_as_their_format_says() {
        for (format, text, expected) in [
            (
                "rfc3339",
                "2026-03-01T10:00:00+02:00",
                "2026-03-01T08:00:00.000Z",
            ),
            ("epoch", "1700000000", "2023-11-14T22:13:20.000Z"),
            ("epoch_s", "1700000000.5", "2023-11-14T22:13:20.500Z"),
            ("epoch_ms", "1700000000500", "2023-11-14T22:13:20.500Z"),
            ("epoch_us", "1700000000500999", "2023-11-14T22:13:20.500Z"),
            (
                "%d.%m.%Y %H:%M",
                "01.03.2026 10:00",
                "2026-03-01T10:00:00.000Z",
            ),
            (
                "%y%m%d %H:%M:%S",
                "990201 7:02:47",
                "1999-02-01T07:02:47.000Z",
            ),
            (
                "%m/%d/%Y %I:%M:%S %p",
                "3/1/2026 1:02:03 PM",
                "2026-03-01T13:02:03.000Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S%.f",
                "2026-03-01 10:00:00.25",
                "2026-03-01T10:00:00.250Z",
            ),
            ("%Y-%m-%d", "2026-03-01", "2026-03-01T00:00:00.000Z"),
            (
                "%Y-%m-%d %H:%M %z",
                "2026-03-01 10:00 -0330",
                "2026-03-01T13:30:00.000Z",
            ),
            (
                "%Y-%m-%d %H:%M:%S%#z",
                "2026-03-01 10:00:00+02",
                "2026-03-01T08:00:00.000Z",
            ),
            (
                "%a, %d %b %Y %T %z",
                "Sun, 01 Mar 2026 10:00:00 +0000",
                "2026-03-01T10:00:00.000Z",
            ),
        ] {
            let got = read(format, text, Tz::UTC, Fold::Earlier);
            assert_eq!(got.as_deref(), Some(expected), "{format} {text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_or_lies_outside_is_no_time() {
        for (format, text) in [
            ("%d.%m.%Y", "2026-03-01"),
            ("%d.%m.%Y", "31.02.2026"),
            ("%d.%m.%Y", "01.03.1969"),
            ("%Y-%m-%d %H:%M", "2026-03-01 24:01"),
            ("epoch_s", "soon"),
            ("epoch_s", "99999999999"),
            ("rfc3339", "2026-03-01 10:00"),
        ] {
            assert_eq!(read(format, text, Tz::UTC, Fold::Earlier), None, "{text}");
        }
    }

    #[test]
    fn a_missing_hour_moves_forward_and_a_doubled_one_is_the_earlier() {
        let format = "%Y-%m-%d %H:%M";
        let madrid = |text, fold| read(format, text, Tz::Europe__Madrid, fold).unwrap();
        // 29 March 2026: 02:00 +01 is followed by 03:00 +02.
        assert_eq!(
            madrid("2026-03-29 01:59", Fold::Earlier),
            "2026-03-29T00:59:00.000Z"
        );
        assert_eq!(
            madrid("2026-03-29 02:30", Fold::Earlier),
            "2026-03-29T01:30:00.000Z"
        );
        assert_eq!(
            madrid("2026-03-29 02:30", Fold::Later),
            "2026-03-29T01:30:00.000Z"
        );
        assert_eq!(
            madrid("2026-03-29 03:30", Fold::Earlier),
            "2026-03-29T01:30:00.000Z"
        );
        // 25 October 2026: 03:00 +02 is followed by 02:00 +01.
        assert_eq!(
            madrid("2026-10-25 02:30", Fold::Earlier),
            "2026-10-25T00:30:00.000Z"
        );
        assert_eq!(
            madrid("2026-10-25 02:30", Fold::Later),
            "2026-10-25T01:30:00.000Z"
        );
        // Samoa went without 30 December 2011.
        let samoa = read("%Y-%m-%d", "2011-12-30", Tz::Pacific__Apia, Fold::Earlier).unwrap();
        assert_eq!(samoa, "2011-12-30T10:00:00.000Z");
    }

    #[test]
    fn a_format_without_a_date_or_with_a_strange_sign_is_refused() {
        assert_eq!(
            Format::read("epoc_ms").unwrap_err().1.as_deref(),
            Some("epoch_ms")
        );
        for wrong in [
            "%H:%M",
            "%d.%m %H:%M",
            "%Y-%m-%d %H",
            "%Y-%m-%d %I:%M",
            "%s",
            "%Q",
            "yyyy-mm-dd",
        ] {
            assert!(Format::read(wrong).is_err(), "{wrong}");
        }
        assert!(Format::read("%d.%m.%Y").unwrap().is_naive());
        assert!(Format::read("%d.%m.%Y %H%M%S%3f").unwrap().is_naive());
        assert!(!Format::read("%d.%m.%Y %z").unwrap().is_naive());
    }
}
