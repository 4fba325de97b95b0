//! Two network namespaces with a wire between them: a server in one, clients in the other.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use socket2::{Domain, Socket, Type};

pub const SERVER: &str = "10.77.0.1";
pub const ATTACKER: &str = "10.77.0.2";
pub const ALLOWED: &str = "10.77.0.3";
pub const SIX_SERVER: &str = "fd77::1";
pub const SIX_ATTACKER: &str = "fd77::2";
const PORT: u16 = 8080;

/// Two namespaces with a wire between them; gone when it is dropped.
pub struct Wire {
    pub server: String,
    pub client: String,
}

impl Drop for Wire {
    fn drop(&mut self) {
        for name in [&self.server, &self.client] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

pub fn ip(words: &str) -> bool {
    let output = Command::new("ip").args(words.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}

impl Wire {
    pub fn new(name: &str) -> Option<Self> {
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
    pub fn serve(&self) {
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
    pub fn get(&self, from: &str) -> String {
        self.connect(from).map_or_else(|| "nothing".to_owned(), |mut socket| ask_http(&mut socket))
    }

    pub fn connect(&self, from: &str) -> Option<Socket> {
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

pub fn ask_http(socket: &mut Socket) -> String {
    let mut answer = [0; 256];
    let asked =
        socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").and_then(|()| socket.read(&mut answer));
    let text = asked
        .ok()
        .and_then(|count| String::from_utf8(answer.get(..count)?.to_vec()).ok())
        .unwrap_or_default();
    text.split(' ').nth(1).unwrap_or("nothing").to_owned()
}

pub fn config(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blocker.conf");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}
