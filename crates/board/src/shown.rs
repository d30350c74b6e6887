//! Figures as people read them: grouped counts, lengths of time, percentages, local times, and how
//! one differs from another.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use trunkline_model::time::Time;
use trunkline_reports::Value;

/// Between the groups of a number and before a unit: narrow, and no line breaks there.
const THIN: char = '\u{202f}';
/// What stands where there is no figure.
pub(crate) const NONE: &str = "–";

/// Writes a value for a reader.
pub(crate) fn value(value: &Value, zone: Tz) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Count(count) => grouped(*count),
        Value::Millis(ms) => span(*ms),
        Value::Share(parts) => percent(*parts),
        Value::Ratio(_) => fraction(value.to_string().trim_end_matches('0')),
        Value::Money(..) => fraction(&value.to_string()),
        Value::Time(at) => moment(*at, zone),
        Value::Text(text) => text.clone(),
    }
}

/// Writes a figure for a reader: what is a part of the spend in hundredths.
pub(crate) fn figure(name: &str, of: &Value, zone: Tz) -> String {
    match of {
        Value::Ratio(parts) if name == "roi" => {
            let sign = if *parts < 0 { "\u{2212}" } else { "" };
            format!("{sign}{}", percent(parts.unsigned_abs()))
        }
        of => value(of, zone),
    }
}

/// Writes a value exactly, with its unit, for who points at it.
pub(crate) fn exact(value: &Value) -> String {
    match value {
        Value::Millis(_) => format!("{value} s"),
        Value::Null => "no data".to_owned(),
        value => value.to_string(),
    }
}

