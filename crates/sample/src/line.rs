//! Requests as lines: Apache's combined format, with the site in front.

use std::cmp::Ordering;

use sigyn_event::Timestamp;

/// The sites, the first most asked for.
pub(crate) const SHOP: &str = "www.shop.example";
pub(crate) const API: &str = "api.shop.example";
pub(crate) const OFFICE: &str = "office.shop.example";

/// Two servers share the sites.
const SERVERS: [&str; 2] = ["shop-web-01", "shop-web-02"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Nanoseconds UTC.
    pub(crate) at: i64,
    pub(crate) site: &'static str,
    pub(crate) client: [u8; 4],
    /// Who has logged in with the browser's own dialog.
    pub(crate) user: &'static str,
    pub(crate) method: &'static str,
    /// Path and query as they were sent; empty if nothing was.
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) bytes: i64,
    pub(crate) referer: String,
    pub(crate) agent: String,
}

impl Request {
    /// A `GET` that is answered.
    pub(crate) fn get(at: i64, client: [u8; 4], target: impl Into<String>, agent: &str) -> Self {
        Self {
            at,
            site: SHOP,
            client,
            user: "-",
            method: "GET",
            target: target.into(),
            status: 200,
            bytes: 0,
            referer: "-".to_owned(),
            agent: agent.to_owned(),
        }
    }

    /// The server that answers: always the same one for a client, as balancers do.
    pub(crate) fn server(&self) -> &'static str {
        SERVERS[usize::from(self.client[3] % 2)]
    }

    /// The line.
    pub(crate) fn text(&self, at: i64) -> String {
        let Self { site, client: [a, b, c, d], user, method, target, status, bytes, referer, agent, .. } =
            self;
        let time = time(at);
        let request = match target.as_str() {
            "" => "-".to_owned(),
            target => format!("{method} {target} HTTP/1.1"),
        };
        let size = if *bytes == 0 { "-".to_owned() } else { bytes.to_string() };
        let agent = agent.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "{site}:443 {a}.{b}.{c}.{d} - {user} [{time}] \"{request}\" {status} {size} \"{referer}\" \"{agent}\""
        )
    }
}

impl PartialOrd for Request {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Request {
    /// By time: what is equal in it has a number beside it.
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

/// `10/Oct/2000:13:55:36 +0000`.
fn time(at: i64) -> String {
    let t = Timestamp(at).date_time();
    let month = MONTHS.get(usize::from(t.month).saturating_sub(1)).copied().unwrap_or_default();
    format!("{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000", t.day, t.year, t.hour, t.minute, t.second)
}

/// What browsers send of a text: everything with a meaning of its own as `%` and two digits.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'/'
            | b'('
            | b')'
            | b'='
            | b','
            | b';'
            | b':'
            | b'*'
            | b'@'
            | b'!'
            | b'$' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
