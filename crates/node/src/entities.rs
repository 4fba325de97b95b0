//! Whom events are about: hosts, users, addresses.

use std::collections::BTreeSet;

use sigyn_event::{Event, FieldPath, write_scalar};
use sigyn_readers::Facts;

/// Fields that hold the address of who acts, as events and groups name them.
const ADDRESSES: &[&str] = &[
    "source.ip",
    "client.ip",
    "c-ip",
    "src_ip",
    "SourceIp",
    "IpAddress",
    "client_ip",
    "remote_addr",
    "SourceAddress",
    "src",
];
/// Fields that name a machine or an account, beside those that readers know; for groups of correlations.
const HOSTS: &[&str] = &["host.name", "host", "Computer", "ComputerName", "hostname", "Hostname", "cs-host"];
const USERS: &[&str] =
    &["user.name", "user", "User", "TargetUserName", "SubjectUserName", "username", "cs-username"];
/// The kinds.
const KINDS: [&str; 3] = ["address", "host", "user"];
/// Entities of a signal at most.
const ENTITIES_MAX: usize = 50;
/// Longer values are no names; in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// Kinds and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entities(BTreeSet<(&'static str, String)>);

impl Entities {
    /// What a field of a group says.
    pub(crate) fn add_field(&mut self, name: &str, value: &str) {
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match () {
            () if is(ADDRESSES) => self.add("address", value),
            () if is(HOSTS) => self.add("host", value),
            () if is(USERS) => self.add("user", value),
            () => {}
        }
    }

    /// What an event says.
    pub(crate) fn add_event(&mut self, event: Event<'_>, facts: &mut Facts) {
        let mut text = String::new();
        if facts.host(event, &mut text) {
            self.add("host", &text);
        }
        text.clear();
        if facts.user(event, &mut text) {
            self.add("user", &text);
        }
        for name in ADDRESSES {
            let mut first = None;
            event.visit(&FieldPath::new(name), &mut |value| {
                first.get_or_insert_with(|| {
                    let mut text = String::new();
                    write_scalar(&mut text, value);
                    text
                });
            });
            if let Some(address) = first.filter(|address| address.parse::<std::net::IpAddr>().is_ok()) {
                self.add("address", &address);
                return;
            }
        }
    }

    /// What the entities of another signal say.
    pub(crate) fn add_all(&mut self, others: &Self) {
        others.0.iter().for_each(|(kind, value)| self.add(kind, value));
    }

    /// An entity as the catalog names it.
    pub(crate) fn add_kind(&mut self, kind: &str, value: &str) {
        if let Some(kind) = KINDS.iter().find(|known| **known == kind) {
            self.add(kind, value);
        }
    }

    fn add(&mut self, kind: &'static str, value: &str) {
        if !value.is_empty() && value != "-" && value.len() <= VALUE_BYTES_MAX && self.0.len() < ENTITIES_MAX
        {
            self.0.insert((kind, value.to_owned()));
        }
    }

    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(kind, value)| (*kind, value.as_str())).collect()
    }
}
