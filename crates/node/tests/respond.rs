//! From events to messages and blocks: what a node tells, blocks and refuses, through restarts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sigyn_blocker::nft::Kernel;
use sigyn_blocker::service::Service;
use sigyn_node::{Given, Node, Running, Settings, now};
use sigyn_respond::webhook::Secret;
use sigyn_store::catalog::{Actor, Block, BlockState, Delivery, DeliveryPage, DeliveryState, Named};

const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
const RULE: &str = "title: Attack\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0001\nlogsource:\n  category: webserver\ndetection:\n  sel:\n    \
                    cs-uri-query|contains: evil\n  condition: sel\nlevel: high\n";

struct Home {
    folder: tempfile::TempDir,
    node: Arc<Node>,
}

impl Home {
    fn new(blocker: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        std::fs::write(folder.path().join("rules/attack.yml"), RULE).unwrap();
        let node = open(folder.path(), blocker);
        Self { folder, node }
    }

    fn put(&self, kind: &str, id: &str, body: &Value) {
        let actor = Actor { name: "anna", at: now() };
        let text = body.to_string();
        self.node.catalog().write(|tx| tx.put_document(kind, id, &text, None, &actor)).unwrap();
        self.node.respond().reload(self.node.catalog()).unwrap();
    }

    /// An attack from an address, seen now.
    fn attack(&self, source: &str, address: &str, more: &Value) {
        attack(&self.node, source, address, more);
    }

    fn blocks(&self) -> Vec<Block> {
        self.node.catalog().read(|view| view.blocks(None, 100)).unwrap()
    }

    fn deliveries(&self) -> Vec<Delivery> {
        self.node.catalog().read(|view| view.deliveries(&DeliveryPage::default(), 100)).unwrap()
    }
}

fn attack(node: &Node, source: &str, address: &str, more: &Value) {
    let mut event = json!({ "c-ip": address, "cs-uri-query": format!("evil={address}"), "cs-method": "GET",
        "sc-status": 200, "cs-uri-stem": "/x", "@timestamp": timestamp() });
    for (name, value) in more.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    let text = event.to_string();
    node.take(&[Given { source, id: None, bytes: text.as_bytes() }]).unwrap();
}

fn open(folder: &Path, blocker: bool) -> Arc<Node> {
    let settings = Settings {
        rules: vec![folder.join("rules")],
        blocker: blocker.then(|| folder.join("socket")),
        salt: 1,
        ..Settings::of(&folder.join("data"))
    };
    Arc::new(Node::open(settings).unwrap())
}

fn timestamp() -> String {
    sigyn_event::Timestamp(now()).to_string()
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A receiver that answers as it is told, and says what it got: headers in small letters, and the body.
fn receiver(answers: Vec<&'static str>) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, got) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if lines.read_line(&mut head).unwrap_or(0) == 0 {
                    break;
                }
            }
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |text| text.parse().unwrap())];
            lines.read_exact(&mut body).unwrap();
            let answer = answers.next().unwrap_or("204 Good");
            let _ = stream.write_all(
                format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
            );
            if sender.send((head, serde_json::from_slice(&body).unwrap_or(Value::Null))).is_err() {
                return;
            }
        }
    });
    (url, got)
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap()
}

fn alerting(home: &Home, url: &str, rule: &Value) {
    home.put("alerting", "main", &json!({ "targets": [{ "network": "127.0.0.1" }] }));
    home.put(
        "channel",
        "c",
        &json!({ "name": "hook", "destination": { "kind": "webhook", "url": url, "secret": SECRET } }),
    );
    home.put("alert rule", "r", rule);
}

#[test]
fn signals_are_told_once_in_a_signed_message_of_their_group() {
    let home = Home::new(false);
    let (url, got) = receiver(vec![]);
    alerting(&home, &url, &json!({ "name": "all", "channels": ["c"], "wait_seconds": 1 }));
    let running = Running::start(&home.node).unwrap();
    for _ in 0..3 {
        home.attack("a", "93.184.216.34", &json!({}));
    }
    home.attack("a", "93.184.216.35", &json!({ "cs-uri-query": "evil <!channel>" }));
    let mut told: Vec<(String, Value)> = (0..2).map(|_| got.recv_timeout(PATIENCE).unwrap()).collect();
    told.sort_by_key(|(_, body)| body["data"]["count"].as_u64());
    let counts: Vec<&Value> = told.iter().map(|(_, body)| &body["data"]["count"]).collect();
    assert_eq!(counts, [1, 3]);
    let (head, body) = &told[0];
    assert_eq!(
        (&body["type"], &body["data"]["entities"][0]["value"]),
        (&json!("signals"), &json!("93.184.216.35"))
    );
    let seconds: i64 = header(head, "webhook-timestamp").parse().unwrap();
    let signature =
        Secret::parse(SECRET).unwrap().sign(header(head, "webhook-id"), seconds, &body.to_string()).unwrap();
    assert_eq!(header(head, "webhook-signature"), signature.to_lowercase());
    // A later one of a group that was told waits for the quiet time.
    home.attack("a", "93.184.216.34", &json!({ "cs-method": "POST" }));
    assert!(got.recv_timeout(Duration::from_secs(3)).is_err());
    wait("settling", || home.deliveries().iter().all(|one| one.state == DeliveryState::Sent).then_some(()));
    running.stop();
}

