//! A form with a file, as browsers send it (`multipart/form-data`, RFC 7578), read from a body that was
//! collected within its limits.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use crate::problem::{Code, Problem};

/// Parts that a form may have.
const PARTS: usize = 16;

/// A form: its file and its fields.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// What the file is called.
    pub(super) name: String,
    /// Its content.
    pub(super) file: Vec<u8>,
    fields: Vec<(String, String)>,
}

/// Reads what stands between the parts off the content type.
pub(super) fn boundary(headers: &HeaderMap) -> Result<String, Problem> {
    let media = headers.get(CONTENT_TYPE);
    let media = media.and_then(|media| media.to_str().ok());
    let (kind, parameters) = media
        .and_then(|media| media.split_once(';'))
        .unwrap_or_default();
    let is_form = kind.trim().eq_ignore_ascii_case("multipart/form-data");
    let mut parameters = parameters.split(';').filter_map(|it| it.split_once('='));
    let boundary = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = boundary.map(|(_, value)| value.trim().trim_matches('"').to_owned());
    let fits = |it: &String| (1..=70).contains(&it.len()) && is_form;
    boundary.filter(fits).ok_or_else(|| {
        let detail = "send the file as a form does: multipart/form-data";
        Problem::new(Code::UnsupportedMediaType, detail)
    })
}

impl Form {
    /// Reads a body. Errs where it is no such form, or has no file.
    pub(super) fn read(body: &[u8], boundary: &str) -> Result<Self, Problem> {
        let broken = || Problem::new(Code::IncompleteBody, "the form is broken: send it again");
        let mut form = Self::default();
        let mark = format!("--{boundary}");
        let mut rest = body.strip_prefix(mark.as_bytes()).ok_or_else(broken)?;
        let mark = format!("\r\n{mark}");
        let mut has_file = false;
        for _ in 0..PARTS {
            if rest.starts_with(b"--") {
                break;
            }
            let part = rest.strip_prefix(b"\r\n").ok_or_else(broken)?;
            let end = find(part, mark.as_bytes()).ok_or_else(broken)?;
            let head = find(part, b"\r\n\r\n").filter(|head| head + 4 <= end);
            let head = head.ok_or_else(broken)?;
            has_file |= form.keep(
                &String::from_utf8_lossy(&part[..head]),
                &part[head + 4..end],
            );
            rest = &part[end + mark.len()..];
        }
        if has_file {
            return Ok(form);
        }
        let detail = "no file was chosen";
        Err(Problem::new(Code::IncompleteBody, detail))
    }

    /// Keeps a part; whether it is the file.
    fn keep(&mut self, head: &str, content: &[u8]) -> bool {
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let about = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"));
        let about = about.map_or("", |(_, about)| about);
        let name = quoted(about, "name").unwrap_or_default();
        if name != "file" {
            let value = String::from_utf8_lossy(content).trim().to_owned();
            self.fields.push((name, value));
            return false;
        }
        self.name = quoted(about, "filename").unwrap_or_default();
        self.file = content.to_vec();
        // A form whose file was not chosen has a part without a name and a content.
        !self.name.is_empty() || !content.is_empty()
    }

    /// Gives a field's value; nothing if it is not there.
    pub(super) fn field(&self, name: &str) -> String {
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// Reads a parameter in quotes; browsers write a quote in it as `%22`.
fn quoted(about: &str, parameter: &str) -> Option<String> {
    let start = format!("{parameter}=\"");
    let mut parts = about.split(';').map(str::trim_start);
    // A file's name may have semicolons, but stands last.
    let begin = parts.find_map(|part| part.starts_with(&start).then_some(part.as_ptr()))?;
    let begin = begin as usize - about.as_ptr() as usize + start.len();
    let (value, _) = about.get(begin..)?.split_once('"')?;
    Some(value.replace("%22", "\""))
}

/// Finds the place of a mark.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(media: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(media).unwrap())])
    }

    const BODY: &str = "--XX\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\n google \r\n\
        --XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b %22c%22.csv\"\r\n\
        Content-Type: text/csv\r\n\r\nday,cost\r\n--X\r\n2026-03-02,5\r\n\r\n--XX--\r\n";

    #[test]
    fn a_form_has_its_fields_and_its_file_byte_for_byte() {
        let boundary = boundary(&headers("multipart/form-data; boundary=\"XX\"")).unwrap();
        let form = Form::read(BODY.as_bytes(), &boundary).unwrap();
        assert_eq!(form.name, "a;b \"c\".csv");
        assert_eq!(form.file, b"day,cost\r\n--X\r\n2026-03-02,5\r\n");
        assert_eq!(
            (form.field("source"), form.field("other")),
            ("google".into(), String::new())
        );
    }

    #[test]
    fn what_is_no_form_with_a_file_is_refused() {
        for media in [
            "text/csv",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/mixed; boundary=XX",
        ] {
            let refused = boundary(&headers(media)).unwrap_err();
            assert_eq!(refused.code(), "unsupported_media_type", "{media}");
        }
        for end in 0..BODY.len() - "--\r\n".len() {
            assert!(Form::read(&BODY.as_bytes()[..end], "XX").is_err(), "{end}");
        }
        let none = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--XX--";
        let refused = Form::read(none.as_bytes(), "XX").unwrap_err();
        assert_eq!(refused.detail(), "no file was chosen");
    }
}
