//! HTTP requests on behalf of pipelines (`http_placeholders`), for calls that allow them.
//!
//! The address comes from a pipeline that the user trusted with `--allow-external`, so any address may be asked,
//! those of internal networks included; what is bounded is the time and the size of the answer. Redirects are
//! followed, ten at most, and proxies are taken from the environment.

use std::time::Duration;

use sigyn_ir::{Data, Number};
use sigyn_pipeline::HttpRequest;
use ureq::{Agent, Body, http};

/// The body that a request gives, as text; bytes that are no UTF-8 become replacement characters.
///
/// # Errors
/// Why there is none: the address, the connection, a status of 400 or more, the time or the size.
pub(crate) fn fetch(wanted: &HttpRequest) -> Result<String, String> {
    let failed = |why: &dyn std::fmt::Display| format!("`{}` cannot be fetched: {why}", wanted.url);
    let mut request = http::Request::builder()
        .method(wanted.method.to_ascii_uppercase().as_str())
        .uri(with_params(&wanted.url, &wanted.params));
    for (name, value) in &wanted.headers {
        request = request.header(name, value);
    }
    let body = body(wanted);
    let names_type = wanted.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let (Some((content_type, _)), false) = (&body, names_type) {
        request = request.header("content-type", *content_type);
    }
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(wanted.timeout_seconds)))
        .user_agent(concat!("sigyn/", env!("CARGO_PKG_VERSION")))
        .allow_non_standard_methods(true)
        .build()
        .into();
    let response = match body {
        Some((_, bytes)) => request.body(bytes).map_err(ureq::Error::from).and_then(|it| agent.run(it)),
        None => request.body(()).map_err(ureq::Error::from).and_then(|it| agent.run(it)),
    };
    let mut response: http::Response<Body> = response.map_err(|error| failed(&reason(&error, wanted)))?;
    // One byte more than allowed tells an answer that is too large from one that just fits.
    let limit = wanted.body_bytes_max.saturating_add(1);
    let bytes = response.body_mut().with_config().limit(limit).read_to_vec();
    let bytes = bytes.map_err(|error| failed(&reason(&error, wanted)))?;
    if bytes.len() as u64 > wanted.body_bytes_max {
        return Err(failed(&too_large(wanted)));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn reason(error: &ureq::Error, wanted: &HttpRequest) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("the server answers with status {status}"),
        ureq::Error::Timeout(_) => format!("no whole answer within {} s", wanted.timeout_seconds),
        ureq::Error::BodyExceedsLimit(_) => too_large(wanted),
        other => other.to_string(),
    }
}

fn too_large(wanted: &HttpRequest) -> String {
    format!("the answer has more than {} bytes (`max_body_size`)", wanted.body_bytes_max)
}

