//! What kind of address an address is: which machines on the internet may have, and which mean something nearby.
//!
//! The ranges are those of IANA's registries of special-purpose addresses (RFC 6890 and what has come since). An IPv6
//! address that carries an IPv4 address (mapped, compatible, NAT64, 6to4) is judged by what it carries, because the
//! system may well connect there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A machine on the internet.
    Global,
    /// A network of one's own: RFC 1918, carriers' NAT (RFC 6598), unique local IPv6.
    Private,
    /// This machine.
    Loopback,
    /// The same link, where clouds have the service that hands out a machine's credentials.
    LinkLocal,
    /// Nobody: addresses for examples in documents.
    Example,
    /// No single machine: unspecified, multicast, broadcast, reserved.
    Unusable,
}

impl Kind {
    /// The kind as people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "public",
            Self::Private => "private",
            Self::Loopback => "of this machine",
            Self::LinkLocal => "link-local",
            Self::Example => "for documentation",
            Self::Unusable => "of no single machine",
        }
    }
}

/// The address as it is meant: IPv4 where IPv6 only wraps it.
pub fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// What kind of address it is.
pub fn kind(address: IpAddr) -> Kind {
    match canonical(address) {
        IpAddr::V4(four) => kind_of_four(four),
        IpAddr::V6(six) => kind_of_six(six),
    }
}

fn kind_of_four(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        [169, 254, ..] => Kind::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        // Benchmarks (198.18/15) are run in networks of one's own.
        [198, 18..=19, ..] => Kind::Private,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Example,
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [224..=255, ..] => Kind::Unusable,
        // Azure's service for machines: a public address that every machine there reaches.
        [168, 63, 129, 16] => Kind::LinkLocal,
        _ => Kind::Global,
    }
}

fn kind_of_six(address: Ipv6Addr) -> Kind {
    let parts = address.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        // What wraps an address of the internet is a way around looking at it, and nothing else.
        match kind_of_four(Ipv4Addr::new(a, b, c, d)) {
            Kind::Global | Kind::Example => Kind::Unusable,
            other => other,
        }
    };
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::Unusable,
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        [0, 0, 0, 0, 0, 0, high, low] => carried(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => carried(high, low),
        // NAT64 leads to the IPv4 address that it carries.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => carried(high, low),
        [0x64, 0xff9b, 1, ..] => Kind::Private,
        [0x2002, high, low, ..] => carried(high, low),
        [0xfd00, 0xec2, ..] => Kind::LinkLocal,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        [0xfec0..=0xfeff, ..] => Kind::Private,
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Example,
        // Teredo, benchmarks, ORCHID and other protocol assignments: 2001::/23.
        [0x2001, 0..=0x1ff, ..] => Kind::Unusable,
        [0x2000..=0x3fff, ..] => Kind::Global,
        _ => Kind::Unusable,
    }
}

/// Reads an address, and nothing that merely resembles one: no octal, no missing parts, no zone, no brackets.
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_a_kind() {
        let check = |kind_expected: Kind, all: &[&str]| {
            for text in all {
                assert_eq!(kind(text.parse().unwrap()), kind_expected, "{text}");
            }
        };
        check(
            Kind::Global,
            &["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"],
        );
        check(Kind::Loopback, &["127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1", "::127.0.0.1"]);
        check(
            Kind::Private,
            &[
                "10.0.0.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "100.64.0.1",
                "100.127.255.254",
                "198.18.0.1",
                "fc00::1",
                "fd12:3456::1",
                "::ffff:10.0.0.1",
                "64:ff9b::10.0.0.1",
                "64:ff9b:1::1",
                "2002:a00:1::1",
                "fec0::1",
                "::ffff:0:10.0.0.1",
            ],
        );
        check(
            Kind::LinkLocal,
            &[
                "169.254.169.254",
                "169.254.0.1",
                "fe80::1",
                "febf::1",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::",
                "fd00:ec2::254",
                "168.63.129.16",
            ],
        );
        check(
            Kind::Unusable,
            &[
                "0.0.0.0",
                "0.1.2.3",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.1",
                "255.255.255.255",
                "192.0.0.8",
                "::",
                "ff02::1",
                "2001::1",
                "64:ff9b::8.8.8.8",
                "2002:808:808::",
                "100::1",
            ],
        );
        check(Kind::Example, &["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"]);
    }

    #[test]
    fn only_addresses_are_read() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(parse(text).map(|address| address.to_string()).as_deref(), expect, "{text:?}");
        };
        check("1.2.3.4", Some("1.2.3.4"));
        check("::ffff:1.2.3.4", Some("1.2.3.4"));
        check("::FFFF:0102:0304", Some("1.2.3.4"));
        check("2606:4700:0:0::1", Some("2606:4700::1"));
        for text in [
            "",
            "1.2.3",
            "01.2.3.4",
            "0x7f.0.0.1",
            "1.2.3.4 ",
            "1.2.3.4/32",
            "fe80::1%eth0",
            "[::1]",
            "a.b",
            "１.2.3.4",
        ] {
            check(text, None);
        }
    }
}
