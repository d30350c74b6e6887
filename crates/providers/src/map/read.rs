//! From the text of a map to a [`Map`]: everything that can be wrong is said here, with its key.

use std::collections::BTreeMap;

use chrono_tz::TZ_VARIANTS;
use serde_json::Value as Json;
use toml::{Table, Value};
use trunkline_model::event::{Kind, examples};
use trunkline_model::time::Tz;
use trunkline_model::word::Word;

use super::clock::{self, Fold};
use super::error::MapError;
use super::field::{Field, FieldValue, How, One};
use super::lookup::Lookup;
use super::number;
use super::out::Out;
use super::path::Path;
use super::section::{Section, texts};
use super::template::Template;
use super::when::When;
use super::{EventRule, FileShape, Map};

const TOP: [&str; 7] = ["zone", "fold", "empty", "skip", "lookup", "event", "file"];
/// Keys of an event that are no fields.
const OWN: [&str; 4] = ["type", "when", "each", "extra"];
const VALUE: [&str; 10] = [
    "from", "default", "lookup", "time", "zone", "fold", "plus", "number", "flag", "list",
];
const FOLDS: [(&str, Fold); 2] = [("earlier", Fold::Earlier), ("later", Fold::Later)];
const YES: [&str; 6] = ["true", "yes", "y", "t", "1", "on"];
const NO: [&str; 6] = ["false", "no", "n", "f", "0", "off"];

/// The fields of an object, each with an example.
type Shapes = serde_json::Map<String, Json>;

/// What all of a map's values may refer to.
struct Whole {
    zone: Option<Tz>,
    fold: Fold,
    lookups: BTreeMap<String, Lookup>,
}

/// Reads a map.
pub(super) fn map(text: &str) -> Result<Map, MapError> {
    let table: Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    top(&table)
}

/// Reads a map that was written as JSON. What is null is not there.
pub(super) fn json(value: &Json) -> Result<Map, MapError> {
    let table = Table::try_from(value);
    let table = table.map_err(|error| MapError::new("map", error.to_string()))?;
    top(&table)
}

fn top(table: &Table) -> Result<Map, MapError> {
    let top = Section::new("", table, &TOP)?;
    let whole = Whole {
        zone: zone(&top)?,
        fold: top.word("fold", &FOLDS)?.unwrap_or_default(),
        lookups: lookups(&top)?,
    };
    let events = match top.value("event") {
        Some(Value::Array(events)) => events.iter().enumerate(),
        Some(_) => return Err(top.wrong("event", "write [[event]] above each event")),
        None => return Err(top.wrong("event", "is missing: write [[event]] and its fields")),
    };
    let events = events.map(|(place, event)| {
        let key = format!("event[{}]", place + 1);
        EventRule::read(key, event, &whole)
    });
    let skip = top.value("skip").map(|when| When::read("skip", when));
    Ok(Map {
        blank: top.texts("empty")?,
        skip: skip.transpose()?,
        file: file(&top)?,
        events: events.collect::<Result<_, _>>()?,
    })
}

/// Says where the text is no TOML.
fn syntax(text: &str, error: &toml::de::Error) -> MapError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    MapError::new(format!("line {line}"), error.message())
}

fn zone(section: &Section<'_>) -> Result<Option<Tz>, MapError> {
    let Some(name) = section.text("zone")? else {
        return Ok(None);
    };
    name.parse().map(Some).map_err(|_| {
        let detail = format!("{name:?} is no zone of the IANA list, like Europe/Madrid");
        let known = TZ_VARIANTS.iter().map(|zone| zone.name());
        section.wrong("zone", detail).meant(name, known)
    })
}

fn lookups(top: &Section<'_>) -> Result<BTreeMap<String, Lookup>, MapError> {
    let mut lookups = BTreeMap::new();
    match top.value("lookup") {
        None => {}
        Some(Value::Table(tables)) => {
            for (name, table) in tables {
                let lookup = Lookup::read(&format!("lookup.{name}"), table)?;
                lookups.insert(name.clone(), lookup);
            }
        }
        Some(_) => return Err(top.wrong("lookup", "write [lookup.NAME] above each table")),
    }
    Ok(lookups)
}

fn file(top: &Section<'_>) -> Result<FileShape, MapError> {
    let Some(value) = top.value("file") else {
        return Ok(FileShape::default());
    };
    let section = Section::of("file", value, &["delimiter", "columns"])?;
    let delimiter = match section.text("delimiter")?.map(str::as_bytes) {
        None => None,
        Some([one]) if one.is_ascii() => Some(*one),
        Some(_) => return Err(section.wrong("delimiter", "must be one character, like \";\"")),
    };
    let columns = section.texts("columns")?;
    Ok(FileShape { delimiter, columns })
}