#[test]
fn what_fails_is_tried_again_with_the_same_id_and_what_is_refused_is_given_up() {
    let home = Home::new(false);
    let (url, got) = receiver(vec!["503 No", "204 Good", "400 Bad"]);
    alerting(&home, &url, &json!({ "name": "all", "channels": ["c"], "wait_seconds": 0 }));
    let running = Running::start(&home.node).unwrap();
    home.attack("a", "93.184.216.34", &json!({}));
    let (first, _) = got.recv_timeout(PATIENCE).unwrap();
    let waiting = wait("the failure", || home.deliveries().pop().filter(|one| one.error.is_some()));
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Waiting, 1));
    // The process ends before the next attempt.
    running.stop();
    let folder = home.folder.path();
    drop(home.node);
    let node = open(folder, false);
    let running = Running::start(&node).unwrap();
    let (second, _) = got.recv_timeout(PATIENCE).unwrap();
    assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
    let list = || node.catalog().read(|view| view.deliveries(&DeliveryPage::default(), 100)).unwrap();
    wait("the second attempt", || list().pop().filter(|one| one.state == DeliveryState::Sent));
    attack(&node, "a", "93.184.216.36", &json!({}));
    let given_up = wait("giving up", || list().into_iter().find(|one| one.state == DeliveryState::GivenUp));
    assert_eq!(given_up.error.as_deref(), Some("the receiver answers 400"));
    assert_eq!(list().len(), 2, "nothing is told twice");
    running.stop();
}

#[test]
fn silences_old_events_and_internal_addresses_are_minded() {
    let home = Home::new(false);
    let (url, got) = receiver(vec![]);
    alerting(&home, &url, &json!({ "name": "all", "channels": ["c"], "wait_seconds": 0 }));
    let silence = json!({ "when": { "entities": [{ "kind": "address", "value": "93.184.0.0/16" }] }, "since": 0,
        "until": i64::MAX, "reason": "test", "made_by": "anna" });
    home.put("silence", "s", &silence);
    let running = Running::start(&home.node).unwrap();
    home.attack("a", "93.184.216.34", &json!({}));
    let old = sigyn_event::Timestamp(now() - 2 * 86_400 * 1_000_000_000).to_string();
    home.attack("a", "8.8.8.8", &json!({ "@timestamp": old }));
    assert_eq!(got.recv_timeout(Duration::from_secs(2)).ok(), None);
    home.put("alerting", "main", &json!({}));
    home.attack("a", "8.8.4.4", &json!({}));
    let refused = wait("the refusal", || home.deliveries().into_iter().find(|one| one.error.is_some()));
    assert_eq!(refused.state, DeliveryState::GivenUp);
    assert!(refused.error.unwrap().contains("not among the permitted targets"));
    assert!(got.try_recv().is_err());
    running.stop();
}

/// A kernel that only remembers, and ends blocks as the real one does.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<IpAddr, Instant>>>);

impl Memory {
    fn addresses(&self) -> Vec<String> {
        self.list().unwrap().iter().map(|(address, _)| address.to_string()).collect()
    }
}

