//! A connection that sends bulk requests, one behind the other. Written by hand because what it costs is taken from the
//! server, which runs on the same cores.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail};

/// A connection that is kept.
pub(super) struct Sender {
    stream: TcpStream,
    head: String,
    answer: Vec<u8>,
}

impl Sender {
    /// Connects; `key` stands behind `Authorization`.
    pub(super) fn connect(address: &str, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("{address} does not answer"))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST /_bulk?filter_path=errors HTTP/1.1\r\nHost: {address}\r\nAuthorization: {key}\r\n\
             Content-Type: application/x-ndjson\r\nContent-Length: "
        );
        Ok(Self { stream, head, answer: Vec::new() })
    }

    /// Sends a body and waits for the answer; gives its status.
    pub(super) fn send(&mut self, parts: &[&[u8]]) -> Result<u16> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.stream.write_all(format!("{}{length}\r\n\r\n", self.head).as_bytes())?;
        parts.iter().try_for_each(|part| self.stream.write_all(part))?;
        self.read()
    }

    fn read(&mut self) -> Result<u16> {
        self.answer.clear();
        loop {
            let mut piece = [0; 4096];
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                bail!("the server has closed the connection");
            }
            self.answer.extend_from_slice(piece.get(..count).unwrap_or_default());
            let text = String::from_utf8_lossy(&self.answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.context("an answer says how long it is")?.trim().parse()?;
            if body.len() >= length {
                let status = head.split(' ').nth(1).context("an answer has a status")?;
                return Ok(status.parse()?);
            }
        }
    }
}
