//! What this machine cannot do without: its own addresses, its gateways, its name servers.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{canonical, parse};

/// All of them, as far as the system tells. They change while it runs, so whoever is to decide asks anew.
pub fn addresses() -> Vec<IpAddr> {
    let mut all = own();
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    all.extend(gateways_of_four(&read("/proc/net/route")));
    all.extend(gateways_of_six(&read("/proc/net/ipv6_route")));
    all.extend(name_servers(&read("/etc/resolv.conf")));
    all.iter_mut().for_each(|address| *address = canonical(*address));
    all.sort_unstable();
    all.dedup();
    all
}

/// The addresses of this machine's interfaces.
fn own() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let address = |interface: nix::ifaddrs::InterfaceAddress| {
        let socket = interface.address?;
        let four = socket.as_sockaddr_in().map(|four| IpAddr::V4(four.ip()));
        four.or_else(|| socket.as_sockaddr_in6().map(|six| IpAddr::V6(six.ip())))
    };
    interfaces.filter_map(address).collect()
}

/// Gateways of the table `/proc/net/route`: the third column, bytes turned round.
fn gateways_of_four(table: &str) -> Vec<IpAddr> {
    let rows = table.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
    let gateways = rows.filter_map(|text| u32::from_str_radix(text, 16).ok()).filter(|number| *number != 0);
    gateways.map(|number| IpAddr::V4(Ipv4Addr::from(number.to_ne_bytes()))).collect()
}

/// Gateways of the table `/proc/net/ipv6_route`: the fifth column.
fn gateways_of_six(table: &str) -> Vec<IpAddr> {
    let rows = table.lines().filter_map(|line| line.split_whitespace().nth(4));
    let gateways = rows.filter_map(|text| u128::from_str_radix(text, 16).ok()).filter(|number| *number != 0);
    gateways.map(|number| IpAddr::V6(Ipv6Addr::from(number))).collect()
}

fn name_servers(text: &str) -> Vec<IpAddr> {
    let servers = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
    servers.filter_map(|rest| parse(rest.split_whitespace().next()?.split('%').next()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        let texts = |all: Vec<IpAddr>| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let route = "Iface\tDestination\tGateway \tFlags\neth0\t00000000\t0102A8C0\t0003\neth0\t0002A8C0\t00000000\t0001\n";
        assert_eq!(texts(gateways_of_four(route)), ["192.168.2.1"]);
        let route = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 \
                     00000400 00000000 00000000 00000003 eth0\n";
        assert_eq!(texts(gateways_of_six(route)), ["fe80::1"]);
        assert_eq!(
            texts(name_servers("search x\nnameserver 9.9.9.9\nnameserver fe80::1%eth0\n")),
            ["9.9.9.9", "fe80::1"]
        );
        assert!(addresses().contains(&"127.0.0.1".parse().unwrap()));
    }
}
