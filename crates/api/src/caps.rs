//! How many connections are open, in all and from one address.
//!
//! An IPv6 peer is counted by its /64, which one household or machine usually has to itself.
//! Our own proxies stand for many peers and are only counted in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Config;
use crate::metrics::{self, Reason};

/// Counts connections; a clone counts the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Caps(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    max_per_address: usize,
    trusted: Vec<IpAddr>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The place of one connection; given back on drop.
#[derive(Debug)]
pub(crate) struct Place {
    caps: Caps,
    counted: Option<IpAddr>,
}

impl Caps {
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(Shared {
            max: config.connections.max,
            max_per_address: config.connections.max_per_address,
            trusted: config
                .trusted_proxies
                .iter()
                .map(IpAddr::to_canonical)
                .collect(),
            open: Mutex::default(),
        }))
    }

    /// Takes a place for a connection from `peer`.
    pub(crate) fn take(&self, peer: IpAddr) -> Result<Place, Reason> {
        let peer = peer.to_canonical();
        let counted = (!self.0.trusted.contains(&peer)).then(|| neighbourhood(peer));
        let mut open = self.open();
        if open.all >= self.0.max {
            return Err(Reason::TooMany);
        }
        if let Some(address) = counted {
            let here = open.by_address.entry(address).or_default();
            if *here >= self.0.max_per_address {
                return Err(Reason::TooManyFromOne);
            }
            *here += 1;
        }
        open.all += 1;
        metrics::connections_open(open.all);
        drop(open);
        Ok(Place {
            caps: self.clone(),
            counted,
        })
    }

    /// Connections open now.
    pub(crate) fn count(&self) -> usize {
        self.open().all
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // The counts are whole at every moment: a panic elsewhere does not spoil them.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.caps.open();
        open.all -= 1;
        metrics::connections_open(open.all);
        if let Some(address) = self.counted
            && let Some(here) = open.by_address.get_mut(&address)
        {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// Gives whose connections count together: an address, of IPv6 its /64.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Connections;

    fn caps(max: usize, max_per_address: usize) -> Caps {
        let connections = Connections {
            max,
            max_per_address,
            ..Connections::default()
        };
        let trusted_proxies = vec!["10.0.0.1".parse().unwrap()];
        Caps::new(&Config {
            connections,
            trusted_proxies,
            ..Config::default()
        })
    }

    fn take(caps: &Caps, peer: &str) -> Result<Place, Reason> {
        caps.take(peer.parse().unwrap())
    }

    #[test]
    fn one_address_does_not_take_all_places() {
        let caps = caps(10, 2);
        let _first = take(&caps, "192.0.2.1").unwrap();
        let second = take(&caps, "::ffff:192.0.2.1").unwrap();
        assert_eq!(
            take(&caps, "192.0.2.1").unwrap_err(),
            Reason::TooManyFromOne
        );
        let _other = take(&caps, "192.0.2.2").unwrap();
        drop(second);
        let _again = take(&caps, "192.0.2.1").unwrap();
        assert_eq!(caps.count(), 3);
    }

    #[test]
    fn the_cap_of_all_holds_for_everyone() {
        let caps = caps(2, 2);
        let places = [
            take(&caps, "192.0.2.1").unwrap(),
            take(&caps, "10.0.0.1").unwrap(),
        ];
        assert_eq!(take(&caps, "10.0.0.1").unwrap_err(), Reason::TooMany);
        drop(places);
        assert_eq!(caps.count(), 0);
        assert!(caps.open().by_address.is_empty());
    }

    #[test]
    fn a_trusted_proxy_is_not_capped_and_a_64_is_one_address() {
        let caps = caps(10, 1);
        let _proxy = [
            take(&caps, "10.0.0.1").unwrap(),
            take(&caps, "10.0.0.1").unwrap(),
        ];
        let _one = take(&caps, "2001:db8:1:2::1").unwrap();
        assert_eq!(
            take(&caps, "2001:db8:1:2::2").unwrap_err(),
            Reason::TooManyFromOne
        );
        let _other = take(&caps, "2001:db8:1:3::1").unwrap();
    }
}