/// Writes a whole number in groups of three.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * THIN.len_utf8());
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// Writes a decimal with its whole part in groups of three.
fn fraction(text: &str) -> String {
    let (sign, size) = text
        .strip_prefix('-')
        .map_or(("", text), |size| ("-", size));
    let (whole, rest) = size.split_once('.').unwrap_or((size, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{rest}")
}

/// Writes a length of time in its two greatest units.
pub(crate) fn span(ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if seconds < 60 => format!("{seconds}{THIN}s"),
        () if minutes < 10 => format!("{minutes}{THIN}m {:02}{THIN}s", seconds % 60),
        () if hours < 1 => format!("{minutes}{THIN}m"),
        () if days < 1 => format!("{hours}{THIN}h {:02}{THIN}m", minutes % 60),
        () => format!("{days}{THIN}d {:02}{THIN}h", hours % 24),
    }
}

fn percent(parts: u64) -> String {
    format!("{}.{}{THIN}%", (parts + 5) / 100, (parts + 5) / 10 % 10)
}

/// Writes an instant by the local clock.
pub(crate) fn moment(at: Time, zone: Tz) -> String {
    local(at, zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Gives an instant on the local clock.
pub(crate) fn local(at: Time, zone: Tz) -> DateTime<Tz> {
    let utc = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    zone.from_utc_datetime(&utc.naive_utc())
}

/// How a figure differs from that of the period before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Such as `+12 %`.
    pub(crate) text: String,
    /// What it means: `good`, `bad` or `even`; more or less of what is neither is `even`.
    pub(crate) tone: &'static str,
}

/// Whether more of a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
    Neither,
}

/// Tells how `now` differs from `before`; nothing where one of them is missing.
pub(crate) fn change(now: &Value, before: &Value, better: Better) -> Option<Change> {
    let (difference, unit) = match (now, before) {
        (Value::Share(now), Value::Share(before)) => {
            ((*now as f64 - *before as f64) / 100.0, "points")
        }
        (Value::Count(now), Value::Count(before)) if *before > 0 => {
            ((*now as f64 / *before as f64 - 1.0) * 100.0, "%")
        }
        (Value::Millis(now), Value::Millis(before))
        | (Value::Ratio(now), Value::Ratio(before))
        | (Value::Money(now, _), Value::Money(before, _))
            if *before > 0 =>
        {
            ((*now as f64 / *before as f64 - 1.0) * 100.0, "%")
        }
        _ => return None,
    };
    let rounded = if unit == "%" {
        format!("{:.0}", difference.abs())
    } else {
        format!("{:.1}", difference.abs())
    };
    if rounded.trim_matches(['0', '.']).is_empty() {
        let text = "no change".to_owned();
        return Some(Change { text, tone: "even" });
    }
    let (sign, more) = if difference > 0.0 {
        ('+', Better::More)
    } else {
        ('\u{2212}', Better::Less)
    };
    let tone = match better {
        Better::Neither => "even",
        better if better == more => "good",
        _ => "bad",
    };
    let text = format!("{sign}{rounded}{THIN}{unit}");
    Some(Change { text, tone })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(THIN, " ")
    }

    #[test]
    fn money_and_parts_are_grouped_before_the_point() {
        let shown = |shown: Value| plain(&value(&shown, Tz::UTC));
        assert_eq!(shown(Value::Money(-123_456_705, 2)), "-1 234 567.05");
        assert_eq!(shown(Value::Money(1_234, 0)), "1 234");
        assert_eq!(shown(Value::Ratio(12_340_000)), "1 234");
        assert_eq!(shown(Value::Ratio(-3_500)), "-0.35");
        let roi = |parts| plain(&figure("roi", &Value::Ratio(parts), Tz::UTC));
        assert_eq!(
            [roi(-6_553), roi(29_801), roi(0)],
            ["\u{2212}65.5 %", "298.0 %", "0.0 %"]
        );
    }

    #[test]
    fn counts_are_grouped_and_times_have_two_units() {
        let counts = [0, 12, 123, 1_234, 1_234_567].map(|it| plain(&grouped(it)));
        assert_eq!(counts, ["0", "12", "123", "1 234", "1 234 567"]);
        let spans = [
            (0, "0 s"),
            (59_499, "59 s"),
            (59_500, "1 m 00 s"),
            (134_000, "2 m 14 s"),
            (600_000, "10 m"),
            (3_599_000, "59 m"),
            (3_900_000, "1 h 05 m"),
            (90_000_000, "1 d 01 h"),
        ];
        for (ms, text) in spans {
            assert_eq!(plain(&span(ms)), text, "{ms}");
        }
        let zone = chrono_tz::Europe::Madrid;
        assert_eq!(plain(&value(&Value::Share(9_996), zone)), "100.0 %");
        assert_eq!(plain(&value(&Value::Share(333), zone)), "3.3 %");
        assert_eq!(value(&Value::Time(Time(0)), zone), "1970-01-01 01:00:00");
    }

    #[test]
    fn a_change_says_which_way_is_good() {
        let told = |now, before, better| {
            change(&now, &before, better).map(|it| (plain(&it.text), it.tone))
        };
        let (c, m, s) = (Value::Count, Value::Millis, Value::Share);
        let some = |text: &str, tone| Some((text.to_owned(), tone));
        assert_eq!(told(c(112), c(100), Better::Neither), some("+12 %", "even"));
        assert_eq!(
            told(m(50), m(100), Better::Less),
            some("\u{2212}50 %", "good")
        );
        assert_eq!(told(m(150), m(100), Better::Less), some("+50 %", "bad"));
        assert_eq!(
            told(s(9_000), s(9_150), Better::More),
            some("\u{2212}1.5 points", "bad")
        );
        assert_eq!(told(c(7), c(7), Better::More), some("no change", "even"));
        assert_eq!(told(c(7), c(0), Better::More), None);
        let (r, money) = (Value::Ratio, |units| Value::Money(units, 2));
        assert_eq!(
            told(r(15_000), r(10_000), Better::More),
            some("+50 %", "good")
        );
        assert_eq!(
            told(money(900), money(1_000), Better::Less),
            some("\u{2212}10 %", "good")
        );
        assert_eq!(told(r(5), r(-5), Better::More), None);
        assert_eq!(told(m(7), Value::Null, Better::Less), None);
    }
}
