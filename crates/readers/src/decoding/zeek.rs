//! Zeek's tab separated logs: `#fields` names the columns, `#path` the log, which becomes the field `_path` as in
//! Zeek's JSON. Sets and vectors become lists; what is unset is missing.

use sigyn_event::{EventBuf, Timestamp};

use super::{Context, Framing, Header, Line, LineFormat};

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "Zeek TSV",
    framing: Framing::Headed,
    is_line,
    decode,
    other: None,
    directive: Some(directive),
};

/// The first line says it all: the others depend on what it says.
fn is_line(line: &str) -> bool {
    line.starts_with("#separator ") || line.starts_with("#fields\t")
}

/// Reads a line that begins with `#`.
fn directive(line: &str, header: &mut Header) {
    if let Some(given) = line.strip_prefix("#separator ") {
        *header = Header { separator: text_of(given), ..Header::default() };
        return;
    }
    let separator = if header.separator.is_empty() { "\t" } else { &header.separator };
    let mut words = line.split(separator);
    let key = words.next().unwrap_or("");
    let mut next = || words.next().unwrap_or("").to_owned();
    match key {
        "#set_separator" => header.set_separator = next(),
        "#empty_field" => header.empty = next(),
        "#unset_field" => header.unset = next(),
        "#path" => header.path = next(),
        "#fields" => header.names = words.map(str::to_owned).collect(),
        "#types" => header.types = words.map(str::to_owned).collect(),
        _ => {}
    }
}

/// `\x09` as the character that it stands for.
fn text_of(given: &str) -> String {
    let code = given.trim().strip_prefix("\\x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.and_then(char::from_u32).map_or_else(|| given.to_owned(), String::from)
}

fn decode(line: Line<'_>, buf: &mut EventBuf, cx: &Context<'_>) -> Result<(), &'static str> {
    let header = cx.header;
    if header.names.is_empty() {
        return Err("a row before the line #fields");
    }
    let or =
        |text: &'_ str, other: &'static str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let (separator, unset) = (or(&header.separator, "\t"), or(&header.unset, "-"));
    let (empty, sets) = (or(&header.empty, "(empty)"), or(&header.set_separator, ","));
    buf.begin_map(None);
    let mut cells = line.text.split(separator.as_str());
    let mut count = 0;
    for (at, name) in header.names.iter().enumerate() {
        let Some(cell) = cells.next() else { break };
        count += 1;
        if cell == unset {
            continue;
        }
        let kind = header.types.get(at).map_or("", String::as_str);
        if name == "ts" {
            buf.set_time(seconds(cell));
        }
        if kind.starts_with("set[") || kind.starts_with("vector[") {
            let key = buf.name(name);
            buf.begin_list(Some(key));
            for element in cell.split(sets.as_str()).filter(|_| cell != empty) {
                let part = line.part(element);
                let text = buf.input_text(part.base, part.text.len());
                buf.push_text(None, text);
            }
            buf.end();
        } else {
            let text = if cell == empty { cell.get(..0).unwrap_or("") } else { cell };
            match kind {
                "bool" => {
                    let key = buf.name(name);
                    buf.push_bool(Some(key), text == "T");
                }
                _ => {
                    line.part(text).push(buf, name);
                }
            }
        }
    }
    if !header.path.is_empty() && !header.names.iter().any(|name| name == "_path") {
        let key = buf.name("_path");
        buf.push_str(Some(key), &header.path);
    }
    buf.end();
    match (count == header.names.len(), cells.next()) {
        (true, None) => Ok(()),
        (true, Some(_)) => Err("the row has more cells than the header"),
        (false, _) => Err("the row has fewer cells than the header"),
    }
}

/// Seconds with microseconds since 1970.
fn seconds(text: &str) -> Option<Timestamp> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let nanos: i64 = format!("{part:0<9}").get(..9)?.parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    #[test]
    fn cells_are_named_and_typed_by_the_header() {
        let head = [
            "#separator \\x09",
            "#set_separator\t,",
            "#empty_field\t(empty)",
            "#unset_field\t-",
            "#path\tdns",
            "#fields\tts\tuid\tid.orig_h\tanswers\trejected\tquery",
            "#types\ttime\tstring\taddr\tvector[string]\tbool\tstring",
        ];
        let check = |line: &str, expect: &str| check_line(&super::FORMAT, &head, line, expect);
        check(
            "1300475167.096535\tC1\t10.0.0.1\ta,b\tF\t-",
            r#"2011-03-18T19:06:07.096535Z ts="1300475167.096535" uid="C1" id.orig_h="10.0.0.1" answers=["a","b"] rejected=false _path="dns""#,
        );
        check(
            "1.5\tC1\t10.0.0.1\t(empty)\t-\t(empty)",
            r#"1970-01-01T00:00:01.500Z ts="1.5" uid="C1" id.orig_h="10.0.0.1" answers=[] query="" _path="dns""#,
        );
        check("1.5\tC1", "the row has fewer cells than the header");
        check("1.5\tC1\th\ta\tT\tq\tmore", "the row has more cells than the header");
        check_line(&super::FORMAT, &[], "1.5\tC1", "a row before the line #fields");
    }
}
