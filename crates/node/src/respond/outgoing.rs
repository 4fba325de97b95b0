//! Requests to addresses that people have written into settings: guarded, so that nobody reaches with them what only this
//! machine reaches.
//!
//! The guard stands where names become addresses: what it lets through is what is connected to, so a name that leads
//! elsewhere the second time changes nothing. Redirects are answers and are not followed, proxies of the environment are not
//! used, and what a receiver answers is neither kept nor shown, but for its status.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use sigyn_respond::retry::{Outcome, of_status};
use sigyn_respond::target::Purpose;
use sigyn_respond::{Targets, authority};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, http};

/// How long a request may take, from the name to the status.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer's headers.
const HEADER_BYTES_MAX: usize = 16 * 1_024;

/// Resolves names, and refuses where a connection must not lead.
#[derive(Debug)]
struct Guarded {
    targets: Targets,
    inner: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let purpose = if uri.scheme_str() == Some("https") { Purpose::Https } else { Purpose::Http };
        may_connect(&self.targets, &found, purpose).map_err(ureq::Error::Io)?;
        Ok(found)
    }
}

/// Whether all addresses of a name may be connected to: one that may not makes the name suspect.
pub(super) fn may_connect(targets: &Targets, found: &[SocketAddr], purpose: Purpose) -> io::Result<()> {
    let refused = found.iter().find_map(|address| targets.may_connect(*address, purpose).err());
    refused.map_or(Ok(()), |why| Err(io::Error::new(ErrorKind::PermissionDenied, why)))
}

/// Who gets a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receiver<'r> {
    /// The address.
    pub(super) url: &'r str,
    /// Whose certificates are believed there, as PEM; none: those of the public authorities.
    pub(super) authorities: Option<&'r str>,
}

/// What is asked of a certificate.
fn tls(authorities: Option<&str>) -> Result<TlsConfig, String> {
    let Some(pem) = authorities else { return Ok(TlsConfig::default()) };
    let own = authority::parse(pem)?;
    let own: Vec<Certificate<'static>> =
        own.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    Ok(TlsConfig::builder().root_certs(RootCerts::from(own)).build())
}

/// Sends a JSON body. `headers` are names and values.
pub(super) fn post(
    targets: &Targets,
    receiver: &Receiver<'_>,
    headers: &[(&str, String)],
    body: &str,
) -> Outcome {
    let tls = match tls(receiver.authorities) {
        Ok(tls) => tls,
        Err(why) => return Outcome::Never { why },
    };
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(HEADER_BYTES_MAX)
        .user_agent(concat!("sigyn/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Guarded { targets: targets.clone(), inner: DefaultResolver::default() };
    let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
    let mut request = http::Request::post(receiver.url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = match request.body(body) {
        Ok(request) => request,
        Err(error) => return Outcome::Never { why: error.to_string() },
    };
    match agent.run(request) {
        Ok(response) => {
            let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            of_status(response.status().as_u16(), after.and_then(|text| text.trim().parse().ok()))
        }
        Err(error) => failure(&error),
    }
}

/// What an error means for a message.
fn failure(error: &ureq::Error) -> Outcome {
    match error {
        ureq::Error::Io(inner) if inner.kind() == ErrorKind::PermissionDenied => {
            Outcome::Never { why: format!("it is not connected: {inner}") }
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Outcome::Never { why: error.to_string() },
        ureq::Error::Timeout(_) => {
            Outcome::Later { why: format!("no answer within {} s", PATIENCE.as_secs()), wait_seconds: None }
        }
        other => Outcome::Later { why: other.to_string(), wait_seconds: None },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A server that counts connections and answers all alike.
    fn listen(answer: &'static str) -> (u16, std::sync::mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
                let mut request = Vec::new();
                let mut buffer = [0; 4_096];
                while let Ok(count) = stream.read(&mut buffer) {
                    request.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    if count == 0 || request.ends_with(b"}") {
                        break;
                    }
                }
                let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        (port, receiver)
    }

    fn permitted() -> Targets {
        serde_json::from_str(r#"[{"network":"127.0.0.1"}]"#).unwrap()
    }

    fn at(url: &str) -> Receiver<'_> {
        Receiver { url, authorities: None }
    }

    fn told(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Sent => "sent".to_owned(),
            Outcome::Later { why, wait_seconds } => format!("later {wait_seconds:?}: {why}"),
            Outcome::Never { why } => format!("never: {why}"),
        }
    }

    #[test]
    fn inside_is_not_connected_to_however_it_is_written() {
        let (port, seen) = listen("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        for host in [
            "127.0.0.1",
            "localhost",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::]",
            "0.0.0.0",
            "0",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "10.0.0.1",
            "192.168.0.1",
            "172.16.0.1",
            "100.64.0.1",
            "[fc00::1]",
            "[fe80::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
        ] {
            let outcome = post(&Targets::default(), &at(&format!("http://{host}:{port}/")), &[], "{}");
            // Some of these are no hosts at all for the resolver; none is ever connected to.
            let said = told(&outcome);
            assert!(
                said.starts_with("never: it is not connected")
                    || said.contains("host not found")
                    || said.contains("lookup"),
                "{host}: {said}"
            );
        }
        assert!(seen.try_recv().is_err(), "somebody was connected to");
    }

    #[test]
    fn what_is_permitted_gets_the_body_and_answers_count() {
        let check = |answer: &'static str, expect: &str| {
            let (port, seen) = listen(answer);
            let headers = [("webhook-id", "m1".to_owned())];
            let outcome =
                post(&permitted(), &at(&format!("http://127.0.0.1:{port}/hook")), &headers, "{\"a\":1}");
            assert!(told(&outcome).starts_with(expect), "{answer}: {}", told(&outcome));
            let request = seen.recv().unwrap();
            assert!(
                request.starts_with("POST /hook HTTP/1.1") && request.ends_with("{\"a\":1}"),
                "{request}"
            );
            assert!(request.contains("webhook-id: m1"), "{request}");
            assert!(seen.recv_timeout(Duration::from_millis(50)).is_err(), "asked twice");
        };
        check("HTTP/1.1 204 No Content\r\n\r\n", "sent");
        check("HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", "later Some(7)");
        check("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", "later None");
        check("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", "never");
        check(
            "HTTP/1.1 302 Go\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
            "never: the receiver answers 302",
        );
        check(
            "HTTP/1.1 307 Go\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
            "never: the receiver answers 307",
        );
        check("nonsense\r\n\r\n", "later");
    }

    /// A name whose addresses change: the guard sees what is connected to, at the time of connecting.
    #[test]
    fn a_name_that_leads_inside_the_second_time_is_refused_then() {
        #[derive(Debug, Default)]
        struct Changing(std::sync::atomic::AtomicUsize);
        impl Changing {
            fn addresses(&self) -> Vec<SocketAddr> {
                let is_first = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
                vec![if is_first { "93.184.216.34:443" } else { "127.0.0.1:443" }.parse().unwrap()]
            }
        }
        let name = Changing::default();
        let may = || may_connect(&Targets::default(), &name.addresses(), Purpose::Https).is_ok();
        assert_eq!([may(), may()], [true, false]);
        let mixed: Vec<SocketAddr> =
            ["93.184.216.34:443", "10.0.0.1:443"].iter().map(|text| text.parse().unwrap()).collect();
        assert!(may_connect(&Targets::default(), &mixed, Purpose::Https).is_err());
    }
}
