//! What happens on every site at any time: scanners pass by, somebody tries something. Half of it stays below what anybody
//! needs to be told.

use crate::chance::Chance;
use crate::line::{API, Request};
use crate::visitors::browser;
use crate::{SECOND, payloads};

/// Attacks that begin within a minute, in thousandths: in the day that is told, and behind it, where somebody watches.
const OFTEN: u64 = 62;
const OFTEN_LIVE: u64 = 450;
/// Minutes before the end of the day that belong to the story.
const STORY_MINUTES: i64 = 70;

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sql,
    Script,
    Steps,
    Command,
    Sensitive,
    Word,
    /// Guesses at a login page.
    Login(&'static str),
    /// A request that is never finished.
    Hang,
}

/// Requests of one kind, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    pub(crate) kind: Kind,
    pub(crate) count: i64,
    /// Between two of them at most.
    pub(crate) pause_seconds: i64,
}

/// Tools that give their names, and what lists of words are tried with.
pub(crate) const SCANNER: &str = "Mozilla/5.0 (compatible; Nikto/2.5.0)";
const TOOLS: [(&str, Kind); 6] = [
    ("sqlmap/1.9.11#stable (https://sqlmap.org)", Kind::Sql),
    (SCANNER, Kind::Sensitive),
    ("gobuster/3.8", Kind::Word),
    ("Fuzz Faster U Fool v2.1.0", Kind::Word),
    ("Mozilla/5.0 (compatible; Nuclei/3.4)", Kind::Sensitive),
    ("python-requests/2.32.5", Kind::Login("/wp-login.php")),
];
const KINDS: [Kind; 8] = [
    Kind::Sensitive,
    Kind::Word,
    Kind::Sql,
    Kind::Script,
    Kind::Steps,
    Kind::Command,
    Kind::Login("/login"),
    Kind::Hang,
];

/// Those who pass by in a minute.
pub(crate) fn come(minute: i64, left: i64, chance: &mut Chance, out: &mut Vec<Request>) {
    let often = match left {
        ..=0 => OFTEN_LIVE,
        1..=STORY_MINUTES => 0,
        _ => OFTEN,
    };
    if !chance.is(often) {
        return;
    }
    let net = chance.one(&[[203, 0, 113], [198, 51, 100]]);
    let client = [net[0], net[1], net[2], u8::try_from(100 + chance.below(90)).unwrap_or(u8::MAX)];
    let (agent, kind) = match chance.below(3) {
        0 => chance.one(&TOOLS),
        _ => (browser(chance), chance.one(&KINDS)),
    };
    // Around what rules ask for: some fall short of it.
    let (low, high, pause_seconds) = match kind {
        Kind::Sensitive | Kind::Word => (14, 70, 1),
        Kind::Login(_) => (3, 26, 9),
        Kind::Hang => (9, 44, 12),
        _ => (4, 26, 4),
    };
    let count = chance.between(low, high);
    burst(minute, client, agent, Burst { kind, count, pause_seconds }, chance, out);
}

/// Writes a burst down. Returns when it is over.
pub(crate) fn burst(
    start: i64,
    client: [u8; 4],
    agent: &str,
    burst: Burst,
    chance: &mut Chance,
    out: &mut Vec<Request>,
) -> i64 {
    let mut at = start;
    for _ in 0..burst.count {
        out.push(one(at, client, agent, burst.kind, chance));
        at += chance.between(burst.pause_seconds.min(1), burst.pause_seconds) * SECOND;
    }
    at
}

fn one(at: i64, client: [u8; 4], agent: &str, kind: Kind, chance: &mut Chance) -> Request {
    let target = match kind {
        Kind::Sql => payloads::sql(chance),
        Kind::Script => payloads::script(chance),
        Kind::Steps => payloads::steps(chance),
        Kind::Command => payloads::command(chance),
        Kind::Sensitive => payloads::sensitive(chance),
        Kind::Word => payloads::word(chance),
        Kind::Login(page) => page.to_owned(),
        Kind::Hang => String::new(),
    };
    let mut request = Request::get(at, client, target, agent);
    if request.target.starts_with("/v1/") {
        request.site = API;
    }
    (request.status, request.bytes) = match kind {
        Kind::Sensitive if chance.is(150) => (403, 1_204),
        Kind::Sensitive | Kind::Word => (404, 1_912),
        Kind::Login(_) => (401, 6_204),
        Kind::Hang => (408, 0),
        _ => chance.one(&[(200, 5_120), (200, 4_870), (403, 1_204), (500, 2_017), (400, 890)]),
    };
    if let Kind::Login(_) = kind {
        request.method = "POST";
    }
    if kind == Kind::Hang {
        "-".clone_into(&mut request.agent);
    }
    request
}
