//! Mail and requests over TLS, with receivers that show certificates: good ones, and each way in which they can be bad.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sigyn_respond::mail::Mail;
use sigyn_respond::retry::Outcome;
use sigyn_respond::{Channel, Targets};

use super::mail;
use super::outgoing::{Receiver, post};

/// What the authority is called that vouches for receivers.
const NAME: &str = "Authority of the tests";

/// What the receiver shows.
struct Shown {
    /// What is given to the channel: the authority, or the certificate itself.
    authorities: String,
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name; one that ran out if that is asked for.
fn leaf(name: &str, is_expired: bool) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if is_expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }
    (params, KeyPair::generate().unwrap())
}

fn signed_by_authority(name: &str, is_expired: bool) -> Shown {
    let authority = authority(NAME);
    let (params, key) = leaf(name, is_expired);
    let certificate = params.signed_by(&key, &authority).unwrap();
    Shown { authorities: authority.pem(), chain: vec![certificate.der().clone()], key }
}

/// The same behind one that the authority has signed in its turn.
fn signed_in_between(name: &str) -> Shown {
    let authority = authority(NAME);
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(rcgen::DnType::CommonName, "In between");
    let between = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &authority).unwrap();
    let (params, key) = leaf(name, false);
    let certificate = params.signed_by(&key, &between).unwrap();
    let chain = vec![certificate.der().clone(), between.der().clone()];
    Shown { authorities: authority.pem(), chain, key }
}

fn signed_by_itself(name: &str) -> Shown {
    let (params, key) = leaf(name, false);
    let certificate = params.self_signed(&key).unwrap();
    Shown { authorities: certificate.pem(), chain: vec![certificate.der().clone()], key }
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Https,
    Smtps,
    Starttls,
}

/// A receiver for one connection. What it was told within TLS comes back.
fn receive(shown: &Shown, spoken: Spoken) -> (u16, JoinHandle<String>) {
    let key = PrivateKeyDer::try_from(shown.key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(shown.chain.clone(), key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        if spoken == Spoken::Starttls {
            ask_for_tls(&mut stream);
        }
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        match spoken {
            Spoken::Https => answer_request(&mut stream),
            Spoken::Smtps => answer_mail(&mut stream, true),
            Spoken::Starttls => answer_mail(&mut stream, false),
        }
    });
    (port, thread)
}

/// The part of mail before encryption. Bytes are read one by one: what comes behind belongs to TLS.
fn ask_for_tls(stream: &mut TcpStream) {
    stream.write_all(b"220 test\r\n").unwrap();
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        line.push(byte[0]);
        if byte[0] != b'\n' {
            continue;
        }
        let is_last = line.starts_with(b"STARTTLS");
        let answer: &[u8] =
            if is_last { b"220 go on\r\n" } else { b"250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n" };
        stream.write_all(answer).unwrap();
        if is_last {
            return;
        }
        line.clear();
    }
}

