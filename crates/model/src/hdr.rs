//! Buckets of response-time distributions: one arithmetic for memory, reports and SQL.
//!
//! A value of whole milliseconds below 256 has a bucket of its own; above, each octave is cut into
//! 128 equal buckets (what hdrhistogram calls 2 significant digits), so a bucket's middle is at
//! most 1/256 = 0.39 % away from any value in it. Indexes ascend with the values, so a quantile by
//! nearest rank over indexes is the bucket of the quantile by nearest rank over values.

/// Values below this have a bucket of their own.
pub const EXACT: u64 = 256;

/// Binary digits kept of a value of 256 or more: 128 buckets an octave.
pub const DIGITS: u32 = 7;

/// Returns the bucket of a value in milliseconds.
pub const fn index(value: u64) -> u16 {
    if value < EXACT {
        return value as u16;
    }
    let shift = value.ilog2() - DIGITS;
    ((shift << DIGITS) as u64 + (value >> shift)) as u16
}

/// Returns the middle of a bucket in milliseconds: the lower end plus half the width.
pub const fn middle(index: u16) -> u64 {
    let index = index as u64;
    if index < EXACT {
        return index;
    }
    let shift = (index >> DIGITS) - 1;
    ((index - (shift << DIGITS)) << shift) + (1 << (shift - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_the_formula_at_their_edges() {
        // i = v < 256 ? v : ((msb - 7) << 7) + (v >> (msb - 7))
        let cases = [
            (0, 0),
            (255, 255),
            (256, 256),
            (257, 256),
            (258, 257),
            (511, 383),
        ];
        for (value, bucket) in cases {
            assert_eq!(index(value), bucket, "{value}");
        }
        assert_eq!(index(512), 384);
        // 40 s: msb 15, 8 digits cut off: 8 * 128 + 156.
        assert_eq!(index(40_000), 1_180);
        assert_eq!(index(u64::MAX), 56 * 128 + 255);
    }

    #[test]
    fn a_middle_lies_in_its_own_bucket() {
        assert_eq!(
            (middle(255), middle(256), middle(1_180)),
            (255, 257, 40_064)
        );
        for bucket in 0..=(56 * 128 + 255) {
            assert_eq!(index(middle(bucket)), bucket);
        }
    }
}
