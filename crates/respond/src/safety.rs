//! What holds for all blocks: whether there are any, how many at most, and whom never.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sigyn_blocker::address::{Kind, canonical, kind};

use crate::client::Client;
use crate::target::network;
use crate::{Refusal, Subject};

/// Entries of a list at most.
const ENTRIES_MAX: usize = 5_000;
/// Two weeks: no block lasts longer.
pub const SECONDS_MAX: u64 = 14 * 86_400;
/// A block shorter than this is worth nothing.
pub const SECONDS_MIN: u64 = 10;

/// Whether addresses are blocked at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No policy is asked.
    #[default]
    Off,
    /// What would be blocked is written down, and nothing is.
    DryRun,
    /// Policies that are no dry run themselves block.
    Real,
}

/// What puts blocks in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Backend {
    /// The helper on this machine, with nftables.
    #[default]
    Nftables,
    /// A program that takes signed requests: a channel of the kind `webhook`.
    Hook {
        /// The channel's id.
        channel: String,
    },
}

/// What holds for all blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Safety {
    /// Whether addresses are blocked at all.
    pub mode: Mode,
    /// What puts blocks in force.
    pub backend: Backend,
    /// Blocks that rules may make in a minute.
    pub per_minute_max: u64,
    /// Blocks that rules may make in an hour.
    pub per_hour_max: u64,
    /// Blocks in force at the same time.
    pub at_once_max: u64,
    /// The longest that an address is blocked, in seconds.
    pub seconds_max: u64,
    /// Who is never blocked.
    pub never: Vec<Never>,
    /// Proxies and CDNs in front: never blocked; whom they speak for is looked up.
    #[serde(with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the helper's machine is where clients connect, so that one behind a proxy can be blocked there.
    pub is_helper_at_edge: bool,
    /// Sources whose events may be forged, and that cause no block: `*` stands for any characters.
    pub untrusted_sources: Vec<String>,
}

/// Somebody who is never blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Never {
    /// The network; a single address is one of its own.
    #[serde(with = "network")]
    pub network: IpNet,
    /// Who that is.
    #[serde(default)]
    pub note: String,
}

impl Default for Safety {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            backend: Backend::Nftables,
            per_minute_max: 10,
            per_hour_max: 60,
            at_once_max: 500,
            seconds_max: 86_400,
            never: Vec::new(),
            trusted_proxies: Vec::new(),
            is_helper_at_edge: false,
            // Anybody can put any address on a datagram.
            untrusted_sources: vec!["syslog-udp:*".to_owned()],
        }
    }
}

/// What is known now and is never blocked either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Addresses of this machine, its gateways and name servers.
    pub own: Vec<IpAddr>,
    /// Where people are logged in from.
    pub sessions: Vec<IpAddr>,
}

impl Safety {
    /// The address that a signal is to be blocked for.
    ///
    /// # Errors
    /// Why there is none.
    pub fn client_of(&self, subject: &Subject) -> Result<Client, Refusal> {
        let mut addresses = subject.entities_of("address");
        let (first, more) = (addresses.next(), addresses.next());
        let text = match (first, more) {
            (Some(text), None) => text,
            (None, _) => return Err("the signal is about no address".to_owned()),
            // Which of them attacks and which is attacked cannot be told.
            (Some(_), Some(_)) => return Err("the signal is about several addresses".to_owned()),
        };
        let peer = sigyn_blocker::address::parse(text).ok_or_else(|| format!("`{text}` is no address"))?;
        let forwarded = subject.forwarded.iter().map(String::as_str);
        crate::client::real_client(peer, forwarded, &self.trusted_proxies).ok_or_else(|| {
            format!(
                "{peer} is a trusted proxy, and its events do not say for one and the same client it speaks"
            )
        })
    }

    /// Whether an address may ever be blocked.
    ///
    /// # Errors
    /// Why not.
    pub fn may_block(&self, address: IpAddr, may_be_private: bool, present: &Present) -> Result<(), Refusal> {
        let address = canonical(address);
        match kind(address) {
            Kind::Global | Kind::Example => {}
            Kind::Private if may_be_private => {}
            other => return Err(format!("{address} is {} and not blocked", other.name())),
        }
        if let Some(never) = self.never.iter().find(|never| never.network.contains(&address)) {
            let note = if never.note.is_empty() { String::new() } else { format!(" ({})", never.note) };
            return Err(format!("{address} is on the allow-list with {}{note}", never.network));
        }
        if let Some(network) = self.trusted_proxies.iter().find(|network| network.contains(&address)) {
            return Err(format!("{address} is a trusted proxy with {network}"));
        }
        if present.own.iter().any(|own| canonical(*own) == address) {
            return Err(format!("{address} is this machine's own, its gateway or its name server"));
        }
        if present.sessions.iter().any(|session| canonical(*session) == address) {
            return Err(format!("somebody is logged in from {address}"));
        }
        Ok(())
    }

