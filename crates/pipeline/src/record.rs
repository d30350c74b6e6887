//! The records of the journal: what stands in one, and how.
//!
//! ```text
//! event     1  version=1  account  origin  provider  raw
//! settings  2  version=1  account  json
//! mark      3  version=1  account  stream  frame (u64, little endian)
//! webhook   4  version=1  account  hook  head  body
//! ```
//! A mark says that all frames of a named stream up to this one are in the journal: it stands in
//! the same append as the last of their events, so either both are there or neither. It is no event.
//!
//! A webhook is what a provider sent, as it was received: `head` is a JSON object with its method,
//! query and content type. It stands behind the events that were made of it, in the same append, and
//! is no event: the figures come from the events, and do not change with a later adapter or map.
//!
//! The first two are bytes; `account`, `origin` (a hook's id, or `api`) and `provider` (empty for
//! our own format) are a length byte-pair (u16, little endian) and UTF-8; the last field takes the
//! rest of the record. `raw` is the event as received, so that a later program can read more out
//! of it than this one does. A record that this program does not know is quarantined, never
//! guessed at.

use trunkline_model::settings::FoldRules;

const EVENT: u8 = 1;
const SETTINGS: u8 = 2;
const MARK: u8 = 3;
const WEBHOOK: u8 = 4;
const VERSION: u8 = 1;

/// A record, read.
#[derive(Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// An event of an account.
    Event {
        /// The account's id.
        account: &'a str,
        /// The hook it came through, or `api`.
        origin: &'a str,
        /// Whose format `raw` is in; empty for our own.
        provider: &'a str,
        /// The event as received.
        raw: &'a str,
    },
    /// The settings of an account that change figures.
    Settings {
        /// The account's id.
        account: &'a str,
        /// The settings as JSON ([`FoldRules`]).
        json: &'a str,
    },
    /// How far a named stream is in the journal.
    Mark {
        /// The account's id.
        account: &'a str,
        /// The stream's name.
        stream: &'a str,
        /// The highest frame of it.
        frame: u64,
    },
    /// What a provider sent.
    Webhook {
        /// The account's id.
        account: &'a str,
        /// The hook's id.
        hook: &'a str,
        /// Its method, query and content type as JSON.
        head: &'a str,
        /// Its body.
        body: &'a [u8],
    },
}

/// Why a record cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its kind or version is unknown: it was written by a newer program.
    #[error("the record is of kind {kind}, version {version}, which this program does not know")]
    Unknown {
        /// The kind's number.
        kind: u8,
        /// The version's number.
        version: u8,
    },
    /// It ends too early or is not text.
    #[error("the record is cut or not UTF-8")]
    Broken,
}

/// The start of an event's record, to be followed by the event's raw bytes: the same for all
/// events of one submission.
pub fn event_head(account: &str, origin: &str, provider: &str) -> Vec<u8> {
    let mut head = vec![EVENT, VERSION];
    for field in [account, origin, provider] {
        push_field(&mut head, field);
    }
    head
}

/// A record of settings.
pub fn settings(account: &str, rules: &FoldRules) -> Result<Vec<u8>, serde_json::Error> {
    let mut record = vec![SETTINGS, VERSION];
    push_field(&mut record, account);
    serde_json::to_writer(&mut record, rules)?;
    Ok(record)
}

/// A record that says how far a named stream is in the journal.
pub fn mark(account: &str, stream: &str, frame: u64) -> Vec<u8> {
    let mut record = vec![MARK, VERSION];
    push_field(&mut record, account);
    push_field(&mut record, stream);
    record.extend_from_slice(&frame.to_le_bytes());
    record
}

/// A record of what a provider sent.
pub fn webhook(account: &str, hook: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let fields = account.len() + hook.len() + head.len() + body.len();
    let mut record = Vec::with_capacity(fields + 8);
    record.extend_from_slice(&[WEBHOOK, VERSION]);
    push_field(&mut record, account);
    push_field(&mut record, hook);
    push_field(&mut record, head);
    record.extend_from_slice(body);
    record
}

/// Whether a record is a mark: cheap, to find the few among the many.
pub fn is_mark(record: &[u8]) -> bool {
    record.first() == Some(&MARK)
}

