use serde_json::{Value, json};

use super::*;

fn now() -> Time {
    Time::parse("2026-03-05T08:00:00Z").unwrap()
}

fn beside() -> Beside {
    Beside {
        source: "google".to_owned(),
        medium: "cpc".to_owned(),
        currency: "eur".to_owned(),
    }
}

fn read(file: &str, beside: &Beside) -> Statements {
    statements(file.as_bytes(), beside, now()).unwrap()
}

fn events(said: &Statements) -> Vec<(u64, Value)> {
    let parsed = said.events.iter();
    parsed
        .map(|(line, event)| (*line, serde_json::from_str(event).unwrap()))
        .collect()
}

fn spend(campaign: &str, amount: &str, as_of: &str) -> Value {
    json!({"type": "spend", "date": "2026-03-02", "source": "google", "medium": "cpc",
        "campaign": campaign, "amount": amount, "currency": "EUR", "as_of": as_of})
}

#[test]
fn a_plain_file_is_read_by_its_columns_with_the_lines_of_its_rows() {
    let file = "\u{feff}date,source,medium,campaign,content,term,amount,currency,as_of\r\n\
                2026-03-02,google,cpc,brand,,,100.50,EUR,\r\n\r\n\
                2026-03-02,google,cpc,\"new\r\nline\",,,7,eur,2026-03-03T08:00:00Z\r\n\
                2026-03-02,,cpc,brand,,,1,EUR,\r\n\
                2026-03-02,google,cpc\r\n";
    let said = read(file, &Beside::default());
    assert_eq!(
        events(&said),
        [
            (2, spend("brand", "100.50", "2026-03-05T08:00:00.000Z")),
            (4, spend("new\nline", "7", "2026-03-03T08:00:00.000Z")),
        ]
    );
    let refused: Vec<_> = said.refused.iter().map(|(line, _)| *line).collect();
    assert_eq!(refused, [6, 7], "{:?}", said.refused);
    assert_eq!(said.refused[0].1, "its source is empty");
    assert!(said.refused[1].1.contains("3 cells under 9 columns"));
}

#[test]
fn exports_of_those_who_sell_clicks_are_read_as_they_are() {
    let google = "Campaign report\nMarch 2, 2026 - March 2, 2026\n\
                  Day,Campaign,Currency code,Cost,Clicks\n\
                  2026-03-02,brand,EUR,\"1,234.50\",7\nTotal: Campaigns, --,EUR,\"1,234.50\",7\n";
    let said = read(google, &beside());
    let as_of = "2026-03-05T08:00:00.000Z";
    assert_eq!(events(&said), [(4, spend("brand", "1234.50", as_of))]);
    assert_eq!((said.sums, said.refused.len()), (1, 0));

    let yandex = "Отчёт за 2 марта\nДата;Кампания;Расход (руб.)\n02.03.2026;brand;1 234,50\nИтого;;1 234,50\n";
    let mut expected = spend("brand", "1234.50", as_of);
    expected["currency"] = json!("RUB");
    let said = read(yandex, &beside());
    assert_eq!(events(&said), [(3, expected)]);

    // As Google's table for a spreadsheet: UTF-16 with tabs.
    let units = "Day\tCampaign\tCost\r\n2026-03-02\tbrand\t5\r\n".encode_utf16();
    let file: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(units.flat_map(u16::to_le_bytes))
        .collect();
    let said = statements(&file, &beside(), now()).unwrap();
    assert_eq!(events(&said), [(2, spend("brand", "5", as_of))]);
}

#[test]
fn two_rows_that_state_the_same_are_never_both_taken() {
    let file = "date,source,campaign,amount,currency\n2026-03-02,google,brand,5,EUR\n\
                2026-03-02,google,spring,5,EUR\n2026-03-02,google,brand,6,EUR\n";
    let said = read(file, &Beside::default());
    assert_eq!(said.events.len(), 2);
    assert_eq!(said.refused[0].0, 4);
    assert!(said.refused[0].1.starts_with("line 2 states the same"));
}

#[test]
fn what_is_no_table_of_spend_is_told_apart() {
    let told =
        |file: &[u8], beside: &Beside| statements(file, beside, now()).unwrap_err().to_string();
    let none = Beside::default();
    for (file, part) in [
        (&b""[..], "it is empty"),
        (b"hello\nworld\n", "no line at its beginning names a column"),
        (b"date,amount\n2026-03-02,5\n", "no column of the source"),
        (
            b"date,source,amount\n2026-03-02,x,5\n",
            "no column of the currency",
        ),
        (b"PK\x03\x04\0\0", "it is no text"),
        (b"\xcf\xf0\xe8\xe2\xe5\xf2", "it is not UTF-8"),
    ] {
        let told = told(file, &none);
        assert!(told.contains(part), "{told}");
    }
    let mut long = "date,source,amount,currency\n".to_owned();
    for row in 0..=ROWS {
        long.extend(["2026-03-02,s", &row.to_string(), ",5,EUR\n"]);
    }
    assert!(told(long.as_bytes(), &none).contains("more than 20000 rows"));
}

#[test]
fn amounts_are_read_as_they_are_written_unless_they_mean_two_things() {
    for (text, read) in [
        ("100.50", Some("100.50")),
        ("-3", Some("-3")),
        ("1,234.50", Some("1234.50")),
        ("1.234,50", Some("1234.50")),
        ("1 234,5", Some("1234.5")),
        ("1\u{a0}234", Some("1234")),
        ("1,234,567", Some("1234567")),
        ("1.234.567", Some("1234567")),
        ("12,50", Some("12.50")),
        ("1,234", None),
        ("", None),
        (" --", None),
        ("5 EUR", None),
        ("1.2,3.4", None),
    ] {
        assert_eq!(cells::amount(text).ok().as_deref(), read, "{text}");
    }
    for (text, read) in [
        ("2026-03-02", Some("2026-03-02")),
        ("2026/3/2", Some("2026-03-02")),
        ("2.3.2026", Some("2026-03-02")),
        ("03/02/2026", None),
        ("2026-02-30", None),
        ("", None),
    ] {
        assert_eq!(cells::day(text).ok().as_deref(), read, "{text}");
    }
}
