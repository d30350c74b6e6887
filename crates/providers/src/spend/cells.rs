//! The text of a file and what its cells say: days and amounts as people and programs write them.

use trunkline_model::time::Day;

/// Characters of what is quoted from a file.
const SHORT: usize = 120;

/// Reads a file as text with plain line ends. Errs with how to mend it.
pub(super) fn text(file: &[u8]) -> Result<String, String> {
    let text = match file {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8(rest.to_vec())
            .map_err(|_| "it is not UTF-8: save it as CSV in UTF-8".to_owned())?,
    };
    if text.contains('\0') {
        return Err("it is no text: save the table as CSV".to_owned());
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map_err(|_| "it is broken UTF-16: save it as CSV in UTF-8".to_owned())
}

/// Finds what stands between the columns: what most of the first lines have most of.
pub(super) fn delimiter(text: &str) -> u8 {
    let count = |delimiter: u8| {
        let lines = text.lines().take(12);
        let all = lines.map(|line| line.bytes().filter(|byte| *byte == delimiter).count());
        all.max().unwrap_or_default()
    };
    let found = [b';', b'\t', b','].into_iter().max_by_key(|it| count(*it));
    found.unwrap_or(b',')
}

/// Reads a day: the year first, or as 02.03.2026.
pub(super) fn day(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(['.', '-', '/']).collect();
    let turned = match parts.as_slice() {
        [day, month, year] if text.contains('.') && year.len() == 4 => {
            format!("{year}-{month:0>2}-{day:0>2}")
        }
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => text.to_owned(),
    };
    match Day::parse(&turned) {
        Some(_) => Ok(turned),
        None if text.is_empty() => Err("its day is empty".to_owned()),
        None => Err(format!(
            "{:?} is no day such as 2026-03-02 or 02.03.2026",
            short(text)
        )),
    }
}

/// Reads an amount, whichever sign its decimals stand behind; what may be thousands is refused.
pub(super) fn amount(text: &str) -> Result<String, String> {
    let spaces = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\''];
    let plain: String = text.chars().filter(|it| !spaces.contains(it)).collect();
    let (commas, dots) = (plain.matches(',').count(), plain.matches('.').count());
    let behind = plain.rsplit([',', '.']).next().map_or(0, str::len);
    let written = match (commas, dots) {
        (0, 0 | 1) => plain.clone(),
        (1, 0) if behind == 3 => {
            return Err(format!(
                "whether {plain:?} is thousands or has three decimals cannot be told: write it \
                 with a point, like 1234.50"
            ));
        }
        (1, 0) => plain.replace(',', "."),
        (0, _) => plain.replace('.', ""),
        (_, 0) => plain.replace(',', ""),
        _ if plain.rfind(',') > plain.rfind('.') => plain.replace('.', "").replace(',', "."),
        _ => plain.replace(',', ""),
    };
    let digits = written.strip_prefix('-').unwrap_or(&written);
    let is_number = digits.bytes().all(|it| it.is_ascii_digit() || it == b'.')
        && digits.bytes().any(|it| it.is_ascii_digit())
        && digits.matches('.').count() <= 1;
    if is_number {
        return Ok(written);
    }
    let what = if text.is_empty() {
        "its amount is empty".to_owned()
    } else {
        format!("{:?} is no amount such as 1234.50", short(text))
    };
    Err(what)
}

/// Cuts what is quoted.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
