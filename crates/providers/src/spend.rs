//! A file of what advertising cost, as people have it, becomes statements of spend.
//!
//! The columns are those of the map `spend` (`docs/maps/spend.toml`), which makes the events; here is
//! only what a person does not want to mend by hand: what stands between the columns, lines before
//! and below the table, other names of the columns, and how days and amounts are written. What could
//! mean two things is refused, with its line.

mod cells;
mod columns;

use std::collections::HashMap;
use std::sync::LazyLock;

use csv::ReaderBuilder;
use trunkline_model::time::Time;

use crate::map::{Made, Map, MapError};
use crate::record::Record;
use columns::Columns;

/// Rows that a file may have.
const ROWS: usize = 20_000;
/// How far down the line is looked for that names the columns.
const HEAD: usize = 12;

static MAP: LazyLock<Result<Map, MapError>> =
    LazyLock::new(|| Map::parse(include_str!("../../../docs/maps/spend.toml")));

/// What is said of the whole file, where it has no column of it; empty where it is not said.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The source, like `google`.
    pub source: String,
    /// The medium, like `cpc`.
    pub medium: String,
    /// The currency: three letters.
    pub currency: String,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// Events of the contract as JSON, each with the line of its row.
    pub events: Vec<(u64, String)>,
    /// The lines of the rows that say nothing that can be taken, and why.
    pub refused: Vec<(u64, String)>,
    /// Rows of sums, which are left out.
    pub sums: u64,
}

/// Why nothing of a file can be taken, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTable(String);

/// Reads a file. Statements without an `as_of` of their own are as of `now`.
///
/// Errors where it is no table, or has not the columns.
pub fn statements(file: &[u8], beside: &Beside, now: Time) -> Result<Statements, NoTable> {
    let map = MAP.as_ref().map_err(|error| NoTable(error.to_string()))?;
    let text = cells::text(file).map_err(NoTable)?;
    let mut rows = Rows::new(&text);
    let columns = rows.columns(beside)?;
    let mut said = Statements::default();
    let mut known = HashMap::new();
    for (count, row) in rows.enumerate() {
        let (line, cells) = row?;
        if count == ROWS {
            let told = format!("it has more than {ROWS} rows: upload it in parts");
            return Err(NoTable(told));
        }
        if is_sum(&cells) {
            said.sums += 1;
            continue;
        }
        let fields = columns.fields(&cells, beside, now);
        let made = fields.and_then(|fields| {
            alone(&mut known, line, &fields)?;
            event(map, &fields)
        });
        match made {
            Ok(event) => said.events.push((line, event)),
            Err(why) => said.refused.push((line, why)),
        }
    }
    Ok(said)
}

/// Whether a row adds others up, as exports do below their tables.
fn is_sum(cells: &[String]) -> bool {
    let first = cells.first().map(|cell| cell.to_lowercase());
    let first = first.unwrap_or_default();
    ["total", "итого", "всего"]
        .iter()
        .any(|word| first.starts_with(word))
}

/// A row's fields by the names of the map.
type Fields = Vec<(&'static str, String)>;

/// Errs if another row says something of the same day, source and so on, as of the same time.
fn alone(known: &mut HashMap<String, u64>, line: u64, fields: &Fields) -> Result<(), String> {
    let key = fields
        .iter()
        .filter(|(name, _)| !["amount", "currency"].contains(name));
    let key: Vec<&str> = key.map(|(_, value)| value.as_str()).collect();
    let first = *known.entry(key.join("\u{1f}")).or_insert(line);
    if first == line {
        return Ok(());
    }
    Err(format!(
        "line {first} states the same day, source, campaign and so on already: add both up, or add \
         the column that tells them apart (content, term)"
    ))
}

fn event(map: &Map, fields: &Fields) -> Result<String, String> {
    let cells = fields.iter().map(|(name, value)| (*name, value.as_str()));
    let made = map.events(&Record::flat(cells));
    match made.map_err(|error| error.detail)? {
        Made::Events(events) => events.into_iter().next(),
        Made::Skipped => None,
    }
    .ok_or_else(|| "it says nothing".to_owned())
}

/// The rows of a text, each with the line where it begins.
struct Rows<'t> {
    text: &'t str,
    records: csv::ByteRecordsIntoIter<&'t [u8]>,
    /// Up to where lines are counted, and how many that are.
    counted: (usize, u64),
}

impl<'t> Rows<'t> {
    fn new(text: &'t str) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(cells::delimiter(text))
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        Self {
            text,
            records: reader.into_byte_records(),
            counted: (0, 1),
        }
    }

    /// Reads down to the line that names the columns.
    fn columns(&mut self, beside: &Beside) -> Result<Columns, NoTable> {
        let mut first = None;
        for row in self.by_ref().take(HEAD) {
            let (_, cells) = row?;
            if let Some(columns) = Columns::named(&cells) {
                columns.suffice(beside).map_err(NoTable)?;
                return Ok(columns);
            }
            first.get_or_insert(cells);
        }
        let first = first.ok_or_else(|| NoTable("it is empty".to_owned()))?;
        Err(NoTable(format!(
            "no line at its beginning names a column of days (date, Day) and one of amounts (amount, \
             Cost); the first line is: {}",
            cells::short(&first.join(", "))
        )))
    }

    /// Gives the line of a place.
    fn line(&mut self, place: usize) -> u64 {
        let (from, lines) = self.counted;
        let between = self.text.get(from..place).unwrap_or_default();
        let more = between.matches('\n').count();
        self.counted = (place, lines + more as u64);
        self.counted.1
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<(u64, Vec<String>), NoTable>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.records.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(NoTable(error.to_string()))),
        };
        let begin = row.position().map_or(0, |place| place.byte() as usize);
        let rest = self.text.as_bytes().get(begin..).unwrap_or_default();
        // Blank lines before a row are not its own.
        let blank = rest.iter().take_while(|byte| **byte == b'\n').count();
        let line = self.line(begin + blank);
        let cells = row.iter().map(|cell| String::from_utf8_lossy(cell));
        let cells = cells.map(|cell| cell.trim().to_owned());
        Some(Ok((line, cells.collect())))
    }
}

#[cfg(test)]
mod tests;
