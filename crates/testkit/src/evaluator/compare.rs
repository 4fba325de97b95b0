//! Networks, numbers and parts of times.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr};

use sigyn_event::DateTime;
use sigyn_ir::{CompareOp, Number, TimePart};

/// Canonical decimal text (§3.5).
pub(super) fn decimal(number: Number) -> String {
    match number {
        Number::Int(value) => value.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        Number::Float(value) if value.fract() == 0.0 && value.abs() < 1e38 => (value as i128).to_string(),
        Number::Float(value) => value.to_string(),
    }
}

/// §4.2 `cidr`: both sides as 128 bits, IPv4 as mapped.
pub(super) fn lies_in(text: &str, (network, prefix): (IpAddr, u32)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    };
    let prefix = if network.is_ipv4() { prefix + 96 } else { prefix };
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        _ => text.parse::<IpAddr>().ok(),
    };
    let Some(address) = address else { return false };
    // An IPv6 network shorter than the mapped prefix holds no IPv4 address, however it is written.
    let is_v4 = |bits: u128| bits >> 32 == 0xffff;
    if prefix < 96 && is_v4(bits(address)) {
        return false;
    }
    let shift = 128 - prefix;
    bits(address).checked_shr(shift).unwrap_or(0) == bits(network).checked_shr(shift).unwrap_or(0)
}

/// Sign, whole digits and fraction of `[+-]?[0-9]+(\.[0-9]+)?`.
fn cut(text: &str) -> Option<(bool, &str, &str)> {
    let is_negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let is_number = are_digits(whole) && fraction.is_none_or(are_digits);
    is_number.then_some((is_negative, whole, fraction.unwrap_or("")))
}

/// §4.2 `gt` …: digits padded to the same length order as the numbers do.
pub(super) fn compare(text: &str, limit: &str) -> Option<Ordering> {
    let (a, b) = (cut(text)?, cut(limit)?);
    let (whole, fraction) = (a.1.len().max(b.1.len()), a.2.len().max(b.2.len()));
    let digits = |cut: (bool, &str, &str)| format!("{:0>whole$}{:0<fraction$}", cut.1, cut.2);
    let (x, y) = (digits(a), digits(b));
    let sign = |is_negative: bool, digits: &str| {
        if digits.bytes().all(|digit| digit == b'0') {
            0
        } else if is_negative {
            -1
        } else {
            1
        }
    };
    let (sign_x, sign_y) = (sign(a.0, &x), sign(b.0, &y));
    let of_same_sign = match sign_x {
        0 => Ordering::Equal,
        1 => x.cmp(&y),
        _ => y.cmp(&x),
    };
    Some(sign_x.cmp(&sign_y).then(of_same_sign))
}

pub(super) fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::Lte => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Gte => order.is_ge(),
        CompareOp::Neq => order.is_ne(),
    }
}

/// §4.6.
pub(super) fn part_of(text: &str, part: TimePart) -> Option<i64> {
    let time = DateTime::parse(text)?;
    Some(match part {
        TimePart::Minute => time.minute.into(),
        TimePart::Hour => time.hour.into(),
        TimePart::Day => time.day.into(),
        TimePart::Week => time.iso_week().into(),
        TimePart::Month => time.month.into(),
        TimePart::Year => time.year.into(),
    })
}
