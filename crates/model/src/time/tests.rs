use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Result<Time, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn one_instant_in_all_its_spellings() {
    // 2026-03-01T10:00:00.250Z, by `date -u -d ... +%s`.
    let expected = Time(1_772_359_200_250);
    for spelling in [
        "\"2026-03-01T10:00:00.250Z\"",
        "\"2026-03-01T10:00:00.25Z\"",
        "\"2026-03-01t10:00:00.2509999z\"",
        "\"2026-03-01 10:00:00.250+00:00\"",
        "\"2026-03-01T11:00:00.250+01:00\"",
        "\"2026-03-01T15:30:00.250+05:30\"",
        "\"2026-02-28T22:00:00.250-12:00\"",
        "1772359200.25",
        "1772359200.2509",
        "1772359200250",
        "1772359200250.9",
        "1772359200250000",
        "1772359200250999",
        "1772359200250999.5",
        "1.77235920025e12",
        "\"1772359200.25\"",
        "\"1772359200.2509\"",
        "\"1772359200250\"",
        "\"1772359200250.9\"",
        "\"1772359200250000\"",
    ] {
        assert_eq!(json(spelling).unwrap(), expected, "{spelling}");
    }
    assert_eq!(expected.to_string(), "2026-03-01T10:00:00.250Z");
    assert_eq!(
        serde_json::to_string(&expected).unwrap(),
        "\"2026-03-01T10:00:00.250Z\""
    );
}

#[test]
fn the_size_of_a_number_tells_its_unit() {
    // 1e11 seconds would be the year 5138; as milliseconds it is 1973.
    assert_eq!(json("4102444800").unwrap(), Time::MAX);
    assert_eq!(json("100000000000").unwrap(), Time(100_000_000_000));
    assert_eq!(json("100000000000000").unwrap(), Time(100_000_000_000));
    assert!(json("99999999999").is_err());
    assert!(json("99999999999999").is_err());
    assert!(json("4102444800001000").is_err());
}

#[test]
fn times_lie_between_1970_and_2100() {
    assert_eq!(json("0").unwrap(), Time(0));
    assert_eq!(json("\"1970-01-01T01:00:00+01:00\"").unwrap(), Time(0));
    assert_eq!(json("\"2100-01-01T00:00:00Z\"").unwrap(), Time::MAX);
    for outside in [
        "-1",
        "-0.001",
        "\"1969-12-31T23:59:59.999Z\"",
        "\"2100-01-01T00:00:00.001Z\"",
        "\"1970-01-01T00:00:00+00:01\"",
        "1e300",
        "18446744073709551615",
        "\"99999999999999999\"",
    ] {
        assert!(json(outside).is_err(), "{outside}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00Z",
        "2026-03-01T10:00:00.Z",
        "2026-03-01T10:00:00+0100",
        "2026-03-01T10:00:00+24:00",
        "2026-03-01T10:00:00Z ",
        "2026-02-29T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-03-00T10:00:00Z",
        "2026-04-31T10:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T10:60:00Z",
        "2026-03-01T10:00:61Z",
        "20a6-03-01T10:00:00Z",
        "12-4-5678",
        " 1772359200",
        "1772359200.",
        ".5",
        "1772359200.2x",
        "1772359200.2509x",
        "1e9",
        "-1",
        "٢٠٢٦-03-01T10:00:00Z",
    ] {
        assert!(Time::parse(text).is_err(), "{text}");
    }
    for value in ["true", "null", "[]", "{}"] {
        assert!(json(value).is_err(), "{value}");
    }
}

#[test]
fn a_leap_second_is_the_second_after_it() {
    let leap = Time::parse("2016-12-31T23:59:60Z").unwrap();
    assert_eq!(leap, Time::parse("2017-01-01T00:00:00Z").unwrap());
}

#[test]
fn leap_days_exist_in_leap_years_only() {
    for (day, exists) in [
        ("2024-02-29", true),
        ("2000-02-29", true),
        ("2023-02-29", false),
    ] {
        assert_eq!(
            Time::parse(&format!("{day}T00:00:00Z")).is_ok(),
            exists,
            "{day}"
        );
        assert_eq!(Day::parse(day).is_some(), exists, "{day}");
    }
    // 2100 is no leap year, but lies outside anyway.
    assert!(Day::parse("2100-02-29").is_none());
}

#[test]
fn a_day_is_a_date_and_nothing_else() {
    assert_eq!(Day::parse("1970-01-02").unwrap().number(), 1);
    assert_eq!(Day::parse("2026-03-01").unwrap().to_string(), "2026-03-01");
    for text in [
        "",
        "2026-3-1",
        "2026-03-01T00:00:00Z",
        "1969-12-31",
        "2101-01-01",
        "+026-03-01",
    ] {
        assert_eq!(Day::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn every_millisecond_agrees_with_chrono(
        millis in 0..=Time::MAX.0,
        offset in -23 * 60_i32..=23 * 60,
    ) {
        let offset = chrono::FixedOffset::east_opt(offset * 60).unwrap();
        let at = chrono::DateTime::from_timestamp_millis(millis).unwrap();
        let spelled = at.with_timezone(&offset).to_rfc3339();
        prop_assert_eq!(Time::parse(&spelled), Ok(Time(millis)), "{}", spelled);
        let utc = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        prop_assert_eq!(Time(millis).to_string(), utc);
        prop_assert_eq!(Time::parse(&Time(millis).to_string()), Ok(Time(millis)));
    }

    #[test]
    fn epoch_numbers_agree_in_all_units(millis in 100_000_000_000..=Time::MAX.0) {
        let (seconds, rest) = (millis / 1_000, millis % 1_000);
        for spelling in [
            format!("{seconds}.{rest:03}"),
            format!("\"{seconds}.{rest:03}\""),
            format!("{millis}"),
            format!("{millis}000"),
            format!("\"{millis}\""),
        ] {
            prop_assert_eq!(json(&spelling).unwrap(), Time(millis), "{}", spelling);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC*", digits in "[0-9.eE+:TZ-]{0,30}") {
        let _ = Time::parse(&text);
        let _ = Time::parse(&digits);
    }
}
