//! Numbers as people and exports write them, as the digits of a JSON number.
//!
//! A format is a sample: `1.234,56` says that points group thousands and a comma marks the
//! fraction. `h:mm:ss` is a length of time, in seconds; `ms` one in milliseconds. The digits are
//! never rounded.

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Digits with this mark before the fraction, in groups divided by that.
    Digits { mark: char, group: Option<char> },
    /// `h:mm:ss` or `mm:ss`.
    Clock,
    /// Whole milliseconds, given as seconds.
    Millis,
}

/// The samples, with what each says.
pub(super) const FORMATS: [(&str, Format); 10] = [
    ("1234.56", digits('.', None)),
    ("1234,56", digits(',', None)),
    ("1,234.56", digits('.', Some(','))),
    ("1.234,56", digits(',', Some('.'))),
    ("1 234.56", digits('.', Some(' '))),
    ("1 234,56", digits(',', Some(' '))),
    ("1'234.56", digits('.', Some('\''))),
    ("h:mm:ss", Format::Clock),
    ("mm:ss", Format::Clock),
    ("ms", Format::Millis),
];

const fn digits(mark: char, group: Option<char>) -> Format {
    Format::Digits { mark, group }
}

impl Format {
    /// What holds where a map says nothing.
    pub(super) const PLAIN: Self = digits('.', None);

    /// Reads a number as the digits of a JSON number.
    pub(super) fn read(self, text: &str) -> Option<String> {
        match self {
            Self::Digits { mark, group } => decimal(text, mark, group),
            Self::Clock => clock(text),
            Self::Millis => shifted(text),
        }
    }
}

fn decimal(text: &str, mark: char, group: Option<char>) -> Option<String> {
    let (sign, digits) = signed(text);
    let (whole, fraction) = match digits.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let whole = match group {
        Some(group) => ungrouped(whole, group)?,
        None => whole.to_owned(),
    };
    let fraction = fraction.unwrap_or_default();
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    written(sign, &whole, fraction)
}

/// Takes the marks between groups out: each of them has three digits behind it. A thin or hard
/// space is a space.
fn ungrouped(whole: &str, group: char) -> Option<String> {
    let is_group = |c: char| c == group || (group == ' ' && c.is_whitespace());
    let mut groups = whole.split(is_group);
    let first = groups.next()?;
    let mut joined = first.to_owned();
    for next in groups {
        if next.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        joined.push_str(next);
    }
    Some(joined)
}

fn signed(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

fn written(sign: &str, whole: &str, fraction: &str) -> Option<String> {
    let all = whole.bytes().chain(fraction.bytes());
    if !all.into_iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Reads `h:mm:ss` or `mm:ss`, with a fraction of the second if there is one, as seconds.
fn clock(text: &str) -> Option<String> {
    let (sign, text) = signed(text);
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut seconds: u64 = 0;
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    for (place, part) in parts.iter().enumerate() {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let value: u64 = is_number.then(|| part.parse().ok()).flatten()?;
        if place > 0 && (value >= 60 || part.len() != 2) {
            return None;
        }
        seconds = seconds.checked_mul(60)?.checked_add(value)?;
    }
    written(sign, &seconds.to_string(), fraction)
}

/// Reads whole milliseconds as seconds.
fn shifted(text: &str) -> Option<String> {
    let (sign, digits) = signed(text);
    let padded = format!("{digits:0>4}");
    let (whole, fraction) = padded.split_at_checked(padded.len() - 3)?;
    if digits.is_empty() {
        return None;
    }
    written(sign, whole, fraction)
}

/// Reads seconds, plain or as `h:mm:ss`, in milliseconds; what is finer is cut off.
pub(super) fn millis(text: &str) -> Option<i64> {
    let digits = clock(text).or_else(|| Format::PLAIN.read(text))?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, digits.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    whole
        .checked_mul(1_000)?
        .checked_add(thousandths)
        .map(|millis| sign * millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sample: &str, text: &str) -> Option<String> {
        let known = FORMATS.iter().find(|(known, _)| *known == sample);
        known.unwrap().1.read(text)
    }

    #[test]
    fn numbers_are_read_as_their_sample_says() {
        for (sample, text, expected) in [
            ("1234.56", "0012.50", "12.50"),
            ("1234.56", "-3", "-3"),
            ("1234.56", "+.5", "0.5"),
            ("1234.56", "7.", "7"),
            ("1234,56", "1234,5", "1234.5"),
            ("1,234.56", "1,234,567.89", "1234567.89"),
            ("1,234.56", "1234.5", "1234.5"),
            ("1.234,56", "1.234,56", "1234.56"),
            ("1 234,56", "1\u{a0}234,56", "1234.56"),
            ("1'234.56", "-1'000", "-1000"),
            ("h:mm:ss", "0:02:46", "166"),
            ("h:mm:ss", "100:00:00.250", "360000.250"),
            ("mm:ss", "75:05", "4505"),
            ("ms", "1500", "1.500"),
            ("ms", "-7", "-0.007"),
        ] {
            assert_eq!(read(sample, text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_number() {
        for (sample, text) in [
            ("1234.56", "1,5"),
            ("1234.56", "1e5"),
            ("1234.56", ""),
            ("1234.56", "."),
            ("1234.56", "--1"),
            ("1,234.56", "1,23"),
            ("1,234.56", ",123"),
            ("1.234,56", "1.5"),
            ("h:mm:ss", "1:60:00"),
            ("h:mm:ss", "7"),
            ("h:mm:ss", "1:2:3:4"),
            ("ms", "1.5"),
            ("ms", ""),
            ("ms", "ä1"),
        ] {
            assert_eq!(read(sample, text), None, "{sample} {text}");
        }
    }

    #[test]
    fn seconds_are_read_to_the_millisecond() {
        assert_eq!(millis("166"), Some(166_000));
        assert_eq!(millis("-1.2345"), Some(-1_234));
        assert_eq!(millis("0:01:00.5"), Some(60_500));
        assert_eq!(millis("soon"), None);
    }
}
