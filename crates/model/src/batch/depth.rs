//! How deep JSON is nested, without parsing it.

/// Says whether objects and arrays are nested deeper than `most` levels.
///
/// Openers inside texts do not count. Text that is not JSON gives some answer and no panic.
pub(super) fn exceeds(json: &[u8], most: usize) -> bool {
    // Without more openers than levels there cannot be more levels; counting is far cheaper.
    count_openers(json) > most && exact(json, most)
}

fn count_openers(json: &[u8]) -> usize {
    // Sums of at most 255 fit into a byte, which lets the compiler count many bytes at once.
    let count = |bytes: &[u8]| -> usize {
        bytes
            .iter()
            .map(|byte| u8::from(matches!(byte, b'{' | b'[')))
            .sum::<u8>()
            .into()
    };
    json.chunks(255).map(count).sum()
}

fn exact(json: &[u8], most: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_exactly() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!exceeds(nested(64).as_bytes(), 64));
        assert!(exceeds(nested(65).as_bytes(), 64));
        assert!(exceeds("{\"a\":".repeat(65).as_bytes(), 64));
    }

    #[test]
    fn neighbours_and_texts_are_not_nesting() {
        assert!(!exceeds("[[],[]]".repeat(1_000).as_bytes(), 64));
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(500), "{".repeat(500));
        assert!(!exceeds(text.as_bytes(), 64));
        assert!(exceeds(
            format!("[\"\\\\\",{}", "[".repeat(64)).as_bytes(),
            64
        ));
    }
}
