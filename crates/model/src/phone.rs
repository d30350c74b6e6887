//! Phone numbers: what a sender wrote, as E.164 (`contract.md`, Times and phones).
//!
//! A number that cannot be valid is no number: it is kept as written elsewhere, and joins nothing.

use phonenumber::country;

use crate::settings::Country;

/// Gives the E.164 form, like `+34911222333`, of what a sender wrote; none if it is no valid number.
///
/// National numbers are those of `country`. A sender who leaves out the plus of an international one
/// (`34911222333`) is understood as well, where the digits are no valid national number.
pub fn e164(text: &str, country: Option<Country>) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // What is shorter is an extension or a service number; what is longer was never one.
    if !(7..=20).contains(&digits) || text.len() > 40 {
        return None;
    }
    let country = country.and_then(|country| country.as_str().parse::<country::Id>().ok());
    let national = || parsed(country, text);
    let international = || {
        let bare = text.bytes().all(|byte| byte.is_ascii_digit());
        bare.then(|| parsed(None, &format!("+{text}"))).flatten()
    };
    // Carriers dial another country as 00.
    let dialled = || {
        let rest = text.strip_prefix("00")?;
        parsed(None, &format!("+{rest}"))
    };
    national().or_else(dialled).or_else(international)
}

/// Writes an E.164 number as people do: without its country's code in the country itself, else with it;
/// none if it is no valid number.
pub fn formatted(number: &str, home: Option<Country>) -> Option<String> {
    let number = phonenumber::parse(None, number).ok()?;
    let home = home.and_then(|country| country.as_str().parse::<country::Id>().ok());
    let at_home = home.is_some() && number.country().id() == home;
    let mode = if at_home {
        phonenumber::Mode::National
    } else {
        phonenumber::Mode::International
    };
    number
        .is_valid()
        .then(|| number.format().mode(mode).to_string())
}

fn parsed(country: Option<country::Id>, text: &str) -> Option<String> {
    let number = phonenumber::parse(country, text).ok()?;
    number.is_valid().then(|| {
        let e164 = number.format().mode(phonenumber::Mode::E164);
        e164.to_string()
    })
}

/// Masks a text if it is a phone number: what is left is a `+`, its first digit and its last four.
pub fn masked(text: String) -> String {
    let Some(Phone { plus, digits }) = Phone::read(&text) else {
        return text;
    };
    let plus = if plus { "+" } else { "" };
    let (first, last) = (&digits[..1], &digits[digits.len() - 4..]);
    format!("{plus}{first}***{last}")
}

/// Whether a text is a phone number.
pub fn is_phone(text: &str) -> bool {
    Phone::read(text).is_some()
}

/// A phone number as channels write it for an id.
struct Phone {
    plus: bool,
    digits: String,
}

impl Phone {
    /// Reads 7 to 15 digits (E.164) with or without a `+` before them and with spaces, hyphens,
    /// dots, slashes or brackets anywhere; a word with a colon may stand before it (`tel:`, `wa:`)
    /// and an address behind it (`@c.us`). So an id that only is a long number is masked too: which
    /// of them are phone numbers nobody can tell.
    fn read(text: &str) -> Option<Self> {
        let text = match text.split_once(':') {
            Some((word, rest)) if word.bytes().all(|byte| byte.is_ascii_alphabetic()) => rest,
            _ => text,
        };
        let text = text.split_once('@').map_or(text, |(number, _)| number);
        let text = text.trim();
        let (plus, text) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut digits = String::new();
        for character in text.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' => {}
                _ => return None,
            }
        }
        let is_one = (7..=15).contains(&digits.len());
        is_one.then_some(Self { plus, digits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_people_write_it_at_home_and_abroad() {
        let is = |number, home, expected: Option<&str>| {
            let home = Country::parse(home);
            assert_eq!(formatted(number, home).as_deref(), expected, "{number}");
        };
        is("+34911222333", "ES", Some("911 22 23 33"));
        is("+34911222333", "FR", Some("+34 911 22 23 33"));
        is("+12025550143", "US", Some("(202) 555-0143"));
        is("not a number", "US", None);
    }

    #[test]
    fn what_senders_write_becomes_e164() {
        let cases = [
            ("+34 911 22 23 33", None, Some("+34911222333")),
            ("911222333", Some("ES"), Some("+34911222333")),
            ("34911222333", Some("ES"), Some("+34911222333")),
            ("34911222333", None, Some("+34911222333")),
            ("0034911222333", Some("ES"), Some("+34911222333")),
            ("8 (916) 123-45-67", Some("RU"), Some("+79161234567")),
            ("+996 0555000002", Some("KG"), Some("+996555000002")),
            ("16502530000", None, Some("+16502530000")),
            ("911222333", None, None),
            ("101", Some("ES"), None),
            ("anonymous", Some("ES"), None),
            ("", None, None),
            ("+34 000", Some("ES"), None),
            ("sip:101@pbx.example", Some("ES"), None),
        ];
        for (text, country, expected) in cases {
            let country = country.and_then(Country::parse);
            assert_eq!(e164(text, country).as_deref(), expected, "{text}");
        }
    }
}
