//! Which column is which: our names, those of tags, and those that the exports of Google Ads and
//! Yandex Direct have (recalled, not documented to us).

use trunkline_model::time::Time;

use super::{Beside, Fields, cells};

/// The fields of the map, each with what its column is called, the finest first.
const NAMES: [(&str, &[&str]); 9] = [
    ("date", &["date", "day", "дата", "день"]),
    ("source", &["source", "utm_source"]),
    ("medium", &["medium", "utm_medium"]),
    (
        "campaign",
        &[
            "campaign",
            "utm_campaign",
            "campaign name",
            "campaignname",
            "название кампании",
            "кампания",
        ],
    ),
    (
        "content",
        &[
            "content",
            "utm_content",
            "ad name",
            "ad",
            "ad group name",
            "ad group",
            "adgroupname",
            "название группы",
            "группа",
        ],
    ),
    (
        "term",
        &[
            "term",
            "utm_term",
            "search keyword",
            "keyword",
            "ключевая фраза",
            "фраза",
        ],
    ),
    (
        "amount",
        &[
            "amount",
            "amount spent",
            "cost",
            "spend",
            "расход",
            "стоимость",
        ],
    ),
    ("currency", &["currency", "currency code", "валюта"]),
    ("as_of", &["as_of", "as of"]),
];

/// The columns of a table.
pub(super) struct Columns {
    /// Where each field of [`NAMES`] stands.
    places: [Option<usize>; 9],
    /// How many there are.
    width: usize,
    /// The currency that the name of the column of amounts says.
    currency: Option<String>,
}

impl Columns {
    /// Reads a line of names; none if it is not one.
    pub(super) fn named(cells: &[String]) -> Option<Self> {
        let names: Vec<(String, Option<String>)> = cells.iter().map(|cell| bare(cell)).collect();
        let place = |wanted: &[&str]| {
            let mut wanted = wanted.iter();
            wanted.find_map(|wanted| names.iter().position(|(name, _)| name == wanted))
        };
        let places = NAMES.map(|(_, wanted)| place(wanted));
        let [date, .., amount, _, _] = places;
        date?;
        Some(Self {
            places,
            width: cells.len(),
            currency: names[amount?].1.clone(),
        })
    }

    fn has(&self, field: &str) -> bool {
        let mut fields = NAMES.iter().zip(self.places);
        fields.any(|((name, _), place)| *name == field && place.is_some())
    }

    /// Errs where neither the table nor what is said beside it tells what every statement has.
    pub(super) fn suffice(&self, beside: &Beside) -> Result<(), String> {
        let told = |field| {
            format!("it has no column of the {field}: say beside the file what holds for all of it")
        };
        if !self.has("source") && beside.source.is_empty() {
            return Err(told("source"));
        }
        let currency = self.has("currency") || self.currency.is_some();
        if !currency && beside.currency.is_empty() {
            return Err(told("currency"));
        }
        Ok(())
    }

    /// Gives the fields of a row, and what is said beside the table. Errs where they cannot be read.
    pub(super) fn fields(
        &self,
        cells: &[String],
        beside: &Beside,
        now: Time,
    ) -> Result<Fields, String> {
        if cells.len() != self.width {
            return Err(format!(
                "it has {} cells under {} columns; is a quote or a delimiter lost?",
                cells.len(),
                self.width
            ));
        }
        let mut fields = Fields::new();
        for ((field, _), place) in NAMES.iter().zip(self.places) {
            let told = place.and_then(|place| cells.get(place));
            let told = told.map_or("", String::as_str);
            let value = match *field {
                "date" => cells::day(told)?,
                "amount" => cells::amount(told)?,
                "as_of" if told.is_empty() => now.to_string(),
                "source" if told.is_empty() => beside.source.clone(),
                "medium" if told.is_empty() => beside.medium.clone(),
                "currency" if told.is_empty() => {
                    let own = self.currency.clone();
                    own.unwrap_or_else(|| beside.currency.to_uppercase())
                }
                "currency" => told.to_uppercase(),
                _ => told.to_owned(),
            };
            if value.is_empty() && ["source", "currency"].contains(field) {
                return Err(format!("its {field} is empty"));
            }
            fields.push((*field, value));
        }
        Ok(fields)
    }
}

/// Gives a column's name in lower case, and the currency in brackets behind it.
fn bare(name: &str) -> (String, Option<String>) {
    let name = name.trim().to_lowercase();
    let Some((before, inside)) = name.strip_suffix(')').and_then(|name| name.split_once('('))
    else {
        return (name, None);
    };
    let inside = inside.trim().trim_end_matches('.');
    let currency = match inside {
        "руб" | "₽" | "р" => Some("RUB".to_owned()),
        code if code.len() == 3 && code.bytes().all(|it| it.is_ascii_lowercase()) => {
            Some(code.to_uppercase())
        }
        _ => None,
    };
    (before.trim().to_owned(), currency)
}
