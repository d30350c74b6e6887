//! The query pairs as they came, asked for by name.

use crate::error::BadParameter;

/// The query pairs of one request, decoded, in their order.
pub(crate) struct Given<'a>(&'a [(String, String)]);

impl<'a> Given<'a> {
    pub(crate) const fn new(pairs: &'a [(String, String)]) -> Self {
        Self(pairs)
    }

    /// All names given, repeated ones too.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// All values of a repeatable parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<&'a str> {
        let named = self.0.iter().filter(|(given, _)| given == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a parameter that may be given once; an empty one is refused.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&'a str>, BadParameter> {
        match self.all(name).as_slice() {
            [] => Ok(None),
            [""] => Err(BadParameter::new(
                name,
                "has no value: give one or leave it out",
            )),
            [value] => Ok(Some(*value)),
            _ => Err(BadParameter::new(name, "is given more than once")),
        }
    }
}