fn push_field(record: &mut Vec<u8>, field: &str) {
    // Ids are at most 200 characters, checked where they are read; a longer one is cut rather
    // than allowed to spill into the next field.
    let length = field.len().min(usize::from(u16::MAX)) as u16;
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(&field.as_bytes()[..usize::from(length)]);
}

/// Reads a record.
pub fn read(record: &[u8]) -> Result<Record<'_>, Unreadable> {
    let [kind, version, rest @ ..] = record else {
        return Err(Unreadable::Broken);
    };
    let mut rest = rest;
    match (*kind, *version) {
        (EVENT, VERSION) => Ok(Record::Event {
            account: field(&mut rest)?,
            origin: field(&mut rest)?,
            provider: field(&mut rest)?,
            raw: text(rest)?,
        }),
        (SETTINGS, VERSION) => Ok(Record::Settings {
            account: field(&mut rest)?,
            json: text(rest)?,
        }),
        (MARK, VERSION) => Ok(Record::Mark {
            account: field(&mut rest)?,
            stream: field(&mut rest)?,
            frame: u64::from_le_bytes(rest.try_into().map_err(|_| Unreadable::Broken)?),
        }),
        (WEBHOOK, VERSION) => Ok(Record::Webhook {
            account: field(&mut rest)?,
            hook: field(&mut rest)?,
            head: field(&mut rest)?,
            body: rest,
        }),
        (kind, version) => Err(Unreadable::Unknown { kind, version }),
    }
}

/// Gives only the account of a record: cheap, to send it to its worker.
pub fn account(record: &[u8]) -> Option<&str> {
    account_bytes(record).and_then(|account| text(account).ok())
}

/// Gives the account of a record, not yet known to be text: cheaper still, to compare it.
pub fn account_bytes(record: &[u8]) -> Option<&[u8]> {
    let (length, rest) = record.get(2..)?.split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_le_bytes(*length)))
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<&'a str, Unreadable> {
    let (length, after) = rest.split_first_chunk::<2>().ok_or(Unreadable::Broken)?;
    let length = usize::from(u16::from_le_bytes(*length));
    let (field, after) = after.split_at_checked(length).ok_or(Unreadable::Broken)?;
    *rest = after;
    text(field)
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| Unreadable::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_as_it_was_written() {
        let mut record = event_head("acme", "api", "");
        record.extend_from_slice(br#"{"type":"message"}"#);
        let expected = Record::Event {
            account: "acme",
            origin: "api",
            provider: "",
            raw: r#"{"type":"message"}"#,
        };
        assert_eq!(read(&record), Ok(expected));
        assert_eq!(account(&record), Some("acme"));
    }

    #[test]
    fn settings_come_back_as_they_were_written() {
        let rules = FoldRules::default();
        let record = settings("acme", &rules).unwrap();
        let Ok(Record::Settings { account, json }) = read(&record) else {
            panic!("no settings")
        };
        assert_eq!(account, "acme");
        assert_eq!(serde_json::from_str::<FoldRules>(json).unwrap(), rules);
    }

    #[test]
    fn a_mark_comes_back_as_it_was_written_and_no_cut_of_it_is_read() {
        let record = mark("acme", "crm", 1 << 40);
        let expected = Record::Mark {
            account: "acme",
            stream: "crm",
            frame: 1 << 40,
        };
        assert_eq!(read(&record), Ok(expected));
        assert_eq!(account(&record), Some("acme"));
        assert!(is_mark(&record) && !is_mark(&event_head("acme", "api", "")));
        assert!((0..record.len()).all(|end| read(&record[..end]).is_err()));
    }

    #[test]
    fn no_cut_of_a_record_panics_and_an_unknown_kind_is_said_to_be_unknown() {
        let mut record = event_head("acme", "api", "");
        for end in 0..record.len() {
            assert!(read(&record[..end]).is_err());
        }
        record[0] = 77;
        assert_eq!(
            read(&record),
            Err(Unreadable::Unknown {
                kind: 77,
                version: 1
            })
        );
        assert_eq!(
            read(&[1, 1, 0, 0, 0, 0, 0, 0, 0xff]),
            Err(Unreadable::Broken)
        );
    }
}