impl EventRule {
    fn read(key: String, value: &Value, whole: &Whole) -> Result<Self, MapError> {
        let Value::Table(table) = value else {
            return Err(MapError::new(key, "write [[event]] above each event"));
        };
        let kind = kind(&key, table)?;
        let [least, all] = shapes(kind);
        let known: Vec<&str> = OWN
            .into_iter()
            .chain(all.keys().map(String::as_str))
            .collect();
        let section = Section::new(&key, table, &known)?;
        let each = section.text("each")?;
        let each = each.map(|path| Path::parse(path).map_err(|why| section.wrong("each", why)));
        let when = section.value("when");
        let when = when.map(|when| When::read(&section.at("when"), when));
        let mut fields = Vec::new();
        for (name, value) in section.others(&OWN) {
            fields.push(field(section.at(name), name, value, &all[name], whole)?);
        }
        if let Some(extra) = section.value("extra") {
            fields.extend(extras(&section.at("extra"), extra, &all, whole)?);
        }
        let given = |name: &str| fields.iter().any(|field| field.name == name);
        let missing = least.keys().find(|name| match name.as_str() {
            "contacts" => !given("contacts") && !given("contact"),
            "target" => !given("target") && !given("batch"),
            name => !given(name),
        });
        if let Some(missing) = missing {
            let detail = format!("is missing: an event of type {kind} needs it");
            return Err(section.wrong(missing, detail));
        }
        Ok(Self {
            key,
            kind,
            each: each.transpose()?,
            when: when.transpose()?,
            fields,
        })
    }
}

fn kind(key: &str, table: &Table) -> Result<Kind, MapError> {
    let names = || Kind::ALL.iter().map(|kind| kind.as_str());
    let at = format!("{key}.type");
    let all = || names().collect::<Vec<_>>().join(", ");
    match table.get("type") {
        None => Err(MapError::new(
            at,
            format!("is missing: write one of {}", all()),
        )),
        Some(Value::String(name)) => {
            let found = Kind::ALL.iter().find(|kind| kind.as_str() == name);
            found.copied().ok_or_else(|| {
                let detail = format!("{name:?} is no type of event; there are {}", all());
                MapError::new(at, detail).meant(name, names())
            })
        }
        Some(_) => Err(MapError::new(at, "must be a text in quotes")),
    }
}

/// Gives the required fields of a type and all of its fields, each with an example that shows its
/// shape. `batch` is written by whoever imports: only a retraction names one.
fn shapes(kind: Kind) -> [Shapes; 2] {
    let mut shapes = examples(kind).into_iter().map(|example| match example {
        Json::Object(mut fields) => {
            fields.remove("type");
            fields.remove("batch");
            fields
        }
        _ => Shapes::new(),
    });
    let least = shapes.next().unwrap_or_default();
    let mut all = shapes.next().unwrap_or_default();
    if all.contains_key("contacts") {
        all.insert("contact".into(), Json::from(""));
    }
    if kind == Kind::Retract {
        all.insert("batch".into(), Json::from(""));
    }
    [least, all]
}

/// Reads fields that the contract does not know; the journal keeps them.
fn extras(key: &str, value: &Value, known: &Shapes, whole: &Whole) -> Result<Vec<Field>, MapError> {
    let Value::Table(table) = value else {
        return Err(MapError::new(key, "must be a table of fields"));
    };
    let mut fields = Vec::new();
    for (name, value) in table {
        let at = format!("{key}.{name}");
        if known.contains_key(name) || ["type", "batch"].contains(&name.as_str()) {
            let detail = "is a field of the contract: write it in the event itself, not in `extra`";
            return Err(MapError::new(at, detail));
        }
        fields.push(field(at, name, value, &Json::from(""), whole)?);
    }
    Ok(fields)
}

fn field(
    key: String,
    name: &str,
    value: &Value,
    shape: &Json,
    whole: &Whole,
) -> Result<Field, MapError> {
    let name = name.to_owned();
    let value = match (value, shape) {
        (Value::Table(table), Json::Object(shapes)) if !table.contains_key("from") => {
            FieldValue::Object(object(&key, table, shapes, whole)?)
        }
        (Value::Table(_), _) => FieldValue::One(Box::new(one(&key, value, shape, whole)?)),
        (Value::String(text), _) => FieldValue::One(Box::new(One {
            from: template(&key, text)?,
            default: None,
            lookup: None,
            how: usual(shape),
        })),
        (Value::Integer(number), _) => FieldValue::Constant(Out::Number(number.to_string())),
        (Value::Float(number), _) if number.is_finite() => {
            FieldValue::Constant(Out::Number(number.to_string()))
        }
        (Value::Boolean(flag), _) => FieldValue::Constant(Out::Flag(*flag)),
        (Value::Array(_), _) => {
            let list = texts(value).unwrap_or_default();
            if list.is_empty() {
                return Err(MapError::new(key, "must be a list of texts in quotes"));
            }
            let list = list.iter().map(|text| template(&key, text));
            FieldValue::Several(list.collect::<Result<_, _>>()?)
        }
        (Value::Datetime(_) | Value::Float(_), _) => {
            return Err(MapError::new(key, "must be put in quotes"));
        }
    };
    Ok(Field { key, name, value })
}

