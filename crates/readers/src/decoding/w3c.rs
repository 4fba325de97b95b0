//! The W3C extended log format: IIS, proxies such as Blue Coat, the Windows firewall. `#Fields:` names the columns.
//!
//! Fields carry the names that rules use (`cs(User-Agent)` is `cs-user-agent`), and of requests the decoded forms are
//! additional values, as with other access logs. `-` is missing. The plus signs that IIS writes for spaces in headers
//! are decoded beside what stands there.

use sigyn_event::{DateTime, EventBuf, Timestamp};

use super::{Context, Framing, Header, Line, LineFormat, combined};

/// Origins of these events.
const IIS: &str = "iis";
const PROXY: &str = "proxy";
const FIREWALL: &str = "firewall";
const OTHER: &str = "w3c";
pub(crate) const ORIGINS: [&str; 4] = [IIS, PROXY, FIREWALL, OTHER];

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "W3C extended log",
    framing: Framing::Headed,
    is_line,
    decode,
    other: None,
    directive: Some(directive),
};

/// The header makes it one. A file that was cut in front has none, and cannot be read.
fn is_line(line: &str) -> bool {
    ["#Software:", "#Version:", "#Fields:"].iter().any(|start| line.starts_with(start))
}

/// Reads a line that begins with `#`.
fn directive(line: &str, header: &mut Header) {
    let Some((key, text)) = line.split_once(':') else { return };
    let text = text.trim();
    match key {
        "#Software" => header.path = text.to_owned(),
        "#Date" => header.types = vec![text.to_owned()],
        "#Fields" => {
            let separator = if text.contains('\t') { "\t" } else { " " };
            separator.clone_into(&mut header.separator);
            header.names = text.split_whitespace().map(name).collect();
            header.origin = Some(origin(&header.path, &header.names));
        }
        _ => {}
    }
}

/// `cs(User-Agent)` as rules call it.
fn name(given: &str) -> String {
    match given.split_once('(').and_then(|(side, rest)| Some((side, rest.strip_suffix(')')?))) {
        Some((side, header)) => format!("{side}-{}", header.to_ascii_lowercase()),
        None => given.to_owned(),
    }
}

/// What wrote it: by its name, else by what it logs.
fn origin(software: &str, names: &[String]) -> &'static str {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if software.contains("Internet Information Services") || has("s-sitename") || has("sc-win32-status") {
        return IIS;
    }
    if has("src-ip") && has("dst-ip") {
        return FIREWALL;
    }
    let is_proxy = ["cs-uri-path", "r-ip", "c-uri", "sc-filter-result", "s-hierarchy", "x-virus-id"];
    if software.contains("SGOS") || is_proxy.into_iter().any(has) {
        return PROXY;
    }
    // What is left is a server if it says what was asked for.
    if has("cs-uri-stem") { IIS } else { OTHER }
}

fn decode(line: Line<'_>, buf: &mut EventBuf, cx: &Context<'_>) -> Result<(), &'static str> {
    let header = cx.header;
    if header.names.is_empty() {
        return Err("a row before the line #Fields");
    }
    buf.set_origin(header.origin);
    buf.begin_map(None);
    let (mut day, mut clock, mut stem, mut query) = ("", "", "", "");
    let mut cells = Cells { rest: Some(line.text), separator: header.separator.as_str() };
    let mut requests: Vec<(&'static str, &str, bool)> = Vec::new();
    let mut count = 0;
    for name in &header.names {
        let Some(cell) = cells.next() else { break };
        count += 1;
        match name.as_str() {
            "date" => day = cell,
            "time" => clock = cell,
            _ => {}
        }
        if matches!(cell, "-" | "") {
            continue;
        }
        line.part(cell).push(buf, name);
        match name.as_str() {
            "cs-uri-stem" => {
                stem = cell;
                requests.push(("cs-uri-stem", cell, true));
            }
            "cs-uri-query" => {
                query = cell;
                requests.push(("cs-uri-query", cell, true));
            }
            "cs-uri" => requests.push(("cs-uri", cell, true)),
            "c-uri" => requests.push(("c-uri", cell, true)),
            "cs-uri-path" => requests.push(("cs-uri-path", cell, true)),
            "cs-referer" => requests.push(("cs-referer", cell, true)),
            "cs-user-agent" => requests.push(("cs-user-agent", cell, true)),
            "cs-cookie" => requests.push(("cs-cookie", cell, true)),
            _ => {}
        }
    }
    line.push(buf, "message");
    buf.end();
    buf.set_time(time(day, clock).or_else(|| header.types.first().and_then(|date| time_of(date))));
    buf.begin_additional();
    requests.into_iter().for_each(|(key, text, is_url)| combined::add_decoded(buf, key, text, is_url));
    if !stem.is_empty() && !header.names.iter().any(|name| name == "cs-uri") {
        let uri = if query.is_empty() { stem.to_owned() } else { format!("{stem}?{query}") };
        for key in ["cs-uri", "c-uri"] {
            let name = buf.name(key);
            buf.push_str(Some(name), &uri);
            combined::add_decoded(buf, key, &uri, true);
        }
    }
    match (count == header.names.len(), cells.next()) {
        (true, None) => Ok(()),
        (true, Some(_)) => Err("the row has more cells than the header"),
        (false, _) => Err("the row has fewer cells than the header"),
    }
}

