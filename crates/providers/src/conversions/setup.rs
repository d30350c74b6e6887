//! What is set up at the destination, and how it is called there.

use std::collections::BTreeMap;

use super::conversion::Kind;
use super::destination::{Destination, Format};

/// The longest name that any destination takes.
const LONGEST: usize = 100;

/// What whoever runs the service has set up at the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// What each kind is called there: a conversion action, an event, a goal.
    pub actions: BTreeMap<Kind, String>,
    /// Whether visitors agreed of whom that is not told.
    pub consent: Option<bool>,
    /// Whether requests are to be checked there and not counted.
    pub validate: bool,
}

impl Setup {
    /// Adds the names that the destination has for kinds by itself, if none is given.
    #[must_use]
    pub fn completed(mut self, destination: Destination) -> Self {
        if self.actions.is_empty() {
            let known = destination.known_actions().iter();
            self.actions = known
                .map(|(kind, name)| (*kind, (*name).to_owned()))
                .collect();
        }
        self
    }

    /// Lists the kinds that have a name there.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.actions.keys().copied()
    }

    /// Says what is wrong with it, and how to mend it.
    pub fn problem(&self, destination: Destination, format: Format) -> Option<String> {
        if self.actions.is_empty() {
            return Some(format!(
                "{} has no names of its own for conversions: say how they are called there, like \
                 --action won=...",
                destination.name()
            ));
        }
        if self.validate && !destination.validates() {
            return Some(format!(
                "{} has no way to check without counting",
                destination.name()
            ));
        }
        self.actions.iter().find_map(|(kind, name)| {
            let plain = !name.is_empty()
                && name.chars().count() <= LONGEST
                && !name.chars().any(char::is_control);
            let problem = if plain {
                destination.name_problem(name, format)?
            } else {
                format!("write 1 to {LONGEST} characters without line breaks")
            };
            Some(format!("--action {kind}={name}: {problem}"))
        })
    }

    /// Gives what a kind is called there.
    pub(super) fn action(&self, kind: Kind) -> Option<&str> {
        self.actions.get(&kind).map(String::as_str)
    }
}