fn answer_mail(stream: &mut (impl Read + Write), greets: bool) -> String {
    let mut all = String::new();
    if greets && stream.write_all(b"220 test\r\n").is_err() {
        return all;
    }
    let (mut lines, mut is_data) = (BufReader::new(stream), false);
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap_or(0) > 0 {
        all.push_str(&line);
        let answer = match line.trim_end().split(' ').next().unwrap_or_default() {
            "." if is_data => {
                is_data = false;
                "250 kept"
            }
            _ if is_data => "",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "AUTH" => "235 good",
            "DATA" => {
                is_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        let is_over = line.starts_with("QUIT");
        line.clear();
        if !answer.is_empty() && lines.get_mut().write_all(format!("{answer}\r\n").as_bytes()).is_err()
            || is_over
        {
            break;
        }
    }
    all
}

fn answer_request(stream: &mut (impl Read + Write)) -> String {
    let (mut all, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(count) = stream.read(&mut piece) {
        all.extend_from_slice(piece.get(..count).unwrap_or_default());
        if count == 0 || all.ends_with(b"}") {
            break;
        }
    }
    let _ = stream.write_all(b"HTTP/1.1 204 Good\r\n\r\n");
    String::from_utf8_lossy(&all).into_owned()
}

/// Sends to a receiver at `host`; gives what became of it, and what the receiver was told.
fn sent(shown: &Shown, spoken: Spoken, host: &str, authorities: Option<&str>) -> (Outcome, String) {
    let targets: Targets = serde_json::from_str(r#"[{"network":"127.0.0.1"},{"network":"::1"}]"#).unwrap();
    let (port, receiver) = receive(shown, spoken);
    let outcome = if spoken == Spoken::Https {
        let url = format!("https://{host}:{port}/hook");
        post(&targets, &Receiver { url: &url, authorities }, &[("webhook-id", "m1".to_owned())], "{\"a\":1}")
    } else {
        let security = if spoken == Spoken::Smtps { "tls" } else { "starttls" };
        let channel = serde_json::json!({ "name": "m", "authorities": authorities, "destination": {
            "kind": "email", "host": host, "port": port, "security": security, "from": "sigyn@example.org",
            "to": ["soc@example.org"], "user": "sigyn", "password": "the password" } });
        let channel: Channel = serde_json::from_value(channel).unwrap();
        channel.check().unwrap();
        mail::send(&targets, &channel, &Mail { subject: "s".into(), text: "the text".into(), id: "i".into() })
    };
    (outcome, receiver.join().unwrap())
}

const ALL: [Spoken; 3] = [Spoken::Https, Spoken::Smtps, Spoken::Starttls];

#[test]
fn whom_the_authority_vouches_for_gets_the_message() {
    for spoken in ALL {
        for shown in [signed_by_authority("localhost", false), signed_in_between("localhost")] {
            let (outcome, told) = sent(&shown, spoken, "localhost", Some(&shown.authorities));
            assert_eq!(outcome, Outcome::Sent, "{spoken:?}");
            let expect = if spoken == Spoken::Https { "{\"a\":1}" } else { "the text" };
            assert!(told.contains(expect), "{spoken:?}: {told}");
        }
        // An address has its certificate too, and one that signs itself may be named as its own authority.
        for shown in [signed_by_authority("127.0.0.1", false), signed_by_itself("127.0.0.1")] {
            let (outcome, _) = sent(&shown, spoken, "127.0.0.1", Some(&shown.authorities));
            assert_eq!(outcome, Outcome::Sent, "{spoken:?}");
        }
    }
}

#[test]
fn nobody_else_is_told_anything() {
    let (other, namesake) = (authority("Another").pem(), authority(NAME).pem());
    let check = |what: &str, shown: &Shown, authorities: Option<&str>, expect: &str| {
        for spoken in ALL {
            let (outcome, told) = sent(shown, spoken, "localhost", authorities);
            let Outcome::Later { why, .. } = &outcome else { panic!("{what}, {spoken:?}: {outcome:?}") };
            assert!(why.contains(expect), "{what}, {spoken:?}: {why}");
            assert_eq!(told, "", "{what}, {spoken:?}");
        }
    };
    let good = signed_by_authority("localhost", false);
    check("an authority that nobody named", &good, None, "UnknownIssuer");
    check("another authority", &good, Some(&other), "UnknownIssuer");
    check("another authority of the same name", &good, Some(&namesake), "BadSignature");
    let itself = signed_by_itself("localhost");
    check("signed by itself", &itself, None, "UnknownIssuer");
    check("signed by itself, another authority", &itself, Some(&other), "UnknownIssuer");
    let wrong = signed_by_authority("mail.example.org", false);
    check("another name", &wrong, Some(&wrong.authorities), "not valid for name");
    let address = signed_by_authority("127.0.0.1", false);
    check("an address instead of the name", &address, Some(&address.authorities), "not valid for name");
    let expired = signed_by_authority("localhost", true);
    check("run out", &expired, Some(&expired.authorities), "expired");
}
