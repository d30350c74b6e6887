//! Whole numbers. JSON has one kind of number, so `3.0` is 3, as the schema of the events says too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a whole number.
pub(super) fn number<'de, N: TryFrom<u64>, D: Deserializer<'de>>(from: D) -> Result<N, D::Error> {
    from.deserialize_any(Whole(PhantomData))
}

/// Reads a whole number, or `null`.
pub(super) fn maybe<'de, N, D>(from: D) -> Result<Option<N>, D::Error>
where
    N: TryFrom<u64>,
    D: Deserializer<'de>,
{
    let read: Option<Read<N>> = Option::deserialize(from)?;
    Ok(read.map(|Read(number)| number))
}

struct Read<N>(N);

impl<'de, N: TryFrom<u64>> Deserialize<'de> for Read<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        number(from).map(Self)
    }
}

struct Whole<N>(PhantomData<N>);

impl<N: TryFrom<u64>> Visitor<'_> for Whole<N> {
    type Value = N;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = u64::MAX >> (64 - 8 * size_of::<N>());
        write!(f, "a whole number from 0 to {largest}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<N, E> {
        N::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<N, E> {
        // The bound is 2^64, which is no `u64` any more; comparing refuses NaN.
        if number.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&number) {
            return self.visit_u64(number as u64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<N: TryFrom<u64>>(json: &str) -> Result<N, String> {
        let read: Result<Read<N>, _> = serde_json::from_str(json);
        read.map(|Read(number)| number)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_number_is_read_however_it_is_written() {
        assert_eq!(read::<u8>("3"), Ok(3));
        assert_eq!(read::<u8>("3.0"), Ok(3));
        assert_eq!(read::<u8>("25e1"), Ok(250));
        assert_eq!(read::<u64>("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_not_whole_or_too_large_is_refused_in_words_for_people() {
        for json in [
            "3.5", "-1", "-1.0", "256", "256.0", "1e300", "\"3\"", "true",
        ] {
            let refused = read::<u8>(json).unwrap_err();
            assert!(
                refused.contains("a whole number from 0 to 255"),
                "{refused}"
            );
        }
        assert!(read::<u64>("18446744073709551616").is_err());
    }
}
