//! Chance from a seed: the same draws on every machine.
//!
//! The generator is SplitMix64: a counter, and a mix of it. Lengths of time come from a table of
//! quantiles, so that no function whose last digit depends on the machine has a say.

/// How a length is spread around its median: quantiles from 0 to 100 per cent in steps of 10, in
/// thousandths of the median. Most are near it, a few are long, as people are.
const SPREAD: [u64; 11] = [
    250, 400, 530, 670, 820, 1_000, 1_220, 1_500, 1_900, 2_700, 6_000,
];

/// A source of chance.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws any number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(end)) >> 64) as u64
    }

    /// Draws from `from` to below `to`.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(from.abs_diff(to).max(1)) as i64
    }

    /// Says yes so many times of a thousand.
    pub(crate) fn happens(&mut self, of_a_thousand: u32) -> bool {
        self.below(1_000) < u64::from(of_a_thousand)
    }

    /// Draws a length around a median.
    pub(crate) fn around(&mut self, median: i64) -> i64 {
        let place = self.below(10_000);
        let (step, within) = ((place / 1_000) as usize, place % 1_000);
        let (low, high) = (SPREAD[step], SPREAD[step + 1]);
        let factor = low + (high - low) * within / 1_000;
        median * factor as i64 / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_are_those_of_the_generators_authors() {
        let mut chance = Chance::new(1_234_567);
        let published = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([chance.draw(), chance.draw()], published);
    }

    #[test]
    fn draws_spread_as_they_should() {
        let mut chance = Chance::new(7);
        let yes = (0..100_000).filter(|_| chance.happens(250)).count();
        assert!((24_500..25_500).contains(&yes), "{yes}");
        let below = (0..100_000)
            .filter(|_| chance.around(60_000) < 60_000)
            .count();
        assert!((49_000..51_000).contains(&below), "{below}");
        assert!((0..1_000).all(|_| (5..9).contains(&chance.between(5, 9))));
    }
}
