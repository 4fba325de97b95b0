//! The whole way: requests that attack stand in an access log, a rule finds them, a policy blocks, the kernel drops, and after
//! its time the address is let in again. Who is on the allow-list attacks as much as they like.
//!
//! It needs root, `ip` and `nft`, and is skipped with a message where one of them is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines, reason = "tests")]

mod common;

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{ALLOWED, ATTACKER, Wire, config};
use sigyn_node::{Node, Running, Settings, now};
use sigyn_store::catalog::{Actor, Block, BlockState};

const PATIENCE: Duration = Duration::from_secs(30);
const RULE: &str = "title: Password file asked for\nid: 5e1fcbab-9a5c-4ac9-a4c4-6d8b6a4e0003\nlogsource:\n  category: webserver\ndetection:\n  \
                    sel:\n    url.original|contains: etc/passwd\n  condition: sel\nlevel: high\n";

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

#[test]
fn an_attack_in_a_log_is_blocked_for_its_time() {
    let Some(wire) = Wire::new("r") else { return };
    wire.serve();
    let (folder, conf) = config("private yes\n");
    let path = |name: &str| folder.path().join(name);
    let mut helper = Command::new("ip")
        .args([
            "netns",
            "exec",
            &wire.server,
            env!("CARGO_BIN_EXE_sigyn-blocker"),
            "--user",
            "root",
            "--socket",
        ])
        .arg(path("socket"))
        .arg("--config")
        .arg(&conf)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::fs::create_dir(path("rules")).unwrap();
    std::fs::write(path("rules/passwd.yml"), RULE).unwrap();
    std::fs::write(path("access.log"), "").unwrap();
    let settings = Settings {
        rules: vec![path("rules")],
        tail: vec![path("access.log")],
        blocker: Some(path("socket")),
        ..Settings::of(&path("data"))
    };
    let node = Arc::new(Node::open(settings).unwrap());
    let put = |kind: &str, body: &str| {
        let actor = Actor { name: "anna", at: now() };
        node.catalog().write(|tx| tx.put_document(kind, "main", body, None, &actor)).unwrap();
        node.respond().reload(node.catalog()).unwrap();
    };
    put("response", &format!(r#"{{"mode":"real","never":[{{"network":"{ALLOWED}"}}]}}"#));
    put(
        "policy",
        r#"{"name":"p","when":{"level_min":"high"},"seconds":10,"is_dry_run":false,"may_block_private":true}"#,
    );
    let running = Running::start(&node).unwrap();
    let attack = |from: &str| {
        let time = sigyn_event::Timestamp(now()).date_time();
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months[usize::from(time.month) - 1];
        let stamp = format!(
            "{:02}/{month}/{}:{:02}:{:02}:{:02} +0000",
            time.day, time.year, time.hour, time.minute, time.second
        );
        let mut log = OpenOptions::new().append(true).open(path("access.log")).unwrap();
        writeln!(log, "{from} - - [{stamp}] \"GET /x?f=/etc/passwd HTTP/1.1\" 404 9 \"-\" \"curl/8\"")
            .unwrap();
    };
    assert_eq!([wire.get(ATTACKER), wire.get(ALLOWED)], ["200", "200"]);
    let began = Instant::now();
    attack(ATTACKER);
    attack(ALLOWED);
    let blocks = || node.catalog().read(|view| view.blocks(None, 10)).unwrap();
    let find = |address: &str| blocks().into_iter().find(|block: &Block| block.address == address);
    let block = wait("the block", || find(ATTACKER).filter(|block| block.state == BlockState::Active));
    let took = began.elapsed();
    assert!(block.proof.unwrap().contains("in the kernel's set"));
    assert_eq!([wire.get(ATTACKER), wire.get(ALLOWED)], ["nothing", "200"]);
    let refused = wait("the refusal", || find(ALLOWED));
    assert_eq!(refused.state, BlockState::Refused);
    assert!(refused.proof.unwrap().contains("allow-list"));
    while wire.get(ATTACKER) != "200" {
        assert_eq!(wire.get(ALLOWED), "200");
        assert!(began.elapsed() < PATIENCE, "the block does not end");
    }
    let lasted = began.elapsed();
    let ended = wait("the end", || find(ATTACKER).filter(|block| block.state == BlockState::Expired));
    eprintln!(
        "from log line to dropped packets {took:?}, let in again after {:.1} s of 10",
        lasted.as_secs_f64()
    );
    assert!(lasted >= Duration::from_secs(9), "{lasted:?}");
    assert_eq!(ended.proof.as_deref(), Some("nftables: the kernel has ended it"));
    running.stop();
    helper.kill().unwrap();
    helper.wait().unwrap();
}
