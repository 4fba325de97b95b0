//! What is done about signals, as pure decisions: whom to tell and how, and which addresses to block.
//!
//! Everything here is a function of its arguments. Who calls keeps the settings, the clock and the sockets:
//!
//! | question | module |
//! |---|---|
//! | What do alerting and blocking know of a signal? | [`subject`] |
//! | Does it concern this setting? | [`condition`] |
//! | Where do alerts go? | [`channel`], [`authority`], [`alerting`] |
//! | Which alert goes where, in which group? | [`rule`] |
//! | Who does not want to hear of it? | [`silence`] |
//! | What does a message say? | [`notice`], [`template`], [`slack`], [`mail`], [`webhook`] |
//! | When is it tried again? | [`retry`] |
//! | May Sigyn connect there? | [`target`] |
//! | Who is behind a proxy? | [`client`] |
//! | Is an address blocked? | [`policy`], [`safety`] |
//!
//! Times are nanoseconds UTC. What is stored as settings is JSON and is read as it was written by earlier versions: a new
//! field has a default.

pub mod alerting;
pub mod authority;
pub mod channel;
pub mod client;
pub mod condition;
pub mod mail;
pub mod notice;
pub mod policy;
pub mod retry;
pub mod rule;
pub mod safety;
pub mod silence;
pub mod slack;
pub mod subject;
pub mod target;
pub mod template;
pub mod text;
pub mod webhook;

pub use alerting::Alerting;
pub use channel::{Channel, Destination};
pub use condition::Conditions;
pub use notice::Notice;
pub use policy::Policy;
pub use rule::AlertRule;
pub use safety::{Mode, Safety};
pub use sigyn_blocker::address::parse;
pub use silence::Silence;
pub use subject::{Level, Subject};
pub use target::Targets;

/// What is wrong with a setting, in a sentence for whoever wrote it.
pub type Refusal = String;

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;

/// A time so many seconds later.
pub fn after(at: i64, seconds: u64) -> i64 {
    at.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(SECOND))
}

/// What makes something one: the same parts give the same 128 bits.
pub fn identity(parts: &[&str]) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut id = [0; 16];
    id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    id
}

/// Names of settings: what people tell them apart by.
fn check_name(name: &str) -> Result<(), Refusal> {
    match name.chars().count() {
        1..=120 if !name.chars().any(char::is_control) => Ok(()),
        _ => Err("a name has 1 to 120 characters, none of them a control character".to_owned()),
    }
}