fn object(
    key: &str,
    table: &Table,
    shapes: &Shapes,
    whole: &Whole,
) -> Result<Vec<Field>, MapError> {
    let known: Vec<&str> = shapes.keys().map(String::as_str).collect();
    let section = Section::new(key, table, &known)?;
    let fields = section.others(&[]);
    fields
        .map(|(name, value)| field(section.at(name), name, value, &shapes[name], whole))
        .collect()
}

/// What a text becomes where the map does not say: what the field holds.
fn usual(shape: &Json) -> How {
    match shape {
        Json::Number(_) => How::Number(number::Format::PLAIN),
        Json::Bool(_) => How::Flag {
            yes: YES.map(str::to_owned).into(),
            no: NO.map(str::to_owned).into(),
        },
        Json::Array(_) => How::Texts,
        _ => How::Text,
    }
}

fn template(key: &str, text: &str) -> Result<Template, MapError> {
    Template::parse(text).map_err(|why| MapError::new(key, why))
}

fn one(key: &str, value: &Value, shape: &Json, whole: &Whole) -> Result<One, MapError> {
    let section = Section::of(key, value, &[&VALUE[..], &["length"]].concat())?;
    let Some(from) = section.text("from")? else {
        return Err(section.wrong("from", "is missing: write the column, like \"{column}\""));
    };
    let lookup = match section.value("lookup") {
        None => None,
        Some(Value::String(name)) => Some(named(&section, name, whole)?),
        Some(table) => Some(Lookup::read(&section.at("lookup"), table)?),
    };
    Ok(One {
        from: template(&section.at("from"), from)?,
        default: section.text("default")?.map(str::to_owned),
        lookup,
        how: how(&section, shape, whole)?,
    })
}

fn named(section: &Section<'_>, name: &str, whole: &Whole) -> Result<Lookup, MapError> {
    whole.lookups.get(name).cloned().ok_or_else(|| {
        let known = whole.lookups.keys().map(String::as_str);
        let detail = format!("there is no [lookup.{name}]");
        section.wrong("lookup", detail).meant(name, known)
    })
}

fn how(section: &Section<'_>, shape: &Json, whole: &Whole) -> Result<How, MapError> {
    const KINDS: [&str; 5] = ["time", "number", "flag", "list", "length"];
    let mut of_moment = ["plus", "zone", "fold"].into_iter();
    let of_moment = of_moment.find(|name| section.value(name).is_some());
    let given: Vec<&str> = KINDS
        .into_iter()
        .filter(|name| section.value(name).is_some())
        .collect();
    match given.as_slice() {
        [] if of_moment.is_none() => Ok(usual(shape)),
        [] | ["time"] => moment(section, whole),
        [first] if of_moment.is_some() => {
            let name = of_moment.unwrap_or_default();
            Err(section.wrong(name, format!("belongs to a time, not to a {first}")))
        }
        ["number"] => number(section),
        ["flag"] => flag(section),
        ["list"] => match section.text("list")? {
            Some(mark) if !mark.is_empty() => Ok(How::Split(mark.to_owned())),
            _ => Err(section.wrong("list", "must be what stands between the values, like \",\"")),
        },
        ["length"] if section.flag("length")? => Ok(How::Length),
        [first, second, ..] => Err(section.wrong(
            second,
            format!("stands beside `{first}`: a value becomes one thing"),
        )),
        [_] => Ok(usual(shape)),
    }
}

fn number(section: &Section<'_>) -> Result<How, MapError> {
    section
        .word("number", &number::FORMATS)
        .map(|format| How::Number(format.unwrap_or(number::Format::PLAIN)))
}

fn flag(section: &Section<'_>) -> Result<How, MapError> {
    let Some(value) = section.value("flag") else {
        return Ok(How::Text);
    };
    let words = Section::of(section.at("flag"), value, &["yes", "no"])?;
    Ok(How::Flag {
        yes: words.texts("yes")?,
        no: words.texts("no")?,
    })
}

fn moment(section: &Section<'_>, whole: &Whole) -> Result<How, MapError> {
    let mut formats = Vec::new();
    for text in section.texts("time")? {
        let format = clock::Format::read(&text).map_err(|(detail, suggestion)| MapError {
            suggestion,
            ..section.wrong("time", detail)
        })?;
        formats.push(format);
    }
    if formats.is_empty() {
        formats.push(clock::Format::Contract);
    }
    let zone = zone(section)?.or(whole.zone);
    if zone.is_none() && formats.iter().any(clock::Format::is_naive) {
        let detail = "is missing: the times have no offset, so say where their clock stands, \
                      like \"Europe/Madrid\", here or at the top of the map";
        return Err(section.wrong("zone", detail));
    }
    let plus = section.texts("plus")?;
    let plus = plus.iter().map(|text| template(&section.at("plus"), text));
    Ok(How::Moment {
        formats,
        zone: zone.unwrap_or(Tz::UTC),
        fold: section.word("fold", &FOLDS)?.unwrap_or(whole.fold),
        plus: plus.collect::<Result<_, _>>()?,
    })
}
