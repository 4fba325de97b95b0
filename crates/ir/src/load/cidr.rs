//! Networks in CIDR notation.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::Cidr;

/// Whether a network has bits set behind its prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostBits {
    Clear,
    Set,
}

/// Reads `address`, `address/prefix` or, for IPv4, `address/mask`.
pub(crate) fn read(text: &str) -> Option<(Cidr, HostBits)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let length_max = if address.is_ipv4() { 32 } else { 128 };
    let length = match prefix {
        None => length_max,
        Some(prefix) if !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit()) => {
            prefix.parse().ok()?
        }
        Some(mask) if address.is_ipv4() => mask_length(mask.parse().ok()?)?,
        Some(_) => return None,
    };
    let network = IpNet::new(address, length).ok()?;
    let masked = network.trunc();
    let host_bits = if masked == network { HostBits::Clear } else { HostBits::Set };
    Some((Cidr { text: text.to_owned(), network: masked }, host_bits))
}

/// The prefix length of a net mask or a host mask.
fn mask_length(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let ones = bits.leading_ones();
    let zeros = bits.leading_zeros();
    let length = if bits.checked_shl(ones).unwrap_or(0) == 0 && (ones > 0 || bits == 0) {
        ones
    } else if bits.checked_add(1).is_none_or(u32::is_power_of_two) {
        zeros
    } else {
        return None;
    };
    u8::try_from(length).ok()
}
