//! Talking to the helper that blocks: a process of its own, with the right to do so and nothing else.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use sigyn_blocker::protocol::{REPLY_BYTES_MAX, Reply, Request};

/// How long the helper may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The helper at a socket.
#[derive(Debug)]
pub(super) struct Helper {
    path: PathBuf,
}

/// What is known of the helper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelperState {
    /// Its socket; none if there is to be no helper.
    pub path: Option<PathBuf>,
    /// Whether it answers and its table is in place.
    pub is_ready: bool,
    /// How many addresses it blocks, or what is wrong with it.
    pub says: String,
}

impl Helper {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Asks. An answer that cannot be read is a failure.
    pub(super) fn ask(&self, request: Request) -> io::Result<Reply> {
        let mut stream = UnixStream::connect(&self.path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{request}\n").as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream.take(REPLY_BYTES_MAX as u64)).read_line(&mut line)?;
        Reply::parse(line.trim_end_matches('\n'))
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "its answer cannot be read"))
    }

    pub(super) fn state(&self) -> HelperState {
        let (is_ready, says) = match self.ask(Request::Check) {
            Ok(Reply::Ready { count }) => (true, format!("{count} addresses are blocked")),
            Ok(Reply::Refused(why) | Reply::Failed(why)) => (false, why),
            Ok(_) => (false, "it does not answer what it was asked".to_owned()),
            Err(error) => (false, error.to_string()),
        };
        HelperState { path: Some(self.path.clone()), is_ready, says }
    }
}
