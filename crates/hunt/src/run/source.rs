//! The inputs of a hunt, handed out to its threads turn by turn.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use sigyn_readers::{Filled, Reader, Step, Unread};

use super::{Control, Input};

/// How often a thread looks for the lock of the inputs before it sleeps: about 50 us.
const SPINS_MAX: usize = 1000;

/// Inputs of at most so many bytes are opened and read by the thread that takes them, without the lock: less than a batch,
/// so that no thread is left without work. Opening takes 25 us, twice the time of copying such an input.
const SMALL_BYTES_MAX: u64 = 256 * 1024;

/// So are larger ones as long as so many others follow: a thread that falls asleep because another reads a batch is awake again
/// when two are read.
const MIDDLE_BYTES_MAX: u64 = 4 << 20;
const MANY_INPUTS: usize = 64;

/// All inputs, cut into turns with numbers.
pub(super) struct Source {
    inputs: std::vec::IntoIter<Input>,
    /// The input that all threads read, step by step.
    open: Option<Opened>,
    number: u64,
}

/// What a thread takes on: a step, or an input that it reads alone.
pub(super) enum Turn {
    Step(Step),
    Alone(Input),
}

impl Source {
    pub(super) fn new(inputs: Vec<Input>) -> Self {
        Self { inputs: inputs.into_iter(), open: None, number: 0 }
    }

    /// The next turn with its number. `spare` is memory that a batch may use.
    pub(super) fn next(&mut self, spare: &mut Filled, control: &Control) -> Option<(u64, Turn)> {
        if control.stop.load(Ordering::Relaxed) {
            return None;
        }
        let turn = loop {
            if let Some(open) = &mut self.open {
                if let Some(step) = open.next(spare) {
                    break Turn::Step(step);
                }
                control.bytes.fetch_add(open.size, Ordering::Relaxed);
                self.open = None;
            }
            let input = self.inputs.next()?;
            let alone_max = if self.inputs.len() >= MANY_INPUTS { MIDDLE_BYTES_MAX } else { SMALL_BYTES_MAX };
            if (1..=alone_max).contains(&input.bytes) {
                break Turn::Alone(input);
            }
            self.open = Some(Opened::new(input));
        };
        self.number += 1;
        Some((self.number - 1, turn))
    }
}

/// An input that is being read.
pub(super) struct Opened {
    steps: Steps,
    /// Its bytes, for progress.
    pub(super) size: u64,
}

/// What an input yields, or why it could not be opened.
enum Steps {
    Read(Reader),
    Failed(Option<Unread>),
}

impl Opened {
    pub(super) fn new(input: Input) -> Self {
        let steps = match (input.open)() {
            Ok(bytes) => Steps::Read(Reader::new(input.path, bytes)),
            Err(error) => Steps::Failed(Some(Unread::failed(input.path, 0, error))),
        };
        Self { steps, size: input.bytes }
    }

    /// The next step. `spare` is memory that it may use.
    pub(super) fn next(&mut self, spare: &mut Filled) -> Option<Step> {
        match &mut self.steps {
            Steps::Read(reader) => {
                if spare.room() > 0 {
                    reader.give_back(std::mem::take(spare));
                }
                reader.next()
            }
            Steps::Failed(unread) => unread.take().map(Step::Unread),
        }
    }
}

/// The lock of the inputs. It is held for the time that copying a batch takes, much less than a thread needs to fall asleep
/// and wake up, so that waiting awake is cheaper for a while.
pub(super) fn locked(source: &Mutex<Source>) -> MutexGuard<'_, Source> {
    for _ in 0..SPINS_MAX {
        match source.try_lock() {
            Ok(source) => return source,
            Err(TryLockError::Poisoned(source)) => return source.into_inner(),
            Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    source.lock().unwrap_or_else(PoisonError::into_inner)
}
