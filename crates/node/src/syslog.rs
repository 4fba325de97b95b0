//! Syslog over UDP and TCP.
//!
//! Framing is told frame by frame: octet counting if a frame begins with a number and a blank, lines else. What a frame says
//! (RFC 3164, RFC 5424, with an ISO time) the reader tells when it is decoded. UDP says nothing when the machine drops
//! datagrams; what could not be stored is counted as dropped.

use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sigyn_store::catalog::Source;
use socket2::{Domain, Socket, Type};

use crate::{Error, Given, Node, Result, now};

/// How long a thread waits before it looks whether to stop.
const PATIENCE: Duration = Duration::from_millis(200);
/// The buffer that the machine is asked for, in bytes: bursts wait there.
const RECEIVE_BUFFER: usize = 8 << 20;
/// A frame at most, in bytes.
const FRAME_MAX: usize = 64 * 1_024;
/// Connections at the same time.
const CONNECTIONS_MAX: usize = 512;
/// Datagrams that are stored together.
const BATCH_MAX: usize = 1_024;
/// What sources are called. Anybody can put any address on a datagram, so what comes by it is told apart from what comes over a
/// connection: responses do not trust it.
const UDP: &str = "syslog-udp";
const TCP: &str = "syslog";
/// Digits of an octet count.
const DIGITS_MAX: usize = 7;

/// Listens at an address, over both.
pub(crate) fn listen(address: SocketAddr) -> Result<(UdpSocket, TcpListener)> {
    let failed = |error| Error::io(format!("{address} cannot be listened at"), error);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None).map_err(failed)?;
    // As much as the machine allows; what it really is makes no difference here.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into()).map_err(failed)?;
    let udp: UdpSocket = socket.into();
    udp.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let tcp = TcpListener::bind(address).map_err(failed)?;
    tcp.set_nonblocking(true).map_err(failed)?;
    Ok((udp, tcp))
}

/// Takes datagrams until it is told to stop.
pub(crate) fn datagrams(node: &Arc<Node>, udp: &UdpSocket, stop: &AtomicBool) {
    let mut buffer = vec![0; FRAME_MAX];
    while !stop.load(Ordering::Acquire) {
        let mut frames: Vec<(IpAddr, Vec<u8>)> = Vec::new();
        // Whatever is there is stored with one sync.
        let _ = udp.set_nonblocking(false);
        while frames.len() < BATCH_MAX {
            let Ok((length, from)) = udp.recv_from(&mut buffer) else { break };
            frames.push((from.ip(), buffer.get(..length).unwrap_or_default().trim_ascii_end().to_vec()));
            let _ = udp.set_nonblocking(true);
        }
        frames.sort_by_key(|(from, _)| *from);
        for same in frames.chunk_by(|a, b| a.0 == b.0) {
            let Some((from, _)) = same.first() else { continue };
            let texts: Vec<&[u8]> = same.iter().map(|(_, frame)| frame.as_slice()).collect();
            // A sender of datagrams cannot be told to wait.
            let source = format!("{UDP}:{from}");
            if let Err(error) = store(node, &source, &texts) {
                dropped(node, &source, texts.len(), &error);
            }
        }
    }
}

/// Takes connections until it is told to stop, a thread for each.
pub(crate) fn connections(node: &Arc<Node>, tcp: &TcpListener, stop: &AtomicBool) {
    let open = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        while !stop.load(Ordering::Acquire) {
            let Ok((stream, from)) = tcp.accept() else {
                std::thread::sleep(PATIENCE);
                continue;
            };
            if open.fetch_add(1, Ordering::AcqRel) >= CONNECTIONS_MAX {
                open.fetch_sub(1, Ordering::AcqRel);
                continue;
            }
            let open = &open;
            let spawned =
                std::thread::Builder::new().name("syslog".to_owned()).spawn_scoped(scope, move || {
                    // What breaks a connection ends it; whole frames before are stored.
                    let _ = connection(node, stream, from.ip(), stop);
                    open.fetch_sub(1, Ordering::AcqRel);
                });
            if spawned.is_err() {
                open.fetch_sub(1, Ordering::AcqRel);
            }
        }
    });
}

