//! The order of ids in a timeline, where two events share their instant.

use std::cmp::Ordering;

/// Compares two message ids as a timeline does (metrics, section 1): ids of digits only come first, the
/// shorter first and equals in length as text; then all other ids as text.
///
/// Digits are ASCII digits. An empty id counts as text.
pub fn compare_ids(a: &str, b: &str) -> Ordering {
    match (is_digits(a), is_digits(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

fn is_digits(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_first_and_the_shorter_first() {
        let mut ids = ["b", "10", "9", "a10", "a9", "009", "", "Ä", "100"];
        ids.sort_by(|a, b| compare_ids(a, b));
        assert_eq!(ids, ["9", "10", "009", "100", "", "a10", "a9", "b", "Ä"]);
    }

    #[test]
    fn an_id_equals_only_itself() {
        assert_eq!(compare_ids("12", "12"), Ordering::Equal);
        assert_eq!(compare_ids("12", "012"), Ordering::Less);
        assert_eq!(compare_ids("x", "x"), Ordering::Equal);
    }

    #[test]
    fn other_scripts_digits_are_text() {
        assert_eq!(compare_ids("٣", "4"), Ordering::Greater);
    }
}
