//! The kernel's set of blocked addresses, by way of `nft`.
//!
//! Everything that reaches `nft` is made here of addresses and numbers that were read as such; no text of a request does. The
//! set's elements have a time of their own, so they end when they should, whoever lives or dies.

use std::io::{self, Write};
use std::net::IpAddr;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::address::parse;

/// The name of the table, of the sets by family, of the chain.
const TABLE: &str = "inet sigyn";
const SETS: [&str; 2] = ["blocked4", "blocked6"];
const CHAIN: &str = "incoming";
/// Where `nft` stands; no search path is asked.
const PROGRAMS: &[&str] = &["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft", "/usr/local/sbin/nft"];
/// Before anything else looks at a packet, so that a block also ends what was connected before it.
const PRIORITY: i32 = -300;

/// What the helper needs of the system; another one serves its tests.
pub trait Kernel {
    /// Puts table, sets and rules in place. What is blocked stays blocked.
    ///
    /// # Errors
    /// What the system says.
    fn ensure(&self) -> io::Result<()>;

    /// Blocks an address from now on for so many seconds, whether it is blocked or not.
    ///
    /// # Errors
    /// What the system says.
    fn add(&self, address: IpAddr, seconds: u32) -> io::Result<()>;

    /// Ends the block of an address; nothing if there is none.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, address: IpAddr) -> io::Result<()>;

    /// All blocked addresses with the seconds that are left; none if the rules that drop them are not in place.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<(IpAddr, u32)>>;
}

/// The system's own.
#[derive(Debug)]
pub struct Nft {
    program: &'static str,
}

impl Nft {
    /// Finds `nft`.
    ///
    /// # Errors
    /// If it is not installed.
    pub fn find() -> io::Result<Self> {
        let found = PROGRAMS.iter().find(|path| std::path::Path::new(path).exists());
        let program = found.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "nft is not installed (package nftables)")
        })?;
        Ok(Self { program })
    }

    fn run(&self, arguments: &[&str], script: &str) -> io::Result<String> {
        let mut child = Command::new(self.program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(script.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("nft fails").to_owned();
        Err(io::Error::other(said))
    }

    fn script(&self, script: &str) -> io::Result<()> {
        self.run(&["-f", "-"], script).map(drop)
    }

    /// What the kernel has; no request has a say in the words of this.
    fn listing(&self) -> io::Result<Value> {
        let text = self.run(&["-j", "list", "table", "inet", "sigyn"], "")?;
        serde_json::from_str(&text).map_err(io::Error::other)
    }
}

impl Kernel for Nft {
    fn ensure(&self) -> io::Result<()> {
        // What is in place stays, with its counters.
        if self.listing().is_ok_and(|table| rules_in_place(&table)) {
            return Ok(());
        }
        let [four, six] = SETS;
        // One transaction: there is no moment without the rules.
        self.script(&format!(
            "add table {TABLE}\n\
             add set {TABLE} {four} {{ type ipv4_addr; flags timeout; }}\n\
             add set {TABLE} {six} {{ type ipv6_addr; flags timeout; }}\n\
             add chain {TABLE} {CHAIN} {{ type filter hook prerouting priority {PRIORITY}; policy accept; }}\n\
             flush chain {TABLE} {CHAIN}\n\
             add rule {TABLE} {CHAIN} ip saddr @{four} counter drop\n\
             add rule {TABLE} {CHAIN} ip6 saddr @{six} counter drop\n"
        ))
    }

    fn add(&self, address: IpAddr, seconds: u32) -> io::Result<()> {
        let set = set_of(address);
        // An element that is there keeps its time: so it is made, removed and made again, in one transaction.
        self.script(&format!(
            "add element {TABLE} {set} {{ {address} timeout {seconds}s }}\n\
             delete element {TABLE} {set} {{ {address} }}\n\
             add element {TABLE} {set} {{ {address} timeout {seconds}s }}\n"
        ))
    }

    fn remove(&self, address: IpAddr) -> io::Result<()> {
        let set = set_of(address);
        // What is not there cannot be deleted: so it is made first.
        self.script(&format!(
            "add element {TABLE} {set} {{ {address} timeout 1s }}\n\
             delete element {TABLE} {set} {{ {address} }}\n"
        ))
    }

    fn list(&self) -> io::Result<Vec<(IpAddr, u32)>> {
        let table = self.listing()?;
        Ok(if rules_in_place(&table) { elements(&table) } else { Vec::new() })
    }
}

fn set_of(address: IpAddr) -> &'static str {
    let [four, six] = SETS;
    if address.is_ipv4() { four } else { six }
}

