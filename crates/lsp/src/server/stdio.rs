//! Messages over standard input and output.
//!
//! Threads of our own: those of `lsp-server` do not wait for answers to be written when what comes next is no message, so
//! that an answer given before would be lost.

use std::io;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use lsp_server::{Connection, Message};

/// The two threads between a connection and this process' standard streams.
pub(super) struct Threads {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

/// Begins to read and write.
pub(super) fn open() -> (Connection, Threads) {
    let (sender, to_write) = bounded(0);
    let (read, receiver) = bounded(0);
    let threads = Threads {
        reader: thread::spawn(move || take_in(&read)),
        writer: thread::spawn(move || put_out(&to_write)),
    };
    (Connection { sender, receiver }, threads)
}

impl Threads {
    /// Waits until everything is written. The connection must be gone.
    ///
    /// # Errors
    /// What was no message, and what keeps answers from being written.
    pub(super) fn join(self) -> io::Result<()> {
        let (reader, writer) = (ended(self.reader), ended(self.writer));
        reader.and(writer)
    }
}

fn ended(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a defect in Sigyn ended the connection")))
}

/// Reads until `exit`, the end of the input, or what is no message.
fn take_in(read: &Sender<Message>) -> io::Result<()> {
    let mut input = io::stdin().lock();
    while let Some(message) = Message::read(&mut input)? {
        let is_last = matches!(&message, Message::Notification(note) if note.method == "exit");
        // Nobody listens any more: the session is over, which is no fault of the input.
        if read.send(message).is_err() || is_last {
            break;
        }
    }
    Ok(())
}

fn put_out(to_write: &Receiver<Message>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    to_write.iter().try_for_each(|message| message.write(&mut output))
}
