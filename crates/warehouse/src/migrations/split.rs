//! A file of SQL into its statements.
//!
//! A semicolon ends a statement unless it is inside a quoted text ('..', with \ and doubled quotes),
//! a quoted name (`..` or ".."), or a comment (`--` to the end of the line, `/* */`). Comments in
//! front of a statement are left out; pieces without a statement are skipped.

/// Gives the statements, without their semicolons.
pub(super) fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = skip_blank(text);
    while !rest.is_empty() {
        let end = end_of_statement(rest);
        let statement = rest[..end].trim_end();
        if !statement.is_empty() {
            found.push(statement);
        }
        rest = skip_blank(rest.get(end + 1..).unwrap_or_default());
    }
    found
}

/// Finds the semicolon that ends the statement, or the end of the text.
fn end_of_statement(text: &str) -> usize {
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        at += match byte {
            b';' => return at,
            b'\'' | b'`' | b'"' => quoted(&text[at..], *byte),
            b'-' | b'/' => comment(&text[at..]).unwrap_or(1),
            _ => 1,
        };
    }
    text.len()
}

/// Gives the length of a quoted piece with its quotes. A doubled quote reads as two pieces in a row.
fn quoted(text: &str, quote: u8) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
        } else if byte == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Gives the length of the comment that `text` starts with, if it does.
fn comment(text: &str) -> Option<usize> {
    let (opener, closer) = match text.get(..2)? {
        "--" => ("--", "\n"),
        "/*" => ("/*", "*/"),
        _ => return None,
    };
    let inside = text.get(opener.len()..)?;
    Some(
        inside
            .find(closer)
            .map_or(text.len(), |end| opener.len() + end + closer.len()),
    )
}

/// Skips space and comments.
fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(length) = comment(rest) {
        rest = rest[length..].trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons() {
        assert_eq!(
            statements("SELECT 1;\nSELECT 2 ;\n"),
            ["SELECT 1", "SELECT 2"]
        );
    }

    #[test]
    fn the_last_statement_needs_no_semicolon() {
        assert_eq!(statements("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    }

    #[test]
    fn a_semicolon_in_quotes_ends_nothing() {
        for text in [
            "SELECT 'a;b'",
            "SELECT 'it''s; so'",
            r"SELECT 'it\'s; so'",
            "SELECT `a;b`",
        ] {
            assert_eq!(statements(text), [text]);
        }
    }

    #[test]
    fn a_semicolon_in_a_comment_ends_nothing() {
        assert_eq!(statements("-- a; b\n/* c; d */ SELECT 1"), ["SELECT 1"]);
        assert_eq!(
            statements("SELECT 1 -- a; b\n + 2"),
            ["SELECT 1 -- a; b\n + 2"]
        );
    }

    #[test]
    fn a_quote_in_a_comment_opens_nothing() {
        assert_eq!(statements("SELECT 1 -- it's\n; SELECT 2").len(), 2);
    }

    #[test]
    fn a_minus_and_a_slash_are_no_comments() {
        assert_eq!(statements("SELECT 4 / 2 - 1; SELECT 2").len(), 2);
    }

    #[test]
    fn nothing_but_comments_is_no_statement() {
        assert_eq!(statements("-- nothing\n;; /* here */"), Vec::<&str>::new());
    }

    #[test]
    fn text_beyond_ascii_is_kept_whole() {
        assert_eq!(
            statements("SELECT 'счёт;'; SELECT 2"),
            ["SELECT 'счёт;'", "SELECT 2"]
        );
    }
}
