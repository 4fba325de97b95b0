//! What the helper is asked and what it answers: one line each, with a fixed grammar.
//!
//! ```text
//! block ADDRESS SECONDS      in-force SECONDS   | refused WHY | failed WHY
//! unblock ADDRESS            absent             | refused WHY | failed WHY
//! show ADDRESS               in-force SECONDS   | absent | failed WHY
//! list                       list ADDRESS=SECONDS …   | failed WHY
//! check                      ready COUNT        | failed WHY
//! ```
//!
//! `refused` is the answer to what the helper will not do, `failed` to what the system would not let it do. Seconds in
//! answers are those that are left, as the kernel counts them.

use std::fmt;
use std::net::IpAddr;

use crate::address;

/// Bytes of a request at most, the line break included.
pub const REQUEST_BYTES_MAX: usize = 128;
/// Bytes of an answer at most.
pub const REPLY_BYTES_MAX: usize = 1 << 20;
/// Characters of a reason.
const WHY_CHARS_MAX: usize = 300;

/// What the helper is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Block an address for so many seconds from now, also if it is blocked already.
    Block {
        /// The address.
        address: IpAddr,
        /// For how long.
        seconds: u32,
    },
    /// End the block of an address.
    Unblock {
        /// The address.
        address: IpAddr,
    },
    /// Say whether an address is blocked.
    Show {
        /// The address.
        address: IpAddr,
    },
    /// Say which addresses are blocked.
    List,
    /// Put the table in place if it is not, and say whether it is.
    Check,
}

/// What the helper answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The address is blocked, for so many seconds more.
    InForce {
        /// What the kernel says is left.
        seconds: u32,
    },
    /// The address is not blocked.
    Absent,
    /// All blocked addresses with the seconds that are left.
    List(Vec<(IpAddr, u32)>),
    /// The table is in place, with so many addresses.
    Ready {
        /// How many addresses are blocked.
        count: usize,
    },
    /// It will not.
    Refused(String),
    /// It cannot.
    Failed(String),
}

impl Request {
    /// Reads a request without its line break.
    ///
    /// # Errors
    /// What is wrong with it; what it holds is not repeated.
    pub fn parse(line: &str) -> Result<Self, &'static str> {
        if line.len() >= REQUEST_BYTES_MAX {
            return Err("the request is too long");
        }
        let words: Vec<&str> = line.split(' ').collect();
        let address = |text: &str| address::parse(text).ok_or("that is no address");
        match words.as_slice() {
            ["block", text, seconds] => {
                let is_plain =
                    (1..=10).contains(&seconds.len()) && seconds.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = seconds.parse().ok().filter(|_| is_plain);
                Ok(Self::Block {
                    address: address(text)?,
                    seconds: seconds.ok_or("that is no number of seconds")?,
                })
            }
            ["unblock", text] => Ok(Self::Unblock { address: address(text)? }),
            ["show", text] => Ok(Self::Show { address: address(text)? }),
            ["list"] => Ok(Self::List),
            ["check"] => Ok(Self::Check),
            _ => Err("there is no such request"),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block { address, seconds } => write!(f, "block {address} {seconds}"),
            Self::Unblock { address } => write!(f, "unblock {address}"),
            Self::Show { address } => write!(f, "show {address}"),
            Self::List => f.write_str("list"),
            Self::Check => f.write_str("check"),
        }
    }
}

impl Reply {
    /// Reads an answer without its line break; none if it is none.
    pub fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "in-force" => rest.parse().ok().map(|seconds| Self::InForce { seconds }),
            "absent" if rest.is_empty() => Some(Self::Absent),
            "ready" => rest.parse().ok().map(|count| Self::Ready { count }),
            "refused" => Some(Self::Refused(rest.to_owned())),
            "failed" => Some(Self::Failed(rest.to_owned())),
            "list" => {
                let pair = |text: &str| {
                    let (address, seconds) = text.split_once('=')?;
                    Some((address::parse(address)?, seconds.parse().ok()?))
                };
                rest.split(' ')
                    .filter(|text| !text.is_empty())
                    .map(pair)
                    .collect::<Option<_>>()
                    .map(Self::List)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever a program that was asked has said.
        let why = |text: &str| {
            text.chars().take(WHY_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
        };
        match self {
            Self::InForce { seconds } => write!(f, "in-force {seconds}"),
            Self::Absent => f.write_str("absent"),
            Self::Ready { count } => write!(f, "ready {count}"),
            Self::Refused(text) => write!(f, "refused {}", why(text)),
            Self::Failed(text) => write!(f, "failed {}", why(text)),
            Self::List(all) => {
                f.write_str("list")?;
                all.iter().try_for_each(|(address, seconds)| write!(f, " {address}={seconds}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_read_or_refused() {
        let check = |line: &str, expect: Result<&str, &str>| {
            let got = Request::parse(line).map(|request| request.to_string());
            assert_eq!(got.as_deref(), expect.as_ref().map(|text| &**text), "{line:?}");
        };
        check("block 1.2.3.4 900", Ok("block 1.2.3.4 900"));
        check("block ::ffff:1.2.3.4 900", Ok("block 1.2.3.4 900"));
        check("unblock 2a00::1", Ok("unblock 2a00::1"));
        check("show 1.2.3.4", Ok("show 1.2.3.4"));
        check("list", Ok("list"));
        check("check", Ok("check"));
        check("block 1.2.3.4", Err("there is no such request"));
        check("block  1.2.3.4 900", Err("there is no such request"));
        check("block 1.2.3.4 +9", Err("that is no number of seconds"));
        check("block 1.2.3.4 99999999999", Err("that is no number of seconds"));
        check("block 1.2.3.0/24 9", Err("that is no address"));
        check("block example.org 9", Err("that is no address"));
        check("block 1.2.3.4;flush 9", Err("that is no address"));
        check("flush", Err("there is no such request"));
        check("", Err("there is no such request"));
        check(&format!("show {}", "1".repeat(200)), Err("the request is too long"));
    }

    #[test]
    fn replies_are_read_as_they_are_written() {
        let address = |text: &str| text.parse().unwrap();
        for reply in [
            Reply::InForce { seconds: 9 },
            Reply::Absent,
            Reply::Ready { count: 0 },
            Reply::Refused("no, never".into()),
            Reply::Failed(String::new()),
            Reply::List(vec![]),
            Reply::List(vec![(address("1.2.3.4"), 5), (address("2a00::1"), 6)]),
        ] {
            assert_eq!(Reply::parse(&reply.to_string()), Some(reply));
        }
        assert_eq!(Reply::Failed("a\nin-force 9".into()).to_string(), "failed a in-force 9");
        assert_eq!(Reply::parse("ok"), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_an_address_and_a_number(line in "(block|unblock|show)? ?[0-9a-fx.:;%/ \\n\"-]{0,40}( [0-9]{0,11})?") {
            if let Ok(request) = Request::parse(&line) {
                prop_assert_eq!(Request::parse(&request.to_string()), Ok(request));
                prop_assert!(request.to_string().bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .:".contains(&byte)));
            }
        }
    }
}