fn parts<'v>(listing: &'v Value, kind: &'v str) -> impl Iterator<Item = &'v Value> {
    listing["nftables"].as_array().into_iter().flatten().filter_map(move |part| part.get(kind))
}

/// Whether the chain is hooked where packets come in, and drops what is in either set.
fn rules_in_place(listing: &Value) -> bool {
    let is_hooked =
        parts(listing, "chain").any(|chain| chain["name"] == CHAIN && chain["hook"] == "prerouting");
    let drops = |set: &str| {
        let name = format!("@{set}");
        parts(listing, "rule").any(|rule| {
            let steps = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
            rule["chain"] == CHAIN
                && steps
                    .iter()
                    .any(|step| step["match"]["right"] == name.as_str() && step["match"]["op"] == "==")
                && steps.last().is_some_and(|step| step.get("drop").is_some())
        })
    };
    is_hooked && SETS.iter().all(|set| drops(set))
}

/// The elements of both sets.
fn elements(listing: &Value) -> Vec<(IpAddr, u32)> {
    let element = |value: &Value| {
        let inner = value.get("elem").unwrap_or(value);
        let address = parse(inner["val"].as_str()?)?;
        let left = inner["expires"].as_u64().or_else(|| inner["timeout"].as_u64())?;
        Some((address, u32::try_from(left).unwrap_or(u32::MAX)))
    };
    let sets = parts(listing, "set").filter(|set| SETS.iter().any(|name| set["name"] == *name));
    sets.flat_map(|set| set["elem"].as_array().into_iter().flatten()).filter_map(element).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listing(chain: &Value, right: &str, verdict: &str) -> Value {
        let rule = |set: &str| {
            json!({ "rule": { "chain": "incoming", "expr": [
                { "match": { "op": "==", "left": {}, "right": set } }, { "counter": {} }, { verdict: null }] } })
        };
        json!({ "nftables": [
            { "metainfo": {} },
            { "set": { "name": "blocked4", "elem": [
                { "elem": { "val": "1.2.3.4", "timeout": 5, "expires": 4 } }, { "elem": { "val": "1.2.3.5", "timeout": 6 } }] } },
            { "set": { "name": "blocked6", "elem": [{ "elem": { "val": "2a00::1", "timeout": 9, "expires": 0 } }] } },
            { "set": { "name": "other", "elem": [{ "elem": { "val": "9.9.9.9", "timeout": 9, "expires": 1 } }] } },
            { "chain": chain }, rule(right), rule("@blocked6"),
        ] })
    }

    #[test]
    fn the_kernels_answer_is_read() {
        let hooked = json!({ "name": "incoming", "hook": "prerouting" });
        let good = listing(&hooked, "@blocked4", "drop");
        let texts: Vec<String> =
            elements(&good).iter().map(|(address, seconds)| format!("{address}={seconds}")).collect();
        assert_eq!(texts, ["1.2.3.4=4", "1.2.3.5=6", "2a00::1=0"]);
        assert!(rules_in_place(&good));
        assert!(!rules_in_place(&listing(&json!({ "name": "incoming" }), "@blocked4", "drop")));
        assert!(!rules_in_place(&listing(&hooked, "@other", "drop")));
        assert!(!rules_in_place(&listing(&hooked, "@blocked4", "accept")));
        assert!(!rules_in_place(&json!({})));
    }
}
