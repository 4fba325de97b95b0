//! Who is behind a proxy.
//!
//! `X-Forwarded-For` and its like are a list to which each proxy adds whom it speaks with; what stood there before, anybody
//! could have written. So it is read from the right, past the proxies that are known, and only where the one who speaks with
//! us is a known proxy.

use std::net::IpAddr;

use ipnet::IpNet;
use sigyn_blocker::address::parse;

/// Entries of a list that are looked at; more is nonsense.
const ENTRIES_MAX: usize = 32;

/// An address and whether a proxy speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address.
    pub address: IpAddr,
    /// Whether it is known from what a proxy says, and a proxy's own address is what arrives.
    pub is_behind_proxy: bool,
}

/// The real client of a request that came from `peer` with these lists of forwarded addresses; none if a proxy does not say
/// for whom it speaks. All lists must name the same one.
pub fn real_client<'f>(
    peer: IpAddr,
    forwarded: impl IntoIterator<Item = &'f str>,
    proxies: &[IpNet],
) -> Option<Client> {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !is_proxy(&peer) {
        return Some(Client { address: peer, is_behind_proxy: false });
    }
    let mut found = None;
    for list in forwarded {
        let address = first_unknown(list, &is_proxy)?;
        if found.is_some_and(|known| known != address) {
            return None;
        }
        found = Some(address);
    }
    found.map(|address| Client { address, is_behind_proxy: true })
}

/// The last entry of a list that is no proxy. What cannot be read ends the search: whoever wrote it, the entries left of it
/// are worth nothing.
fn first_unknown(list: &str, is_proxy: &dyn Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    for entry in list.rsplit(',').take(ENTRIES_MAX) {
        let address = entry_address(entry.trim().trim_matches('"'))?;
        if !is_proxy(&address) {
            return Some(address);
        }
    }
    None
}

/// The address of an entry, which may have a port.
fn entry_address(entry: &str) -> Option<IpAddr> {
    if let Some(inside) = entry.strip_prefix('[') {
        return parse(inside.split(']').next()?);
    }
    parse(entry).or_else(|| match entry.split_once(':') {
        Some((address, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => parse(address),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_client_is_the_last_that_no_proxy_of_ours_is() {
        let proxies: Vec<IpNet> =
            ["198.51.100.0/24", "10.0.0.0/8"].iter().map(|text| text.parse().unwrap()).collect();
        let check = |peer: &str, lists: &[&str], expect: &str| {
            let found = real_client(peer.parse().unwrap(), lists.iter().copied(), &proxies);
            let said = found.map_or("none".to_owned(), |client| {
                format!("{}{}", client.address, if client.is_behind_proxy { " behind" } else { "" })
            });
            assert_eq!(said, expect, "{peer} {lists:?}");
        };
        check("1.2.3.4", &[], "1.2.3.4");
        // Whoever is no proxy may say what they like.
        check("1.2.3.4", &["9.9.9.9"], "1.2.3.4");
        check("198.51.100.7", &["9.9.9.9"], "9.9.9.9 behind");
        check("198.51.100.7", &["8.8.8.8, 9.9.9.9"], "9.9.9.9 behind");
        check("198.51.100.7", &["9.9.9.9, 10.1.1.1"], "9.9.9.9 behind");
        check("198.51.100.7", &["9.9.9.9:4711,10.1.1.1:80"], "9.9.9.9 behind");
        check("198.51.100.7", &["\"[2a00::1]:4711\""], "2a00::1 behind");
        check("198.51.100.7", &["::ffff:9.9.9.9"], "9.9.9.9 behind");
        check("198.51.100.7", &[], "none");
        check("198.51.100.7", &["-"], "none");
        check("198.51.100.7", &["10.1.1.1"], "none");
        check("198.51.100.7", &["9.9.9.9, unknown"], "none");
        check("198.51.100.7", &["9.9.9.9", "9.9.9.9"], "9.9.9.9 behind");
        check("198.51.100.7", &["9.9.9.9", "8.8.8.8"], "none");
    }
}