/// Cells between separators; those in quotes may hold one.
struct Cells<'t> {
    rest: Option<&'t str>,
    separator: &'t str,
}

impl<'t> Iterator for Cells<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.rest?.trim_start_matches(' ');
        if text.is_empty() && self.separator == " " {
            self.rest = None;
            return None;
        }
        if let Some(inner) = text.strip_prefix('"')
            && let Some(end) = inner.find('"')
        {
            self.rest = inner.get(end + 1..)?.strip_prefix(self.separator);
            return inner.get(..end);
        }
        match text.split_once(self.separator) {
            Some((cell, rest)) => {
                self.rest = Some(rest);
                Some(cell)
            }
            None => {
                self.rest = None;
                Some(text)
            }
        }
    }
}

fn time(day: &str, clock: &str) -> Option<Timestamp> {
    (day.len() == 10 && !clock.is_empty()).then(|| time_of(&format!("{day} {clock}")))?
}

/// The format's times are in UTC; the Windows firewall's may be local, which nothing in its rows says.
fn time_of(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.split_once(' ')?;
    DateTime::parse(&format!("{day}T{clock}Z"))?.timestamp()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    #[test]
    fn rows_are_named_by_the_header() {
        let head = [
            "#Software: Microsoft Internet Information Services 10.0",
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs(User-Agent) sc-status",
        ];
        let check = |line: &str, expect: &str| check_line(&super::FORMAT, &head, line, expect);
        check(
            "2026-03-02 08:00:00 10.0.0.1 GET /a%2Fb q=1+2 443 Mozilla/5.0+(x) 200",
            r#"iis 2026-03-02T08:00:00Z date="2026-03-02" time="08:00:00" s-ip="10.0.0.1" cs-method="GET" cs-uri-stem="/a%2Fb" cs-uri-query="q=1+2" s-port="443" cs-user-agent="Mozilla/5.0+(x)" sc-status="200" cs-uri-stem="/a/b" cs-uri-query="q=1 2" cs-user-agent="Mozilla/5.0 (x)" cs-uri="/a%2Fb?q=1+2" cs-uri="/a/b?q=1 2" c-uri="/a%2Fb?q=1+2" c-uri="/a/b?q=1 2""#,
        );
        check("2026-03-02 08:00:00 10.0.0.1", "the row has fewer cells than the header");
        check("2026-03-02 08:00:00 1 GET / - 443 - 200 more", "the row has more cells than the header");
        check_line(&super::FORMAT, &[], "1 2 3", "a row before the line #Fields");
    }

    #[test]
    fn what_wrote_it_is_told_by_the_header() {
        let head = [
            "#Version: 1.5",
            "#Software: Microsoft Windows Firewall",
            "#Fields: date time action protocol src-ip dst-ip src-port dst-port",
        ];
        check_line(
            &super::FORMAT,
            &head,
            "2026-03-02 08:00:00 DROP TCP 1.1.1.1 2.2.2.2 5 -",
            r#"firewall 2026-03-02T08:00:00Z date="2026-03-02" time="08:00:00" action="DROP" protocol="TCP" src-ip="1.1.1.1" dst-ip="2.2.2.2" src-port="5""#,
        );
        let head = ["#Software: SGOS 6.7", "#Fields: date time cs-host cs-uri-path cs(Referer)"];
        check_line(
            &super::FORMAT,
            &head,
            r#"2026-03-02 08:00:00 example.org /x "http://a b/""#,
            r#"proxy 2026-03-02T08:00:00Z date="2026-03-02" time="08:00:00" cs-host="example.org" cs-uri-path="/x" cs-referer="http://a b/""#,
        );
    }
}
