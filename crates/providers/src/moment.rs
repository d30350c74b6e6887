//! Times as providers write them: the contract's own, an offset without its colon, and local times
//! without an offset, which need a zone.

use trunkline_model::time::{Time, Tz};

use crate::map::local;

/// Reads a time; none where it is not written in one of the ways providers use.
pub(crate) fn moment(text: &str, zone: Tz) -> Option<Time> {
    const WAYS: [&str; 4] = [
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
    ];
    let text = text.trim();
    let own = Time::parse(text).ok();
    own.or_else(|| WAYS.iter().find_map(|way| local(way, text, zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_providers_write_them() {
        for (text, expected) in [
            ("1772452800", Some("2026-03-02T12:00:00.000Z")),
            ("1772452800123", Some("2026-03-02T12:00:00.123Z")),
            (
                "2026-03-02T13:00:00.123+0100",
                Some("2026-03-02T12:00:00.123Z"),
            ),
            ("2026-03-02 13:00:00", Some("2026-03-02T12:00:00.000Z")),
            ("2026-03-02T13:00:00", Some("2026-03-02T12:00:00.000Z")),
            // 29 March 2026: Madrid has no 02:30; it is as late as 03:30.
            ("2026-03-29 02:30:00", Some("2026-03-29T01:30:00.000Z")),
            ("yesterday", None),
            ("", None),
        ] {
            let read = moment(text, Tz::Europe__Madrid).map(|time| time.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
