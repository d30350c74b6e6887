//! Who may call a hook, by address.

use std::net::IpAddr;

use ipnet::IpNet;

/// Reads an address or a network, like `185.45.152.42` or `185.45.152.0/24`.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(one)
}

/// Says whether an address is in one of the networks.
pub(crate) fn is_in(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}
