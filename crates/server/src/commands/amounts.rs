//! Amounts as people read them.

/// Writes a whole number in groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Writes bytes with a unit: powers of 1,000.
pub(super) fn bytes(bytes: f64) -> String {
    let mut amount = bytes;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 999.5 {
            return format!("{} {unit}", short(amount));
        }
        amount /= 1_000.0;
    }
    format!("{} TB", short(amount))
}

/// Writes a length of time with the unit that suits it.
pub(super) fn span(seconds: f64) -> String {
    let (amount, unit) = match seconds {
        under if under < 120.0 => (under, "s"),
        under if under < 7_200.0 => (under / 60.0, "minutes"),
        under if under < 172_800.0 => (under / 3_600.0, "hours"),
        beyond => (beyond / 86_400.0, "days"),
    };
    if amount >= 36_500.0 {
        return "more than 100 years".to_owned();
    }
    format!("{} {unit}", short(amount))
}

/// Writes a number with at most one decimal, and none where it says nothing.
pub(super) fn short(amount: f64) -> String {
    if amount >= 9.95 || amount.fract().abs() < 0.05 {
        format!("{amount:.0}")
    } else {
        format!("{amount:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_the_right() {
        let pairs = [
            (0, "0"),
            (999, "999"),
            (1_000, "1 000"),
            (12_345_678, "12 345 678"),
        ];
        for (number, text) in pairs {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn amounts_have_the_unit_that_suits_them() {
        let pairs = [
            (0.0, "0 B"),
            (1_234.0, "1.2 kB"),
            (999_600.0, "1.0 MB"),
            (5e13, "50 TB"),
        ];
        for (amount, text) in pairs {
            assert_eq!(bytes(amount), text);
        }
        let pairs = [
            (0.25, "0.2 s"),
            (90.0, "90 s"),
            (600.0, "10 minutes"),
            (86_400.0, "24 hours"),
        ];
        for (seconds, text) in pairs {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(span(30.0 * 86_400.0), "30 days");
        assert_eq!(span(1e12), "more than 100 years");
    }
}
