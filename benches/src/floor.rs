//! The parse-only floor: what reading the same fields costs and nothing else.

use std::borrow::Cow;
use std::hint::black_box;

use anyhow::Result;
use serde::Deserialize;

use crate::cpu;
use crate::workload::Workload;

/// The fields of a message as bare text, borrowed, unchecked.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(test), expect(dead_code, reason = "the cost is in reading them"))]
pub(crate) struct Bare<'a> {
    /// The type.
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    /// The id.
    pub(crate) id: &'a str,
    /// When it was written, in milliseconds.
    pub(crate) at: u64,
    /// The channel.
    pub(crate) channel: &'a str,
    /// The conversation.
    pub(crate) conversation: &'a str,
    /// The contact.
    pub(crate) contact: &'a str,
    /// Who wrote it.
    pub(crate) author: &'a str,
    /// The manager.
    pub(crate) manager: &'a str,
    /// The text.
    #[serde(borrow)]
    pub(crate) text: Cow<'a, str>,
}

/// Parses one line as the floor does.
pub(crate) fn parse(line: &[u8]) -> Result<Bare<'_>> {
    Ok(serde_json::from_str(std::str::from_utf8(line)?)?)
}

/// Parses all lines and gives the CPU time in nanoseconds a line.
pub(crate) fn parse_all(workload: &Workload) -> Result<f64> {
    let before = cpu::of_thread();
    for line in workload.lines() {
        black_box(parse(line)?);
    }
    Ok((cpu::of_thread() - before) as f64 / workload.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_reads_every_field_of_the_workload() {
        let workload = Workload::generate(10, 7);
        for line in workload.lines() {
            let bare = parse(line).unwrap();
            assert_eq!(
                (bare.kind, bare.id.len(), bare.manager.len()),
                ("message", 20, 7)
            );
            assert!(bare.at > 0 && bare.text.len() > 40, "{bare:?}");
            assert!(
                [bare.channel, bare.conversation, bare.contact, bare.author]
                    .iter()
                    .all(|it| !it.is_empty())
            );
        }
    }
}
