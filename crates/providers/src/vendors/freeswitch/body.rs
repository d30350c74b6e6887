//! The three ways in which a record is encoded: as JSON, or in a form as `cdr=`, there as text or in
//! base64.

use serde_json::Value;

use crate::fields::json;
use crate::secrets::from_base64;
use crate::{Request, Unreadable};

/// Reads a record, however it is encoded.
pub(super) fn read(request: &Request<'_>) -> Result<Value, Unreadable> {
    let body = request.body.trim_ascii();
    if body.starts_with(b"{") {
        return lenient(body);
    }
    let text = body
        .strip_prefix(b"cdr=")
        .ok_or_else(|| Unreadable::new("the body is neither JSON nor a form with the field cdr"))?;
    // Base64 is not escaped as a form would be: its plus is a plus.
    let plain = std::str::from_utf8(text).unwrap_or_default();
    let plain: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(bytes) = from_base64(&plain).filter(|bytes| bytes.trim_ascii().starts_with(b"{")) {
        return lenient(bytes.trim_ascii());
    }
    let form = request.form();
    let found = form.iter().find(|(name, _)| name == "cdr");
    let text = found.map_or("", |(_, text)| text.trim());
    match from_base64(text) {
        Some(bytes) => lenient(&bytes),
        None => lenient(text.as_bytes()),
    }
}

/// Reads JSON in which a figure that is none stands as `nan`.
fn lenient(bytes: &[u8]) -> Result<Value, Unreadable> {
    json(bytes).or_else(|error| {
        let text = std::str::from_utf8(bytes).map_err(|_| error.clone())?;
        if !text.contains("nan") {
            return Err(error);
        }
        let mut mended = text.to_owned();
        for nan in ["-nan", "nan"] {
            for end in [",", "}", "\n", " "] {
                mended = mended.replace(&format!(":{nan}{end}"), &format!(":null{end}"));
                mended = mended.replace(&format!(": {nan}{end}"), &format!(": null{end}"));
                mended = mended.replace(&format!(":\t{nan}{end}"), &format!(":\tnull{end}"));
            }
        }
        json(mended.as_bytes())
    })
}
