//! Error logs of Apache and nginx: `[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 1:tid 2] [client …] text`
//! and `2000/10/11 14:32:52 [error] 1#2: *3 text`.

use sigyn_event::{DateTime, EventBuf, Timestamp};

use super::{Context, Framing, Line, LineFormat, combined::MONTHS};

/// The origins of these events.
pub(crate) const APACHE_ORIGIN: &str = "apache_error";
pub(crate) const NGINX_ORIGIN: &str = "nginx_error";

pub(crate) const APACHE: LineFormat = LineFormat {
    name: "Apache error log",
    framing: Framing::Lines,
    is_line: |line| apache(line).is_some(),
    decode: decode_apache,
    other: Some(APACHE_ORIGIN),
    directive: None,
};

pub(crate) const NGINX: LineFormat = LineFormat {
    name: "nginx error log",
    framing: Framing::Lines,
    is_line: |line| nginx(line).is_some(),
    decode: decode_nginx,
    other: Some(NGINX_ORIGIN),
    directive: None,
};

/// Time, level with its module, and what follows.
fn apache(line: &str) -> Option<(Timestamp, &str, &str)> {
    let (time, rest) = line.strip_prefix('[')?.split_once("] [")?;
    let (level, rest) = rest.split_once(']')?;
    // `Wed Oct 11 14:32:52.123456 2000`
    let mut words = time.split_ascii_whitespace();
    let (_, month, day, clock, year) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let time = DateTime::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}Z"))?.timestamp()?;
    Some((time, level, rest.trim_start()))
}

fn decode_apache(line: Line<'_>, buf: &mut EventBuf, _: &Context<'_>) -> Result<(), &'static str> {
    let (time, level, mut rest) = apache(line.text).ok_or("no line of Apache's error log")?;
    buf.set_origin(Some(APACHE_ORIGIN));
    buf.set_time(Some(time));
    buf.begin_map(None);
    let (module, level) = level.split_once(':').unwrap_or(("", level));
    line.part(level).push(buf, "level");
    if !module.is_empty() {
        line.part(module).push(buf, "module");
    }
    while let Some((field, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if let Some((key @ ("pid" | "client"), value)) = field.split_once(' ') {
            line.part(value).push(buf, key);
        }
        rest = behind.trim_start();
    }
    line.part(rest).push(buf, "text");
    line.push(buf, "message");
    buf.end();
    Ok(())
}

/// Time, level, process and what follows.
fn nginx(line: &str) -> Option<(Timestamp, &str, &str, &str)> {
    let (time, rest) = line.split_at_checked(19)?;
    let time = time.replacen('/', "-", 2).replacen(' ', "T", 1);
    let time = DateTime::parse(&format!("{time}Z"))?.timestamp()?;
    let (level, rest) = rest.strip_prefix(" [")?.split_once("] ")?;
    let (process, text) = rest.split_once(": ")?;
    (process.contains('#')).then_some((time, level, process, text))
}

fn decode_nginx(line: Line<'_>, buf: &mut EventBuf, _: &Context<'_>) -> Result<(), &'static str> {
    let (time, level, process, text) = nginx(line.text).ok_or("no line of nginx's error log")?;
    buf.set_origin(Some(NGINX_ORIGIN));
    buf.set_time(Some(time));
    buf.begin_map(None);
    line.part(level).push(buf, "level");
    line.part(process.split('#').next().unwrap_or(process)).push(buf, "pid");
    line.part(text).push(buf, "text");
    line.push(buf, "message");
    buf.end();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    #[test]
    fn lines_are_taken_apart() {
        check_line(
            &super::APACHE,
            &[],
            "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 4] [client 72.15.99.187:5] File does not exist",
            r#"apache_error 2000-10-11T14:32:52.123456Z level="error" module="core" pid="35708:tid 4" client="72.15.99.187:5" text="File does not exist""#,
        );
        check_line(
            &super::APACHE,
            &[],
            "[Wed Oct  1 14:32:52 2000] [notice] child pid 3 exit signal Segmentation fault (11)",
            r#"apache_error 2000-10-01T14:32:52Z level="notice" text="child pid 3 exit signal Segmentation fault (11)""#,
        );
        check_line(
            &super::NGINX,
            &[],
            "2026/03/02 08:00:00 [alert] 12#34: worker process 5 exited on signal 6 (core dumped)",
            r#"nginx_error 2026-03-02T08:00:00Z level="alert" pid="12" text="worker process 5 exited on signal 6 (core dumped)""#,
        );
        assert!(super::apache("[2026-03-02 08:00:00] [error] x").is_none());
        assert!(super::nginx("2026/03/02 08:00:00 error 12#34: x").is_none());
    }
}
