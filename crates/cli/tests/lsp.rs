//! `sigyn lsp` as a process: it ends when its input does, whatever that was.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Starts the server, says this, hangs up; its exit code and what it said.
fn talk(input: &[u8]) -> (Option<i32>, String, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_sigyn"))
        .args(["lsp", "--stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A server that has ended already does not listen any more.
    let _ = server.stdin.take().unwrap().write_all(input);
    let deadline = Instant::now() + Duration::from_secs(30);
    let code = loop {
        match server.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if Instant::now() > deadline => {
                server.kill().unwrap();
                panic!("the server does not end: {:?}", String::from_utf8_lossy(input));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let read = |pipe: &mut dyn Read| {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    (code, read(&mut server.stdout.take().unwrap()), read(&mut server.stderr.take().unwrap()))
}

fn framed(messages: &[&str]) -> Vec<u8> {
    let frame = |message: &&str| format!("Content-Length: {}\r\n\r\n{message}", message.len());
    messages.iter().map(frame).collect::<String>().into_bytes()
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;

#[test]
fn the_server_ends_with_its_input() {
    let check = |input: Vec<u8>, code: i32, answer: &str| {
        let (found, out, error) = talk(&input);
        let shown = String::from_utf8_lossy(&input);
        assert_eq!(found, Some(code), "{shown}\n{out}\n{error}");
        assert!(out.contains(answer) && !error.contains("panicked"), "{shown}\n{out}\n{error}");
    };
    let shutdown = r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#;
    let exit = r#"{"jsonrpc":"2.0","method":"exit"}"#;
    check(framed(&[INITIALIZE, INITIALIZED, shutdown, exit]), 0, "\"hoverProvider\"");
    check(framed(&[INITIALIZE, INITIALIZED, exit]), 1, "\"serverInfo\"");
    check(Vec::new(), 1, "");
    check(framed(&[INITIALIZE]), 1, "capabilities");
    check(framed(&[INITIALIZE, INITIALIZED]), 1, "capabilities");
    check(framed(&[exit]), 1, "");
    let cut = framed(&[INITIALIZE, INITIALIZED, shutdown]);
    // What was answered before is written, though what comes then is no message.
    check(cut[..cut.len() - 9].to_vec(), 2, "capabilities");
    check(b"Content-Length: 5\r\n\r\nhello".to_vec(), 2, "");
    check(b"hello\r\n".to_vec(), 2, "");
    check(b"Content-Length: x\r\n\r\n".to_vec(), 2, "");
    check(framed(&[INITIALIZE, INITIALIZED, "{}", "[1, 2]"]), 2, "capabilities");
    check(b"\xFF\xFE\x00\r\n\r\n".to_vec(), 2, "");
}
