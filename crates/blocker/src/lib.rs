//! Blocks addresses on this machine, for a time, and does nothing else.
//!
//! `sigyn serve` reads logs, which anybody writes, and so has no right to change the packet filter. This program has, and
//! reads no logs. Between them is a [`protocol`] of five requests; what comes in is judged again here, by [`config`] that
//! `sigyn serve` cannot write and by what this [`machine`] cannot do without. The kernel keeps the addresses in a set whose
//! elements end by themselves ([`nft`]).
//!
//! What an [`address`] is, both programs ask here.

pub mod address;
pub mod config;
pub mod machine;
pub mod nft;
pub mod protocol;
pub mod service;