fn connection(node: &Arc<Node>, mut stream: TcpStream, from: IpAddr, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut pending: Vec<u8> = Vec::new();
    let mut piece = vec![0; FRAME_MAX];
    loop {
        let count = match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                if stop.load(Ordering::Acquire) {
                    break;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        pending.extend_from_slice(piece.get(..count).unwrap_or_default());
        let used = {
            let (frames, used) = frames(&pending);
            take(node, from, &frames, stop);
            used
        };
        pending.drain(..used);
    }
    let last = pending.trim_ascii();
    if !last.is_empty() {
        take(node, from, &[last], stop);
    }
    Ok(())
}

/// Stores frames; while that is not possible nothing more is read, and the sender waits.
fn take(node: &Arc<Node>, from: IpAddr, frames: &[&[u8]], stop: &AtomicBool) {
    if frames.is_empty() {
        return;
    }
    let source = format!("{TCP}:{from}");
    while let Err(error) = store(node, &source, frames) {
        if stop.load(Ordering::Acquire) {
            return dropped(node, &source, frames.len(), &error);
        }
        std::thread::sleep(PATIENCE);
    }
}

fn store(node: &Arc<Node>, source: &str, frames: &[&[u8]]) -> Result<()> {
    let frames = frames.iter().filter(|frame| !frame.is_empty());
    let given: Vec<Given<'_>> = frames.map(|bytes| Given { source, id: None, bytes }).collect();
    if given.is_empty() { Ok(()) } else { node.take(&given).map(drop) }
}

/// Whole frames at the front of what came, and how many bytes they take.
fn frames(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if matches!(rest.first(), Some(b'\n' | b'\r' | 0)) {
            at += 1;
            continue;
        }
        if let Some((length, digits)) = octets(rest) {
            let Some(frame) = rest.get(digits..digits + length) else { break };
            frames.push(frame.trim_ascii_end());
            at += digits + length;
            continue;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').map(|end| (end, 1));
        // A line without an end is cut where it is too long: what follows is a frame of its own, and says so by its shape.
        let Some((end, skip)) = end.or((rest.len() >= FRAME_MAX).then_some((FRAME_MAX, 0))) else { break };
        frames.push(rest.get(..end).unwrap_or_default().trim_ascii_end());
        at += end + skip;
    }
    (frames, at)
}

/// The count before a frame and how long it is written, if the frame has one.
fn octets(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.iter().take(DIGITS_MAX + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > DIGITS_MAX || bytes.get(digits) != Some(&b' ') {
        return None;
    }
    // A line may begin with a number too; a frame of syslog begins with its priority.
    if bytes.get(digits + 1).is_some_and(|byte| *byte != b'<') {
        return None;
    }
    let length: usize = std::str::from_utf8(bytes.get(..digits)?).ok()?.parse().ok()?;
    (length > 0 && length <= FRAME_MAX).then_some((length, digits + 1))
}

/// Counts what is lost. If even that cannot be written, the metric of the machine is all there is.
fn dropped(node: &Arc<Node>, source: &str, count: usize, error: &Error) {
    let now = now();
    let heard = Source {
        name: source.to_owned(),
        kind: source.split(':').next().unwrap_or_default().to_owned(),
        position: None,
        events: 0,
        bytes: 0,
        dropped: count as u64,
        first_heard: now,
        last_heard: now,
        last_event: None,
        error: Some(error.to_string()),
    };
    let _ = node.catalog().write(|tx| tx.hear_source(&heard));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_one_by_one() {
        let check = |bytes: &str, expect: &[&str], left: &str| {
            let (got, used) = frames(bytes.as_bytes());
            let got: Vec<&str> = got.iter().map(|frame| std::str::from_utf8(frame).unwrap()).collect();
            assert_eq!((got.as_slice(), &bytes[used..]), (expect, left), "{bytes:?}");
        };
        check("<13>a\n<13>b\n", &["<13>a", "<13>b"], "");
        check("4 <1>a4 <1>b\n<13>c\n<13>d", &["<1>a", "<1>b", "<13>c"], "<13>d");
        check("5 <1>a\n5 <1>b\n", &["<1>a", "<1>b"], "");
        check("12 <1>hal", &[], "12 <1>hal");
        check("1", &[], "1");
        check("17 errors seen\n", &["17 errors seen"], "");
        check("", &[], "");
    }
}
