//! The rows of a file, one after the other, each with its place.
//!
//! A row that cannot be read is told and left out; what comes after it is read on. Only a file that
//! cannot be read at all ends the import.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, Position, ReaderBuilder};
use trunkline_providers::{Map, Record};

use super::parquet::Table;
use crate::cli::Format;

/// The longest line of NDJSON in bytes: an event has at most 1 MB.
const LONGEST: u64 = 2_000_000;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One row.
pub(super) struct Row {
    /// The line where it begins, from 1, of a text; else the number of the row, from 1.
    pub(super) number: u64,
    /// What it says, or why it cannot be read.
    pub(super) record: Result<Record, String>,
    /// How far the file is read behind it, in the unit of [`Rows::whole`].
    pub(super) upto: u64,
}

/// The rows of a file.
pub(super) struct Rows {
    kind: Kind,
    whole: u64,
}

enum Kind {
    Table(Box<Columns>),
    Lines(Lines),
    Parquet(Box<Table>),
}

impl Rows {
    /// Opens a file; errors also where it lacks a column of the map, if there is one.
    pub(super) fn open(path: &Path, format: Format, map: Option<&Map>) -> Result<Self> {
        let file = File::open(path)?;
        let whole = file.metadata()?.len();
        let delimiter = |usual| map.and_then(|map| map.file().delimiter).unwrap_or(usual);
        Ok(match format {
            Format::Csv => Self {
                kind: Kind::Table(Box::new(Columns::open(file, delimiter(b','), map)?)),
                whole,
            },
            Format::Tsv => Self {
                kind: Kind::Table(Box::new(Columns::open(file, delimiter(b'\t'), map)?)),
                whole,
            },
            Format::Ndjson => Self {
                kind: Kind::Lines(Lines::new(file)),
                whole,
            },
            Format::Parquet => {
                let table = Table::open(file)?;
                let names: Vec<&str> = table.columns().collect();
                if let Some(map) = map {
                    has_columns(map, &names)?;
                }
                Self {
                    whole: table.rows(),
                    kind: Kind::Parquet(Box::new(table)),
                }
            }
        })
    }

    /// Gives the length of the whole: bytes of a text, rows of a table.
    pub(super) fn whole(&self) -> u64 {
        self.whole
    }

    /// Reads the next row.
    pub(super) fn next(&mut self) -> Result<Option<Row>> {
        match &mut self.kind {
            Kind::Table(columns) => columns.next(),
            Kind::Lines(lines) => lines.next(),
            Kind::Parquet(table) => Ok(table.next()),
        }
    }
}

/// Errs where a file has not the columns that a map needs.
fn has_columns(map: &Map, names: &[&str]) -> Result<()> {
    let top = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    let there = |path: &&str| names.contains(path) || names.contains(&top(path).as_str());
    let needed = map.columns();
    let Some(missing) = needed.iter().find(|path| !there(path)) else {
        return Ok(());
    };
    let alike = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &missing.to_lowercase());
    let nearest = names
        .iter()
        .max_by(|left, right| alike(left).total_cmp(&alike(right)))
        .filter(|name| alike(name) > 0.8)
        .map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"));
    bail!(
        "the map needs a column {missing:?}, which the file has not{nearest}; it has: {}",
        names.join(", ")
    )
}

/// A table of text with a delimiter.
struct Columns {
    reader: csv::Reader<File>,
    names: Vec<String>,
    row: ByteRecord,
    ends: Ends,
}

/// How lines end, which decides what line the reader says it is at.
struct Ends {
    /// By a carriage return and a line feed, of which the reader leaves the second for later.
    in_two: bool,
    /// Nothing ends the last line, which ends at this byte.
    open_at: Option<u64>,
}

impl Ends {
    /// Looks at the first line's end and at the file's, and goes back to its beginning.
    fn of(file: &mut File) -> Result<Self> {
        let bytes = file.metadata()?.len();
        let mut head = Vec::new();
        file.by_ref().take(1 << 16).read_to_end(&mut head)?;
        let first = head.iter().position(|byte| *byte == b'\n');
        let in_two = first.is_some_and(|end| head[..end].ends_with(b"\r"));
        let mut last = [b'\n'];
        if bytes > 0 {
            file.seek(SeekFrom::Start(bytes - 1))?;
            file.read_exact(&mut last)?;
        }
        file.rewind()?;
        Ok(Self {
            in_two,
            open_at: (last != [b'\n']).then_some(bytes),
        })
    }

