//! What changes, as it changes: server-sent events.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use sigyn_node::notice::Notice;
use sigyn_store::Id;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use super::signals::Signal;
use crate::app::App;

/// Changes are gathered for so long and told together: a page cannot show more, and a flood costs one event.
const GATHER: Duration = Duration::from_millis(250);
/// Signals that are told one by one; of more only the number is.
const SIGNALS_MAX: usize = 100;
/// A stream ends after so long: the browser asks again, and whoever is logged out by then is refused.
const LASTS: Duration = Duration::from_secs(600);

/// What has changed since the event before.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// Signals that were not there, or are otherwise, the newest first; at most a hundred.
    signals: Vec<Signal>,
    /// How many signals were not there before.
    added: usize,
    /// How many are otherwise.
    changed: usize,
    /// Whether more has changed than is told here: ask again for what you show.
    is_partial: bool,
    /// Whether sources have changed.
    sources: bool,
    /// Whether rules have.
    rules: bool,
    /// Whether messages, blocks or the settings of either have.
    response: bool,
    /// Whether hunts have.
    hunts: bool,
    /// Whether what is stored has, or its damage.
    storage: bool,
}

#[derive(Default)]
struct Gathered {
    /// Signals that were not there or are otherwise, in the order in which that was first told.
    order: Vec<Id>,
    seen: HashSet<Id>,
    added: HashSet<Id>,
    is_partial: bool,
    sources: bool,
    rules: bool,
    response: bool,
    hunts: bool,
    storage: bool,
}

impl Gathered {
    fn add(&mut self, notice: &Notice) {
        match notice {
            Notice::SignalAdded(id) => {
                self.added.insert(*id);
                self.add_signal(*id);
            }
            Notice::SignalChanged(id) => self.add_signal(*id),
            Notice::SignalsChanged => self.is_partial = true,
            Notice::Sources => self.sources = true,
            Notice::Rules => self.rules = true,
            Notice::Response => self.response = true,
            Notice::Hunts => self.hunts = true,
            Notice::Storage => self.storage = true,
        }
    }

    fn add_signal(&mut self, id: Id) {
        if self.seen.insert(id) {
            self.order.push(id);
        }
    }

    /// Notices were lost, of whatever kind.
    fn miss(&mut self) {
        self.is_partial = true;
        let Self { sources, rules, response, hunts, storage, .. } = self;
        [sources, rules, response, hunts, storage].into_iter().for_each(|kind| *kind = true);
    }

    /// The newest signals; whether those are all.
    fn newest(&self) -> (Vec<Id>, bool) {
        let newest = self.order.iter().rev().take(SIGNALS_MAX).copied().collect();
        (newest, self.order.len() <= SIGNALS_MAX)
    }

    async fn told(self, app: &App) -> Changes {
        let (ids, is_all) = self.newest();
        let is_partial = self.is_partial || !is_all;
        let read = app.read(move |view| {
            let mut found = Vec::new();
            for id in &ids {
                found.extend(view.signal(*id)?.map(Signal::from));
            }
            Ok(found)
        });
        let signals = read.await;
        Changes {
            added: self.added.len(),
            changed: self.order.len() - self.added.len(),
            is_partial: is_partial || signals.is_err(),
            signals: signals.unwrap_or_default(),
            sources: self.sources,
            rules: self.rules,
            response: self.response,
            hunts: self.hunts,
            storage: self.storage,
        }
    }
}

/// Tells what changes, as events named `changes`, each with a `Changes` object
#[utoipa::path(get, path = "/api/v1/stream", tag = "overview", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Changes, content_type = "text/event-stream")))]
pub(crate) async fn stream(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let state = (app.clone(), app.subscribe(), Instant::now() + LASTS);
    let events = stream::unfold(state, |(app, mut notices, ends)| async move {
        let gathered = gather(&mut notices, ends).await?;
        let changes = gathered.told(&app).await;
        let event = Event::default().event("changes").json_data(changes).unwrap_or_default();
        Some((Ok(event), (app, notices, ends)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// The changes of a moment; none if the stream is over.
async fn gather(notices: &mut Receiver<Notice>, ends: Instant) -> Option<Gathered> {
    let mut gathered = Gathered::default();
    let first = tokio::time::timeout_at(ends, notices.recv()).await.ok()?;
    take(&mut gathered, first)?;
    sleep(GATHER).await;
    // As many as wait, and no more, so that a flood cannot keep it here.
    for _ in 0..notices.len() {
        take(&mut gathered, notices.recv().await)?;
    }
    Some(gathered)
}

fn take(gathered: &mut Gathered, notice: Result<Notice, RecvError>) -> Option<()> {
    match notice {
        Ok(notice) => gathered.add(&notice),
        Err(RecvError::Lagged(_)) => gathered.miss(),
        Err(RecvError::Closed) => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(notices: impl IntoIterator<Item = Notice>) -> Gathered {
        let mut gathered = Gathered::default();
        notices.into_iter().for_each(|notice| gathered.add(&notice));
        gathered
    }

    #[test]
    fn of_many_signals_the_newest_are_told() {
        // Ids that fall while time goes on: their own order is not that of time.
        let ids: Vec<Id> = (0..250_u128).map(|number| Id::from(1_000 - number)).collect();
        let many = gathered(ids.iter().map(|id| Notice::SignalAdded(*id)));
        let newest: Vec<Id> = ids.iter().rev().take(SIGNALS_MAX).copied().collect();
        assert_eq!(many.newest(), (newest, false));
        assert_eq!((many.order.len(), many.added.len()), (250, 250));
    }

    #[test]
    fn a_signal_is_told_once_whatever_happens_to_it() {
        let id = Id::from(7_u128);
        let once = gathered([Notice::SignalAdded(id), Notice::SignalChanged(id), Notice::SignalAdded(id)]);
        assert_eq!(once.newest(), (vec![id], true));
        assert_eq!((once.order.len(), once.added.len()), (1, 1));
    }

    #[test]
    fn whoever_misses_notices_is_to_ask_for_everything() {
        let mut gathered = Gathered::default();
        assert_eq!(take(&mut gathered, Err(RecvError::Lagged(9))), Some(()));
        let Gathered { is_partial, sources, rules, response, hunts, storage, .. } = gathered;
        assert_eq!([is_partial, sources, rules, response, hunts, storage], [true; 6]);
    }
}
