//! Sending mail. The server's name is resolved and judged here, and the connection goes to the address that was judged; TLS
//! asks for a certificate of the name.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport};
use sigyn_respond::channel::MailSecurity;
use sigyn_respond::mail::Mail;
use sigyn_respond::retry::Outcome;
use sigyn_respond::target::Purpose;
use sigyn_respond::{Channel, Destination, Targets, authority};

use super::outgoing::may_connect;

/// How long the server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Addresses of a server that are tried.
const ADDRESSES_MAX: usize = 3;

/// Sends a mail. The channel's destination is one of the kind `email`.
pub(super) fn send(targets: &Targets, channel: &Channel, mail: &Mail) -> Outcome {
    let Destination::Email { host, port, security, from, to, .. } = &channel.destination else {
        return Outcome::Never { why: "this is no mailbox".to_owned() };
    };
    let message = match message(mail, from, to) {
        Ok(message) => message,
        Err(why) => return Outcome::Never { why },
    };
    let found: Vec<SocketAddr> = match (host.trim_matches(['[', ']']), *port).to_socket_addrs() {
        Ok(found) => found.take(ADDRESSES_MAX).collect(),
        Err(error) => return Outcome::Later { why: format!("{host}: {error}"), wait_seconds: None },
    };
    let purpose = if *security == MailSecurity::None { Purpose::PlainMail } else { Purpose::Mail };
    if let Err(error) = may_connect(targets, &found, purpose) {
        return Outcome::Never { why: format!("it is not connected: {error}") };
    }
    let mut why = format!("{host} has no address");
    for address in found {
        match connect(channel, address).map(|transport| transport.send(&message)) {
            Ok(Ok(_)) => return Outcome::Sent,
            Ok(Err(error)) if error.is_permanent() => return Outcome::Never { why: error.to_string() },
            // The server has answered: another address would say the same.
            Ok(Err(error)) if error.is_transient() => {
                return Outcome::Later { why: error.to_string(), wait_seconds: None };
            }
            Ok(Err(error)) => why = told(&error),
            Err(error) => return Outcome::Never { why: error },
        }
    }
    Outcome::Later { why, wait_seconds: None }
}

/// An error with what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

fn message(mail: &Mail, from: &str, to: &[String]) -> Result<Message, String> {
    let mailbox = |text: &str| {
        let address: Address = text.parse().map_err(|error| format!("`{text}`: {error}"))?;
        Ok::<_, String>(Mailbox::new(Some("Sigyn".to_owned()).filter(|_| text == from), address))
    };
    let domain = from.split_once('@').map_or("localhost", |(_, domain)| domain);
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let mut builder: MessageBuilder = Message::builder()
        .from(mailbox(from)?)
        .subject(&mail.subject)
        .message_id(Some(format!("<{}@{domain}>", mail.id)))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN);
    for address in to {
        builder = builder.to(mailbox(address)?);
    }
    builder.body(mail.text.clone()).map_err(|error| error.to_string())
}

/// What is asked of the server's certificate.
fn parameters(host: &str, authorities: Option<&str>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.trim_matches(['[', ']']).to_owned());
    if let Some(pem) = authorities {
        builder = builder.certificate_store(CertificateStore::None);
        for der in authority::parse(pem)? {
            let certificate = Certificate::from_der(der).map_err(|error| told(&error))?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build_rustls().map_err(|error| told(&error))
}

fn connect(channel: &Channel, address: SocketAddr) -> Result<SmtpTransport, String> {
    let Destination::Email { host, security, user, password, .. } = &channel.destination else {
        return Err("this is no mailbox".to_owned());
    };
    let parameters = || parameters(host, channel.authorities.as_deref());
    let tls = match security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::Starttls => Tls::Required(parameters()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .timeout(Some(PATIENCE))
        .tls(tls);
    if let (Some(user), Some(password)) = (user, password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// A mail server for one connection: what it was told comes back.
    fn serve(has_starttls: bool, refuses: Option<&'static str>) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut all = String::new();
            let mut is_data = false;
            stream.write_all(b"220 test\r\n").unwrap();
            while let Some(Ok(line)) = lines.next() {
                all.push_str(&line);
                all.push('\n');
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "." if is_data => {
                        is_data = false;
                        "250 kept"
                    }
                    _ if is_data => continue,
                    "EHLO" if has_starttls => "250-test\r\n250 STARTTLS",
                    "EHLO" => "250 test",
                    "RCPT" => refuses.unwrap_or("250 yes"),
                    "DATA" => {
                        is_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 yes",
                };
                if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() || line == "QUIT" {
                    break;
                }
            }
            all
        });
        (port, thread)
    }

    fn channel(port: u16, security: &str) -> Channel {
        let json = format!(
            r#"{{"name":"m","destination":{{"kind":"email","host":"127.0.0.1","port":{port},"security":"{security}",
                "from":"sigyn@example.org","to":["soc@example.org","b@example.org"]}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn mail() -> Mail {
        Mail {
            subject: "[high] SQL 가나: x".into(),
            text: "line\n.\nBcc: evil@example.org\n".into(),
            id: "ab".into(),
        }
    }

    fn permitted() -> Targets {
        serde_json::from_str(r#"[{"network":"127.0.0.1"}]"#).unwrap()
    }

    #[test]
    fn mail_arrives_whole_and_in_its_envelope_alone() {
        let (port, server) = serve(false, None);
        assert_eq!(send(&permitted(), &channel(port, "none"), &mail()), Outcome::Sent);
        let all = server.join().unwrap();
        assert!(
            all.contains("RCPT TO:<soc@example.org>") && all.contains("RCPT TO:<b@example.org>"),
            "{all}"
        );
        assert_eq!(all.matches("RCPT").count(), 2, "{all}");
        assert!(all.contains("Message-ID: <ab@example.org>") && all.contains("Auto-Submitted"), "{all}");
        assert!(all.contains("\n..\n"), "a line with a dot alone is doubled: {all}");
    }

    #[test]
    fn nothing_is_sent_unencrypted_unless_that_is_said_and_inside() {
        let (port, _server) = serve(false, None);
        let outcome = send(&permitted(), &channel(port, "starttls"), &mail());
        assert!(matches!(&outcome, Outcome::Later { .. } | Outcome::Never { .. }), "{outcome:?}");
        let outcome = send(&Targets::default(), &channel(port, "none"), &mail());
        assert!(matches!(&outcome, Outcome::Never { why } if why.contains("not connected")), "{outcome:?}");
    }

    #[test]
    fn what_the_server_says_decides() {
        let check = |answer: &'static str, is_final: bool| {
            let (port, _server) = serve(false, Some(answer));
            let outcome = send(&permitted(), &channel(port, "none"), &mail());
            assert_eq!(matches!(outcome, Outcome::Never { .. }), is_final, "{answer}: {outcome:?}");
            assert_ne!(outcome, Outcome::Sent);
        };
        check("550 no such user", true);
        check("451 later", false);
    }
}