    /// Gives the line where a row ends that was just read.
    fn line(&self, behind: &Position) -> u64 {
        if self.in_two || self.open_at == Some(behind.byte()) {
            behind.line()
        } else {
            behind.line() - 1
        }
    }
}

impl Columns {
    fn open(mut file: File, delimiter: u8, map: Option<&Map>) -> Result<Self> {
        let ends = Ends::of(&mut file)?;
        let given = map.map_or(&[][..], |map| &map.file().columns);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(given.is_empty())
            .from_reader(file);
        let names = if given.is_empty() {
            header(reader.byte_headers()?)?
        } else {
            given.to_vec()
        };
        let list: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(double) = (1..list.len()).find(|place| list[..*place].contains(&list[*place])) {
            bail!("two columns are called {:?}", list[double]);
        }
        if let [only] = list.as_slice()
            && delimiter == b','
            && only.contains([';', '\t'])
        {
            bail!(
                "the first line has no comma: if another character stands between the columns, \
                 say so in the map, like [file] delimiter = \";\""
            );
        }
        if let Some(map) = map {
            has_columns(map, &list)?;
        }
        Ok(Self {
            reader,
            names,
            row: ByteRecord::new(),
            ends,
        })
    }

    fn next(&mut self) -> Result<Option<Row>> {
        if !self.reader.read_byte_record(&mut self.row)? {
            return Ok(None);
        }
        let behind = self.reader.position();
        let breaks = self.row.as_slice().iter().filter(|byte| **byte == b'\n');
        Ok(Some(Row {
            number: self.ends.line(behind).saturating_sub(breaks.count() as u64),
            record: self.record(),
            upto: behind.byte(),
        }))
    }

    fn record(&self) -> Result<Record, String> {
        let (got, names) = (self.row.len(), self.names.len());
        if got != names {
            return Err(format!(
                "it has {got} cells under {names} columns; is a quote or a delimiter lost?"
            ));
        }
        let mut cells = Vec::with_capacity(names);
        for (name, cell) in self.names.iter().zip(&self.row) {
            let cell = std::str::from_utf8(cell).map_err(|_| not_utf8())?;
            cells.push((name.as_str(), cell));
        }
        Ok(Record::flat(cells))
    }
}

fn header(cells: &ByteRecord) -> Result<Vec<String>> {
    let first = cells.get(0).unwrap_or_default();
    if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") {
        bail!("it is UTF-16: write it as UTF-8 first, like iconv -f utf-16 -t utf-8");
    }
    let names = cells.iter().enumerate().map(|(place, name)| {
        // Spreadsheets put this mark before the first name.
        let bare = name.strip_prefix(BOM).filter(|_| place == 0);
        let name = std::str::from_utf8(bare.unwrap_or(name)).ok()?;
        Some(name.trim().to_owned())
    });
    names.collect::<Option<_>>().with_context(not_utf8)
}

fn not_utf8() -> String {
    "it is not UTF-8: convert the file first, like iconv -f windows-1252 -t utf-8".to_owned()
}

/// One JSON object a line; blank lines are skipped.
struct Lines {
    reader: BufReader<File>,
    number: u64,
    upto: u64,
    line: Vec<u8>,
}

impl Lines {
    fn new(file: File) -> Self {
        Self {
            reader: BufReader::with_capacity(1 << 16, file),
            number: 0,
            upto: 0,
            line: Vec::new(),
        }
    }

    fn next(&mut self) -> Result<Option<Row>> {
        loop {
            self.line.clear();
            let mut bounded = self.reader.by_ref().take(LONGEST);
            let read = bounded.read_until(b'\n', &mut self.line)? as u64;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.upto += read;
            let too_long = read == LONGEST && !self.line.ends_with(b"\n");
            if too_long {
                self.upto += self.reader.skip_until(b'\n')? as u64;
            }
            let line = self.line.strip_prefix(BOM).unwrap_or(&self.line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let record = if too_long {
                Err(format!("the line is longer than {LONGEST} bytes"))
            } else {
                object(line)
            };
            return Ok(Some(Row {
                number: self.number,
                record,
                upto: self.upto,
            }));
        }
    }
}

fn object(line: &[u8]) -> Result<Record, String> {
    let value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
    Record::nested(value).ok_or_else(|| "not a JSON object".to_owned())
}
