//! Rows of Apache Parquet as records.
//!
//! Times become RFC 3339 in UTC, whatever the file says of its clock; dates `YYYY-MM-DD`; decimals
//! and numbers their digits; bytes their text, or hexadecimal where they are none.

use std::fs::File;

use anyhow::{Context, Result};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Cells};
use serde_json::{Map, Value};
use trunkline_model::time::Time;
use trunkline_providers::Record;

use super::rows::Row;

/// A file of Parquet.
pub(super) struct Table {
    rows: RowIter<'static>,
    names: Vec<String>,
    count: u64,
    read: u64,
}

impl Table {
    /// Opens a file.
    pub(super) fn open(file: File) -> Result<Self> {
        let reader = SerializedFileReader::new(file).context("it is no whole Parquet file")?;
        let meta = reader.metadata().file_metadata();
        let fields = meta.schema().get_fields().iter();
        Ok(Self {
            names: fields.map(|field| field.name().to_owned()).collect(),
            count: meta.num_rows().unsigned_abs(),
            rows: RowIter::from_file_into(Box::new(reader)),
            read: 0,
        })
    }

    /// Lists the names of the columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Counts the rows.
    pub(super) fn rows(&self) -> u64 {
        self.count
    }

    /// Reads the next row.
    pub(super) fn next(&mut self) -> Option<Row> {
        let row = self.rows.next()?;
        self.read += 1;
        let record = match row {
            Ok(cells) => Record::nested(object(&cells)).ok_or_else(|| "no record".to_owned()),
            Err(error) => Err(format!("not readable: {error}")),
        };
        Some(Row {
            number: self.read,
            record,
            upto: self.read,
        })
    }
}

fn object(cells: &Cells) -> Value {
    let cells = cells.get_column_iter();
    let fields: Map<String, Value> = cells
        .map(|(name, field)| (name.clone(), value(field)))
        .collect();
    Value::Object(fields)
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => Value::Bool(*flag),
        Field::Str(text) => Value::from(text.as_str()),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) => Value::from(*number),
        Field::Long(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        Field::Float16(number) => Value::from(f32::from(*number)),
        Field::Float(number) => Value::from(*number),
        Field::Double(number) => Value::from(*number),
        Field::TimestampMillis(millis) => Value::from(Time(*millis).to_string()),
        Field::TimestampMicros(micros) => Value::from(Time(micros.div_euclid(1_000)).to_string()),
        Field::Date(days) => {
            let midnight = Time(i64::from(*days) * 86_400_000).to_string();
            Value::from(midnight.split('T').next().unwrap_or_default())
        }
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => Value::from(text),
            Err(_) => Value::from(hex::encode(bytes.data())),
        },
        Field::Group(cells) => object(cells),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        other => Value::from(other.to_string()),
    }
}
