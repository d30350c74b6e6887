//! Who called, also behind our own proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;

use crate::connection::Peer;

/// Gives the address that a request came from: that of the connection, or, if that is one of our own
/// proxies, the last of `X-Forwarded-For` that is not.
pub(crate) fn of(head: &Parts, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = head.extensions.get::<Peer>()?.0.ip().to_canonical();
    let is_ours = |address: &IpAddr| trusted.iter().any(|own| own.to_canonical() == *address);
    if !is_ours(&peer) {
        return Some(peer);
    }
    let headers = head.headers.get_all("x-forwarded-for").iter();
    let texts: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    let mut hops = texts.iter().rev().flat_map(|text| text.rsplit(','));
    // Of what cannot be read only the proxy is known, which nobody lists among those that may call.
    let caller = hops.find_map(|hop| match address(hop.trim()) {
        Some(hop) if is_ours(&hop) => None,
        hop => Some(hop.unwrap_or(peer)),
    });
    Some(caller.unwrap_or(peer))
}

/// Reads a hop: an address, which may have a port and, of IPv6, brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']').parse();
    let with_port = || hop.parse::<SocketAddr>().map(|it| it.ip());
    let address: IpAddr = bare.or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(peer: &str, forwarded: &[&'static str]) -> Option<String> {
        let mut request = axum::http::Request::new(());
        let address = format!("{peer}:4711").parse().unwrap();
        request.extensions_mut().insert(Peer(address));
        for value in forwarded {
            let value = value.parse().unwrap();
            request.headers_mut().append("x-forwarded-for", value);
        }
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        of(&request.into_parts().0, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_our_own_proxies_may_say_who_called() {
        let is = |peer, forwarded: &[&'static str], expected: Option<&str>| {
            assert_eq!(
                asked(peer, forwarded).as_deref(),
                expected,
                "{peer} {forwarded:?}"
            );
        };
        is("203.0.113.9", &[], Some("203.0.113.9"));
        is("203.0.113.9", &["198.51.100.1"], Some("203.0.113.9"));
        is("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1"));
        is(
            "10.0.0.1",
            &["1.1.1.1, 198.51.100.1, 10.0.0.2"],
            Some("198.51.100.1"),
        );
        is(
            "10.0.0.1",
            &["1.1.1.1", "198.51.100.1"],
            Some("198.51.100.1"),
        );
        is("10.0.0.1", &[], Some("10.0.0.1"));
        let ported = [
            "203.0.113.9:51234, 10.0.0.2",
            "[2001:db8::1]:443",
            "2001:db8::1",
        ];
        is("10.0.0.1", &ported[..1], Some("203.0.113.9"));
        is("10.0.0.1", &ported[1..2], Some("2001:db8::1"));
        is("10.0.0.1", &ported[2..], Some("2001:db8::1"));
        // What is no address says nothing, and is not passed over: it is the proxy that called.
        is("10.0.0.1", &["1.1.1.1, unknown"], Some("10.0.0.1"));
    }
}
