//! Blocks that hold for real: two network namespaces, a server in one, clients in the other, and the helper with the kernel's
//! packet filter between them.
//!
//! It needs root, `ip` and `nft`, and is skipped with a message where one of them is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use common::{ALLOWED, ATTACKER, SERVER, SIX_ATTACKER, Wire, ask_http, config, ip};

/// The helper in the server's namespace.
struct Helper {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Helper {
    fn start(wire: &Wire, config: &Path) -> Self {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &wire.server, env!("CARGO_BIN_EXE_sigyn-blocker"), "--stdio", "--config"])
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    fn ask(&mut self, request: &str) -> String {
        writeln!(self.input, "{request}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_block_holds_and_ends_by_itself_and_the_allowed_are_never_blocked() {
    let Some(wire) = Wire::new("a") else { return };
    let (_folder, config) = config(&format!("private yes\nnever {ALLOWED}\n"));
    wire.serve();
    assert_eq!([wire.get(ATTACKER), wire.get(ALLOWED), wire.get(SIX_ATTACKER)], ["200", "200", "200"]);
    let mut before = wire.connect(ATTACKER).unwrap();
    assert_eq!(ask_http(&mut before), "200");

    let mut helper = Helper::start(&wire, &config);
    assert_eq!(helper.ask("check"), "ready 0");
    let asked = Instant::now();
    let reply = helper.ask(&format!("block {ATTACKER} 5"));
    assert!(["in-force 5", "in-force 4"].contains(&reply.as_str()), "{reply}");
    let took = asked.elapsed();
    assert_eq!([wire.get(ATTACKER), wire.get(ALLOWED), wire.get(SIX_ATTACKER)], ["nothing", "200", "200"]);
    assert_eq!(ask_http(&mut before), "nothing", "what was connected before is cut off too");
    for never in [ALLOWED, SERVER, "127.0.0.1", "::ffff:10.77.0.3"] {
        let reply = helper.ask(&format!("block {never} 60"));
        assert!(reply.starts_with("refused"), "{never}: {reply}");
    }
    assert_eq!(wire.get(ALLOWED), "200");
    // The kernel ends it, whether the helper lives or not.
    helper.kill();
    assert_eq!(wire.get(ATTACKER), "nothing");
    while wire.get(ATTACKER) != "200" {
        assert!(asked.elapsed() < Duration::from_secs(12), "the block does not end");
    }
    let lasted = asked.elapsed().as_secs_f64();
    eprintln!("blocked within {took:?}, for {lasted:.1} s of 5");
    assert!((4.5..7.0).contains(&lasted), "{lasted}");
    assert_eq!(Helper::start(&wire, &config).ask("check"), "ready 0");
}

#[test]
fn blocks_are_taken_back_made_longer_and_survive_what_others_do_to_the_rules() {
    let Some(wire) = Wire::new("b") else { return };
    let (_folder, config) = config("private yes\n");
    wire.serve();
    let mut helper = Helper::start(&wire, &config);
    assert!(helper.ask(&format!("block {SIX_ATTACKER} 60")).starts_with("in-force"));
    assert_eq!([wire.get(SIX_ATTACKER), wire.get(ATTACKER)], ["nothing", "200"]);
    assert_eq!(helper.ask(&format!("unblock {SIX_ATTACKER}")), "absent");
    assert_eq!(wire.get(SIX_ATTACKER), "200");
    assert_eq!(helper.ask(&format!("unblock {SIX_ATTACKER}")), "absent");

    assert!(helper.ask(&format!("block {ATTACKER} 2")).starts_with("in-force"));
    let longer = helper.ask(&format!("block {ATTACKER} 600"));
    assert!(["in-force 600", "in-force 599"].contains(&longer.as_str()), "{longer}");
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(wire.get(ATTACKER), "nothing");
    // Somebody flushes the rules: whoever looks whether a block holds mends them first.
    assert!(ip(&format!("netns exec {} nft flush chain inet sigyn incoming", wire.server)));
    assert_eq!(wire.get(ATTACKER), "200");
    assert!(helper.ask(&format!("show {ATTACKER}")).starts_with("in-force"));
    assert_eq!(wire.get(ATTACKER), "nothing");
    // Somebody deletes everything: the address is not blocked, and that is what is said.
    assert!(ip(&format!("netns exec {} nft delete table inet sigyn", wire.server)));
    assert_eq!(wire.get(ATTACKER), "200");
    assert_eq!(helper.ask(&format!("show {ATTACKER}")), "absent");
    assert_eq!(helper.ask("check"), "ready 0");
    assert!(helper.ask(&format!("block {ATTACKER} 60")).starts_with("in-force"));
    assert_eq!(wire.get(ATTACKER), "nothing");
}
