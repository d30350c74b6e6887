//! From text and numbers to [`Time`]: one pass over the bytes, no allocation.

use super::{Time, TimeError, civil};

/// The texts that may be a time, for the JSON Schema.
pub(super) const PATTERN: &str = "^([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}\
    (\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})|[0-9]{1,17}(\\.[0-9]+)?)$";

/// Beyond this no unit gives an accepted time; it keeps the arithmetic inside 64 bits.
const LARGEST: u64 = 100_000_000_000_000_000;

/// What an epoch number counts, told by its size.
enum Unit {
    Seconds,
    Millis,
    Micros,
}

impl Unit {
    const fn of(number: u64) -> Self {
        if number < 100_000_000_000 {
            Self::Seconds
        } else if number < 100_000_000_000_000 {
            Self::Millis
        } else {
            Self::Micros
        }
    }
}

pub(super) fn text(text: &str) -> Result<Time, TimeError> {
    let bytes = text.as_bytes();
    match bytes.get(4) {
        Some(b'-') => rfc3339(bytes),
        _ => digits(bytes),
    }
}

/// Reads an epoch number: its whole part and the first three digits after the point.
pub(super) fn epoch(whole: u64, thousandths: u64) -> Result<Time, TimeError> {
    if whole >= LARGEST {
        return Err(TimeError::OutOfRange);
    }
    let millis = match Unit::of(whole) {
        Unit::Seconds => whole * 1_000 + thousandths,
        Unit::Millis => whole,
        Unit::Micros => whole / 1_000,
    };
    Time::accepted(millis as i64)
}

/// Reads an epoch number with a fraction, rounded to the microsecond (finer than what a double
/// holds at these sizes) and then cut to the millisecond, as its digits would be.
pub(super) fn float(number: f64) -> Result<Time, TimeError> {
    // `contains` is false for NaN.
    if !(0.0..LARGEST as f64).contains(&number) {
        return Err(TimeError::OutOfRange);
    }
    let micros = match Unit::of(number as u64) {
        Unit::Seconds => (number * 1e6).round(),
        Unit::Millis => (number * 1e3).round(),
        Unit::Micros => number,
    };
    Time::accepted(micros as i64 / 1_000)
}

fn digits(bytes: &[u8]) -> Result<Time, TimeError> {
    let point = bytes
        .iter()
        .position(|byte| *byte == b'.')
        .unwrap_or(bytes.len());
    let (whole, rest) = bytes.split_at(point);
    if whole.is_empty() || whole.len() > 17 || rest.len() == 1 {
        return Err(TimeError::Malformed);
    }
    let whole = whole
        .iter()
        .try_fold(0_u64, |sum, byte| Some(sum * 10 + digit(*byte)?));
    let thousandths = fraction(rest.get(1..).unwrap_or_default());
    match (whole, thousandths) {
        (Some(whole), Some(thousandths)) => epoch(whole, thousandths),
        _ => Err(TimeError::Malformed),
    }
}

fn rfc3339(bytes: &[u8]) -> Result<Time, TimeError> {
    const BAD: TimeError = TimeError::Malformed;
    let (head, tail) = bytes.split_first_chunk::<19>().ok_or(BAD)?;
    let seconds = local_seconds(head).ok_or(BAD)?;
    let (millis, zone) = match tail.split_first() {
        Some((b'.', rest)) => {
            let end = rest.iter().position(|b| !b.is_ascii_digit()).ok_or(BAD)?;
            let (digits, zone) = rest.split_at(end);
            if digits.is_empty() {
                return Err(BAD);
            }
            (fraction(digits).ok_or(BAD)?, zone)
        }
        _ => (0, tail),
    };
    let seconds = seconds - offset_seconds(zone).ok_or(BAD)?;
    Time::accepted(seconds * 1_000 + millis as i64)
}

/// Reads `YYYY-MM-DDTHH:MM:SS` as if it were UTC; a leap second is the second after it.
fn local_seconds(b: &[u8; 19]) -> Option<i64> {
    let marks = [b[4], b[7], b[13], b[16]] == *b"--::" && matches!(b[10], b'T' | b't' | b' ');
    let year = two(b[0], b[1])? * 100 + two(b[2], b[3])?;
    let (month, day) = (two(b[5], b[6])?, two(b[8], b[9])?);
    let (hour, minute, second) = (two(b[11], b[12])?, two(b[14], b[15])?, two(b[17], b[18])?);
    let in_range = hour < 24 && minute < 60 && second <= 60;
    if !(marks && in_range && civil::is_date(year, month, day)) {
        return None;
    }
    let days = civil::to_days(year, month, day);
    Some(days * 86_400 + i64::from(hour * 3_600 + minute * 60 + second))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let (sign, zone) = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = zone else {
        return None;
    };
    let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
}

/// Reads the digits after a point as thousandths and checks the rest.
fn fraction(digits: &[u8]) -> Option<u64> {
    let mut thousandths = 0;
    for place in 0..3 {
        thousandths = thousandths * 10 + digits.get(place).map_or(Some(0), |byte| digit(*byte))?;
    }
    digits
        .iter()
        .skip(3)
        .all(u8::is_ascii_digit)
        .then_some(thousandths)
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

fn digit(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}