/// The address with its parameters, before a fragment and behind those it has.
fn with_params(url: &str, params: &[(String, String)]) -> String {
    if params.is_empty() {
        return url.to_owned();
    }
    let (base, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let sign = match base.contains('?') {
        true if base.ends_with(['?', '&']) => "",
        true => "&",
        false => "?",
    };
    format!("{base}{sign}{}{fragment}", encode(params.iter().map(|(name, value)| (&**name, value.clone()))))
}

/// What is sent, with its type. A form goes before a JSON body, as in the reference.
fn body(wanted: &HttpRequest) -> Option<(&'static str, Vec<u8>)> {
    match (&wanted.form, &wanted.json) {
        (Some(form), _) => Some(("application/x-www-form-urlencoded", form_body(form).into_bytes())),
        (None, Some(json)) => Some(("application/json", json.to_json(None).into_bytes())),
        (None, None) => None,
    }
}

/// A form; a list gives its name several times, null gives nothing.
fn form_body(form: &Data) -> String {
    let Data::Map(pairs) = form else { return String::new() };
    let flat = pairs.iter().flat_map(|(name, value)| {
        let values = match value {
            Data::List(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        values.iter().filter_map(move |value| Some((name.as_str(), text(value)?)))
    });
    encode(flat)
}

fn text(value: &Data) -> Option<String> {
    match value {
        Data::Null => None,
        Data::Text(text) => Some(text.clone()),
        Data::Bool(true) => Some("True".to_owned()),
        Data::Bool(false) => Some("False".to_owned()),
        Data::Number(Number::Int(number)) => Some(number.to_string()),
        other => Some(other.to_json(None)),
    }
}

/// Pairs as `application/x-www-form-urlencoded` (WHATWG URL, section 5.2).
fn encode<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        push_encoded(&mut out, name);
        out.push('=');
        push_encoded(&mut out, &value);
    }
    out
}

fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request on the loopback interface; gives the address and, at the end, what was asked.
    fn serve(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/list", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            // The request is over when nothing more comes.
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                asked.extend_from_slice(&buffer[..read]);
            }
            let _ = stream.write_all(answer.as_bytes());
            String::from_utf8_lossy(&asked).into_owned()
        });
        (url, server)
    }

    fn request(url: &str) -> HttpRequest {
        HttpRequest {
            url: url.to_owned(),
            method: "GET".to_owned(),
            timeout_seconds: 5,
            headers: Vec::new(),
            params: Vec::new(),
            form: None,
            json: None,
            body_bytes_max: 8,
        }
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\na\nb\n";

    #[test]
    fn what_is_asked_is_what_the_item_says() {
        let check = |change: &dyn Fn(&mut HttpRequest), expect: &[&str]| {
            let (url, server) = serve(OK);
            let mut wanted = request(&url);
            change(&mut wanted);
            assert_eq!(fetch(&wanted).as_deref(), Ok("a\nb\n"));
            let asked = server.join().unwrap();
            for part in expect {
                assert!(asked.contains(part), "`{part}` is not in:\n{asked}");
            }
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        check(&|_| {}, &["GET /list HTTP/1.1\r\n"]);
        check(
            &|wanted| {
                wanted.params = vec![pair("q", "a b&c"), pair("n", "1")];
                wanted.headers = vec![pair("X-Key", "secret")];
            },
            &["GET /list?q=a+b%26c&n=1 HTTP/1.1\r\n", "x-key: secret\r\n"],
        );
        check(
            &|wanted| {
                wanted.method = "POST".to_owned();
                wanted.form =
                    Some(Data::map([("a", "é".into()), ("b", Data::List(vec!["1".into(), "2".into()]))]));
            },
            &[
                "POST /list ",
                "content-type: application/x-www-form-urlencoded\r\n",
                "\r\n\r\na=%C3%A9&b=1&b=2",
            ],
        );
        check(
            &|wanted| wanted.json = Some(Data::map([("a", "b".into())])),
            &["GET /list ", "content-type: application/json\r\n", "\r\n\r\n{\"a\": \"b\"}"],
        );
    }

    #[test]
    fn answers_are_held_to_their_limits() {
        let check = |answer: &'static str, part: &str| {
            let (url, server) = serve(answer);
            let why = fetch(&request(&url)).unwrap_err();
            assert!(why.contains(part) && why.contains(&url), "{why}");
            server.join().unwrap();
        };
        check("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "status 404");
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n123456789",
            "more than 8 bytes",
        );
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 20\r\nconnection: close\r\n\r\n12345678901234567890",
            "more than 8",
        );
        // Nobody answers behind an open port.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let wanted = HttpRequest { timeout_seconds: 1, ..request(&url) };
        assert!(fetch(&wanted).is_err_and(|why| why.contains("within 1 s")));
        assert!(fetch(&request("no address")).is_err());
    }

    #[test]
    fn parameters_go_behind_those_of_the_address() {
        let params = [("a".to_owned(), "b".to_owned())];
        let check = |url: &str, expect: &str| assert_eq!(with_params(url, &params), expect);
        check("http://h/p", "http://h/p?a=b");
        check("http://h/p?x=1#top", "http://h/p?x=1&a=b#top");
        check("http://h/p?", "http://h/p?a=b");
        assert_eq!(with_params("http://h/p", &[]), "http://h/p");
    }
}
