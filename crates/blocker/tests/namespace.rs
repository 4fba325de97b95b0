//! Blocks that hold for real: two network namespaces, a server in one, clients in the other, and the helper with the kernel's
//! packet filter between them.
//!
//! It needs root, `ip` and `nft`, and is skipped with a message where one of them is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Socket, Type};

const SERVER: &str = "10.77.0.1";
const ATTACKER: &str = "10.77.0.2";
const ALLOWED: &str = "10.77.0.3";
const SIX_SERVER: &str = "fd77::1";
const SIX_ATTACKER: &str = "fd77::2";
const PORT: u16 = 8080;

/// Two namespaces with a wire between them; gone when it is dropped.
struct Wire {
    server: String,
    client: String,
}

impl Drop for Wire {
    fn drop(&mut self) {
        for name in [&self.server, &self.client] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(words: &str) -> bool {
    let output = Command::new("ip").args(words.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}

impl Wire {
    fn new(name: &str) -> Option<Self> {
        let own = std::process::id() % 100_000;
        let wire = Self { server: format!("sigyn-s{name}{own}"), client: format!("sigyn-c{name}{own}") };
        let (s, c) = (&wire.server, &wire.client);
        let link = format!("sg{name}{own}");
        let steps = [
            format!("netns add {s}"),
            format!("netns add {c}"),
            format!("link add {link}s netns {s} type veth peer name {link}c netns {c}"),
            format!("-n {s} addr add {SERVER}/24 dev {link}s"),
            format!("-n {s} addr add {SIX_SERVER}/64 dev {link}s nodad"),
            format!("-n {c} addr add {ATTACKER}/24 dev {link}c"),
            format!("-n {c} addr add {ALLOWED}/24 dev {link}c"),
            format!("-n {c} addr add {SIX_ATTACKER}/64 dev {link}c nodad"),
            format!("-n {s} link set lo up"),
            format!("-n {s} link set {link}s up"),
            format!("-n {c} link set {link}c up"),
            format!("netns exec {s} nft list ruleset"),
        ];
        match steps.iter().find(|step| !ip(step)) {
            None => Some(wire),
            Some(step) => {
                eprintln!("skipped: `ip {step}` is not possible here");
                None
            }
        }
    }

    /// Runs something in a namespace, on a thread of its own.
    fn inside<T: Send + 'static>(
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        let path = PathBuf::from("/run/netns").join(name);
        std::thread::spawn(move || {
            setns(File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            work()
        })
    }

    /// Answers every request with 200, for as long as the test lives.
    fn serve(&self) {
        for address in [SERVER.to_owned(), format!("[{SIX_SERVER}]")] {
            let bound =
                Self::inside(&self.server, move || TcpListener::bind(format!("{address}:{PORT}")).unwrap());
            let listener = bound.join().unwrap();
            std::thread::spawn(move || {
                for mut stream in listener.incoming().map_while(Result::ok) {
                    std::thread::spawn(move || {
                        let mut buffer = [0; 1_024];
                        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                        }
                    });
                }
            });
        }
    }

    /// What a client at an address gets: a status, or `nothing`.
    fn get(&self, from: &str) -> String {
        self.connect(from).map_or_else(|| "nothing".to_owned(), |mut socket| ask_http(&mut socket))
    }

    fn connect(&self, from: &str) -> Option<Socket> {
        let from: SocketAddr = SocketAddr::new(from.parse().unwrap(), 0);
        let to = SocketAddr::new(if from.is_ipv4() { SERVER } else { SIX_SERVER }.parse().unwrap(), PORT);
        let connected = Self::inside(&self.client, move || {
            let socket = Socket::new(Domain::for_address(from), Type::STREAM, None).unwrap();
            socket.bind(&from.into()).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
            socket.connect_timeout(&to.into(), Duration::from_millis(700)).ok().map(|()| socket)
        });
        connected.join().unwrap()
    }
}

fn ask_http(socket: &mut Socket) -> String {
    let mut answer = [0; 256];
    let asked =
        socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").and_then(|()| socket.read(&mut answer));
    let text = asked
        .ok()
        .and_then(|count| String::from_utf8(answer.get(..count)?.to_vec()).ok())
        .unwrap_or_default();
    text.split(' ').nth(1).unwrap_or("nothing").to_owned()
}

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

fn config(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blocker.conf");
    std::fs::write(&path, text).unwrap();
    (folder, path)
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
    // Somebody flushes the rules: the set is there and blocks nobody, and the helper does not say that it does.
    assert!(ip(&format!("netns exec {} nft flush chain inet sigyn incoming", wire.server)));
    assert_eq!(wire.get(ATTACKER), "200");
    assert_eq!(helper.ask(&format!("show {ATTACKER}")), "absent");
    assert_eq!(helper.ask("check"), "ready 1");
    assert_eq!(wire.get(ATTACKER), "nothing");
    assert!(ip(&format!("netns exec {} nft delete table inet sigyn", wire.server)));
    assert_eq!(wire.get(ATTACKER), "200");
    assert!(helper.ask(&format!("show {ATTACKER}")).starts_with("failed"));
    assert!(helper.ask(&format!("block {ATTACKER} 60")).starts_with("in-force"));
    assert_eq!(wire.get(ATTACKER), "nothing");
}