impl Kernel for Memory {
    fn ensure(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn add(&self, address: IpAddr, seconds: u32) -> std::io::Result<()> {
        let end = Instant::now() + Duration::from_secs(seconds.into());
        self.0.lock().unwrap().insert(address, end);
        Ok(())
    }

    fn remove(&self, address: IpAddr) -> std::io::Result<()> {
        self.0.lock().unwrap().remove(&address);
        Ok(())
    }

    fn list(&self) -> std::io::Result<Vec<(IpAddr, u32)>> {
        let mut all = self.0.lock().unwrap();
        all.retain(|_, end| *end > Instant::now());
        let left = |end: &Instant| u32::try_from(end.duration_since(Instant::now()).as_secs()).unwrap();
        Ok(all.iter().map(|(address, end)| (*address, left(end))).collect())
    }
}

/// The helper at a socket, with a kernel that only remembers.
fn helper(folder: &Path) -> Memory {
    let kernel = Memory::default();
    let config = folder.join("blocker.conf");
    std::fs::write(&config, "never 9.9.9.9\n").unwrap();
    let listener = UnixListener::bind(folder.join("socket")).unwrap();
    let own = kernel.clone();
    std::thread::spawn(move || {
        let service = RefCell::new(Service::new(own, &config, Vec::new).unwrap());
        for stream in listener.incoming().map_while(Result::ok) {
            let mut output = stream.try_clone().unwrap();
            let _ = service.borrow_mut().serve(&stream, &mut output);
        }
    });
    kernel
}

fn policy(home: &Home, mode: &str, is_dry_run: bool) {
    let never = json!([{ "network": "1.1.1.0/24", "note": "ours" }]);
    home.put("response", "main", &json!({ "mode": mode, "never": never, "trusted_proxies": ["5.5.5.0/24"], "is_helper_at_edge": true }));
    home.put("policy", "p", &json!({ "name": "attackers", "when": { "level_min": "high" }, "seconds": 10, "is_dry_run": is_dry_run }));
}

fn told(blocks: &[Block]) -> Vec<String> {
    let mut told: Vec<String> = blocks
        .iter()
        .map(|one| format!("{} {} {}", one.address, one.mode.name(), one.state.name()))
        .collect();
    told.sort();
    told
}

#[test]
fn addresses_are_blocked_refused_taken_back_and_end() {
    let home = Home::new(true);
    let kernel = helper(home.folder.path());
    policy(&home, "real", false);
    let running = Running::start(&home.node).unwrap();
    home.attack("a", "8.8.8.8", &json!({}));
    home.attack("a", "8.8.8.8", &json!({ "cs-method": "POST" }));
    home.attack("a", "8.8.4.4", &json!({}));
    home.attack("a", "1.1.1.1", &json!({}));
    home.attack("a", "9.9.9.9", &json!({}));
    home.attack("a", "10.0.0.1", &json!({}));
    home.attack("syslog-udp:7.7.7.7", "8.8.8.1", &json!({}));
    home.attack("a", "5.5.5.5", &json!({ "X-Forwarded-For": "1.2.3.4, 8.8.8.2" }));
    home.attack("a", "5.5.5.6", &json!({}));
    let expected = [
        "1.1.1.1 real refused",
        "10.0.0.1 real refused",
        "8.8.4.4 real active",
        "8.8.8.1 real refused",
        "8.8.8.2 real active",
        "8.8.8.8 real active",
        "9.9.9.9 real failed",
    ];
    wait("blocking", || (told(&home.blocks()) == expected).then_some(()));
    assert_eq!(kernel.addresses(), ["8.8.4.4", "8.8.8.2", "8.8.8.8"]);
    let find = |address: &str| home.blocks().into_iter().find(|one| one.address == address).unwrap();
    assert!(find("8.8.8.8").proof.unwrap().contains("in the kernel's set"));
    assert!(find("1.1.1.1").proof.unwrap().contains("allow-list with 1.1.1.0/24 (ours)"));
    assert!(find("9.9.9.9").proof.unwrap().contains("the helper refuses"));
    assert!(find("8.8.8.1").proof.unwrap().contains("forged"));
    // One is taken back by hand, one because it is put on the allow-list.
    let undone = find("8.8.4.4").id;
    home.node.catalog().write(|tx| tx.set_block_state(undone, BlockState::Undoing, None, now())).unwrap();
    home.put("response", "main", &json!({ "mode": "real", "never": [{ "network": "8.8.8.2" }] }));
    wait("taking back", || (kernel.addresses() == ["8.8.8.8"]).then_some(()));
    wait("the list", || {
        (find("8.8.4.4").state == BlockState::Undone && find("8.8.8.2").state == BlockState::Undone)
            .then_some(())
    });
    // What the kernel loses is put back; what ends, ends.
    kernel.0.lock().unwrap().clear();
    home.put("response", "main", &json!({ "mode": "real" }));
    wait("putting back", || (kernel.addresses() == ["8.8.8.8"]).then_some(()));
    wait("the end", || (find("8.8.8.8").state == BlockState::Expired).then_some(()));
    assert!(kernel.addresses().is_empty());
    running.stop();
}

#[test]
fn a_dry_run_blocks_nothing_and_off_is_off() {
    let home = Home::new(true);
    let kernel = helper(home.folder.path());
    let running = Running::start(&home.node).unwrap();
    home.put(
        "policy",
        "p",
        &json!({ "name": "p", "when": { "level_min": "high" }, "seconds": 10, "is_dry_run": false }),
    );
    home.attack("a", "8.8.8.7", &json!({}));
    wait("the signal", || {
        home.node
            .catalog()
            .read(|view| Ok(view.count_signals(&sigyn_store::catalog::Filter::default())? > 0))
            .unwrap()
            .then_some(())
    });
    assert!(home.blocks().is_empty());
    policy(&home, "dry_run", false);
    home.attack("a", "8.8.8.8", &json!({}));
    wait("the dry run", || (told(&home.blocks()) == ["8.8.8.8 dry_run active"]).then_some(()));
    policy(&home, "real", true);
    home.attack("a", "8.8.8.9", &json!({}));
    wait("the dry run", || {
        (told(&home.blocks()) == ["8.8.8.8 dry_run active", "8.8.8.9 dry_run active"]).then_some(())
    });
    assert!(home.blocks().iter().all(|one| one.proof.as_deref() == Some("dry run: nothing is blocked")));
    assert!(kernel.addresses().is_empty());
    running.stop();
}
