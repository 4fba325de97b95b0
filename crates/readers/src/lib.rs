//! Logs of any common shape into events, without configuration.
//!
//! A [`Reader`] takes an input from front to back: it unpacks, tells the shape by content, and cuts batches of whole
//! records. A [`Decoder`] turns a batch into events on whichever thread it is. Memory is bounded by a batch per
//! thread, whatever the input's size; one damaged record costs no other.
//!
//! | shape | cut | decoded |
//! |---|---|---|
//! | EVTX | runs of chunks | records, damaged ones skipped |
//! | JSON | lines, or objects of arrays, wrappers and sequences | nested or flat; common shapes get the names rules use |
//! | CSV | rows | by their header |
//! | access logs of Apache and nginx | lines | with the URL's decoded forms |
//! | syslog (3164, 5424, ISO time, Cisco), Sysmon for Linux | lines | header and payload |
//! | Linux audit log | lines | pairs |
//! | Zeek's TSV, W3C (IIS, proxies, Windows firewall) | lines under a header that may change | by their header |
//! | CEF, LEEF, logfmt (FortiGate) | lines | header and pairs |
//! | error logs of Apache and nginx | lines | header and text |
//! | logs of applications | entries with their stack traces | time, level and text |
//! | event XML | events | elements and attributes |
//!
//! All of them plain or in gzip, zstd, zip, or as UTF-16. The crate knows no rule and opens nothing.
//!
//! ```
//! use sigyn_readers::{Decoder, Reader, Step};
//!
//! let input = std::io::Cursor::new("{\"Image\":\"a.exe\"}\n{\"Image\":\"b.exe\"}\n");
//! let mut decoder = Decoder::new(None);
//! let mut count = 0;
//! for step in Reader::new("x.json", input) {
//!     if let Step::Batch(batch) = step {
//!         decoder.decode(&batch, &mut |_, event| {
//!             count += event.root().iter().count();
//!             true
//!         });
//!     }
//! }
//! assert_eq!(count, 2);
//! ```

mod decoder;
mod decoding;
mod facts;
mod filled;
mod framing;
mod reader;
mod shapes;
mod sniff;
mod unpack;

pub use decoder::{Decoder, Flaw, Outcome};
pub use decoding::combined::{is_carried, may_carry};
pub use facts::Facts;
pub use filled::Filled;
pub use reader::{Batch, Member, Reader, Step, Unread, Why};
pub use sniff::{Shape, Tried};

/// The origins that events are marked with where their fields do not say what wrote them.
pub fn origins() -> impl Iterator<Item = &'static str> {
    let single = [
        decoding::combined::ORIGIN,
        decoding::auditd::ORIGIN,
        decoding::syslog::ORIGIN,
        decoding::syslog::ORIGIN_CISCO,
        decoding::syslog::ORIGIN_HUAWEI,
        decoding::server_error::APACHE_ORIGIN,
        decoding::server_error::NGINX_ORIGIN,
    ];
    single.into_iter().chain(decoding::w3c::ORIGINS).chain(decoding::application::ORIGINS)
}
