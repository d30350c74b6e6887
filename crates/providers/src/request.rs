//! A request of a provider, as it came in.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, Method};
use trunkline_model::time::Time;

/// A request to a hook. Its body is the bytes as received: signatures are over these.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// GET or POST.
    pub method: &'a Method,
    /// The address as the provider knows it: the configured public one, with path and query. It is
    /// never made of headers.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// Who called, behind trusted proxies.
    pub peer: Option<IpAddr>,
    /// When it came, by our clock.
    pub received_at: Time,
}

impl<'a> Request<'a> {
    /// Gives a header that stands there once and is text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        value.to_str().ok()
    }

    /// Gives the query, as it was sent; empty if there is none.
    pub fn query(&self) -> &'a str {
        self.url.split_once('?').map_or("", |(_, query)| query)
    }

    /// Gives the names and values of the query, decoded, in the order they were sent.
    pub fn query_pairs(&self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        form_urlencoded::parse(self.query().as_bytes()).collect()
    }

    /// Gives the names and values of a body that is a form, decoded, in the order they were sent.
    pub fn form(&self) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
        form_urlencoded::parse(self.body).collect()
    }

    /// Gives the first value of a name in the query.
    pub fn asked(&self, name: &str) -> Option<Cow<'a, str>> {
        let pairs = form_urlencoded::parse(self.query().as_bytes());
        pairs
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value)
            .next()
    }
}