    /// Whether a block of a client can have an effect.
    ///
    /// # Errors
    /// Why not.
    pub fn may_reach(&self, client: Client) -> Result<(), Refusal> {
        if client.is_behind_proxy && self.backend == Backend::Nftables && !self.is_helper_at_edge {
            return Err(format!(
                "{} comes through a proxy, whose address is all that this machine sees; block it at the proxy, with the hook",
                client.address
            ));
        }
        Ok(())
    }

    /// Says what is wrong with it.
    ///
    /// # Errors
    /// The first that is.
    pub fn check(&self) -> Result<(), Refusal> {
        if !(SECONDS_MIN..=SECONDS_MAX).contains(&self.seconds_max) {
            return Err(format!("blocks last {SECONDS_MIN} to {SECONDS_MAX} seconds"));
        }
        let caps = [self.per_minute_max, self.per_hour_max, self.at_once_max];
        if caps.iter().any(|cap| *cap == 0 || *cap > 10_000) {
            return Err("caps are 1 to 10,000".to_owned());
        }
        if self.never.len().max(self.trusted_proxies.len()).max(self.untrusted_sources.len()) > ENTRIES_MAX {
            return Err(format!("more than {ENTRIES_MAX} entries"));
        }
        Ok(())
    }
}

/// Lists of networks as text.
mod networks {
    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(all: &[IpNet], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(all.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let read = texts.iter().map(|text| crate::target::network::parse(text).ok_or(text));
        read.collect::<Result<_, _>>()
            .map_err(|text| de::Error::custom(format!("`{text}` is no address and no network")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::tests::subject;

    fn safety() -> Safety {
        serde_json::from_str(
            r#"{"mode":"real","never":[{"network":"1.2.3.0/24","note":"office"},{"network":"2a00:1::/32"}],
                "trusted_proxies":["5.5.5.0/24","10.9.9.9"]}"#,
        )
        .unwrap()
    }

    #[test]
    fn whom_it_never_hits() {
        let present = Present {
            own: vec!["80.1.1.1".parse().unwrap()],
            sessions: vec!["::ffff:81.1.1.1".parse().unwrap()],
        };
        let check = |address: &str, may_be_private: bool, expect: &str| {
            let said = safety().may_block(address.parse().unwrap(), may_be_private, &present);
            let said = said.err().unwrap_or_default();
            assert!(
                if expect.is_empty() { said.is_empty() } else { said.contains(expect) },
                "{address}: {said}"
            );
        };
        check("9.9.9.9", false, "");
        check("203.0.113.7", false, "");
        check("2a00:2::1", false, "");
        check("1.2.3.255", false, "allow-list with 1.2.3.0/24 (office)");
        check("::ffff:1.2.3.4", false, "allow-list");
        check("2a00:1::9", false, "allow-list");
        check("5.5.5.5", false, "trusted proxy");
        check("80.1.1.1", false, "own");
        check("81.1.1.1", false, "logged in");
        check("10.0.0.1", false, "private");
        check("10.0.0.1", true, "");
        check("10.9.9.9", true, "trusted proxy");
        check("127.0.0.1", true, "of this machine");
        check("::1", true, "of this machine");
        check("169.254.1.1", true, "link-local");
        check("0.0.0.0", true, "single machine");
        check("255.255.255.255", true, "single machine");
        check("ff02::1", true, "single machine");
    }

    #[test]
    fn the_client_of_a_signal() {
        let check = |addresses: &[&str], forwarded: &[&str], expect: &str| {
            let entities = addresses.iter().map(|text| ("address".to_owned(), (*text).to_owned())).collect();
            let forwarded = forwarded.iter().map(|text| (*text).to_owned()).collect();
            let subject = Subject { entities, forwarded, ..subject() };
            let said = match safety().client_of(&subject) {
                Ok(client) => match safety().may_reach(client) {
                    Ok(()) => client.address.to_string(),
                    Err(why) => why,
                },
                Err(why) => why,
            };
            assert!(
                said.contains(expect),
                "{addresses:?} {forwarded:?}: {said}",
                forwarded = subject.forwarded
            );
        };
        check(&["9.9.9.9"], &[], "9.9.9.9");
        check(&["9.9.9.9"], &["8.8.8.8"], "9.9.9.9");
        check(&[], &[], "no address");
        check(&["9.9.9.9", "8.8.8.8"], &[], "several");
        check(&["5.5.5.5"], &[], "trusted proxy");
        check(&["5.5.5.5"], &["8.8.8.8"], "at the proxy, with the hook");
        check(&["evil.example"], &[], "is no address");
    }
}
