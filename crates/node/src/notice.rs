//! Telling those who want to know. Nothing waits here: whoever is told must not block, and keeps a bound of their own.

use std::sync::{Mutex, PoisonError};

use sigyn_store::Id;

/// Something has changed. Whoever wants more asks the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A signal that was not there.
    SignalAdded(Id),
    /// A signal is otherwise than it was, by what rules found or by what people made of it.
    SignalChanged(Id),
    /// Many signals are: a bulk action.
    SignalsChanged,
    /// Counts and states of sources.
    Sources,
    /// Which rules are in force.
    Rules,
    /// Messages, blocks, or the settings of either.
    Response,
    /// How far hunts are, or what they have found.
    Hunts,
    /// What is stored, for how long, or that something of it is damaged.
    Storage,
}

/// What is called with each notice.
type Listener = Box<dyn Fn(&Notice) + Send + Sync>;

/// Who is told.
#[derive(Default)]
pub struct Notices(Mutex<Vec<Listener>>);

impl Notices {
    /// Tells a function of everything from now on. It must not block.
    pub fn listen(&self, listener: impl Fn(&Notice) + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    /// Tells all.
    pub fn tell(&self, notice: &Notice) {
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| listener(notice));
    }
}
