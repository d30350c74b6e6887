//! What the name of a channel tells: whether it leads outside, to an extension, or is only glue.

/// Which channels lead outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The names of the trunks, as they stand in the names of channels (`PJSIP/NAME-00000001`). Without
    /// any, what has no extension's number is a trunk.
    pub trunks: Vec<String>,
}

/// A channel, as AMI and ARI tell of it alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    /// Its id: the leg.
    pub(super) id: String,
    /// The id of the oldest channel it was linked with: the call. Empty if that was not told.
    pub(super) linked: String,
    /// Its name, like `PJSIP/101-00000002`.
    pub(super) name: String,
    /// The number of who is at its end.
    pub(super) number: String,
    /// The number that is shown to it.
    pub(super) connected: String,
    /// What it dialled.
    pub(super) dialled: String,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Made to be dialled; nothing happens yet.
    #[default]
    Down,
    /// It dials.
    Dials,
    /// Its telephone rings.
    Rings,
    /// It is connected.
    Up,
}

/// Where a channel leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// To an extension.
    Inside(String),
    /// Into the world.
    Outside,
    /// To another part of the exchange: it is nobody's.
    Glue,
}

/// Technologies whose channels are nobody's.
const GLUE: [&str; 9] = [
    "Local",
    "Message",
    "Surrogate",
    "Recorder",
    "Announcer",
    "CBAnn",
    "CBRec",
    "Snoop",
    "Multicast",
];

impl Lines {
    pub(super) fn end(&self, channel: &Channel) -> End {
        let (technology, rest) = channel.name.split_once('/').unwrap_or(("", &channel.name));
        if GLUE.contains(&technology) {
            return End::Glue;
        }
        let name = rest.rsplit_once('-').map_or(rest, |(name, _)| name);
        if self.trunks.iter().any(|trunk| trunk == name) {
            return End::Outside;
        }
        if is_extension(name) || !self.trunks.is_empty() {
            return End::Inside(name.to_owned());
        }
        if is_extension(&channel.number) {
            return End::Inside(channel.number.clone());
        }
        End::Outside
    }
}

/// Says whether a number is one of the exchange's own.
pub(super) fn is_extension(number: &str) -> bool {
    (2..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Gives the number in what is dialled: `PJSIP/+34600111222@trunk`, `trunk/600111222`; the longest run
/// of digits.
pub(super) fn number(dialled: &str) -> Option<&str> {
    let runs = dialled.split(|c: char| !c.is_ascii_digit() && c != '+');
    let longest = runs.max_by_key(|run| run.len())?;
    (longest.len() > 6).then_some(longest)
}

/// Says whether a number that was dialled was one: `s` and the like are places in the dial plan.
pub(super) fn is_number(dialled: &str) -> bool {
    dialled.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_channels_tell_where_they_lead() {
        let end = |name: &str, number: &str, trunks: &[&str]| {
            let lines = Lines {
                trunks: trunks.iter().map(|it| (*it).to_owned()).collect(),
            };
            lines.end(&Channel {
                name: name.into(),
                number: number.into(),
                ..Channel::default()
            })
        };
        let inside = |name: &str| End::Inside(name.into());
        assert_eq!(end("PJSIP/101-00000002", "", &[]), inside("101"));
        assert_eq!(end("SIP/anna-00000002", "101", &[]), inside("101"));
        assert_eq!(
            end("PJSIP/my-trunk-0000001f", "+34911222333", &[]),
            End::Outside
        );
        assert_eq!(
            end("PJSIP/anna-00000002", "", &["my-trunk"]),
            inside("anna")
        );
        assert_eq!(
            end("PJSIP/my-trunk-0000001f", "101", &["my-trunk"]),
            End::Outside
        );
        assert_eq!(
            end("Local/101@from-queue-0000000a;1", "101", &[]),
            End::Glue
        );
        assert_eq!(end("", "", &[]), End::Outside);
    }

    #[test]
    fn the_number_is_found_in_what_is_dialled() {
        assert_eq!(number("PJSIP/+34600111222@my-trunk1"), Some("+34600111222"));
        assert_eq!(number("trunk/600111222"), Some("600111222"));
        assert_eq!(number("101"), None);
        assert_eq!(number(""), None);
    }
}
