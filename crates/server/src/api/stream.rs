//! What changes, as it changes: server-sent events.

use std::collections::BTreeSet;
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
    /// Signals that were not there, or are otherwise; the newest hundred.
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
    added: BTreeSet<Id>,
    changed: BTreeSet<Id>,
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
            Notice::SignalAdded(id) => drop(self.added.insert(*id)),
            Notice::SignalChanged(id) => drop(self.changed.insert(*id)),
            Notice::SignalsChanged => self.is_partial = true,
            Notice::Sources => self.sources = true,
            Notice::Rules => self.rules = true,
            Notice::Response => self.response = true,
            Notice::Hunts => self.hunts = true,
            Notice::Storage => self.storage = true,
        }
    }

    async fn told(self, app: &App) -> Changes {
        let ids: Vec<Id> = self.added.union(&self.changed).copied().take(SIGNALS_MAX + 1).collect();
        let is_partial = self.is_partial || ids.len() > SIGNALS_MAX;
        let read = app.read(move |view| {
            let mut found = Vec::new();
            for id in ids.iter().take(SIGNALS_MAX) {
                found.extend(view.signal(*id)?.map(Signal::from));
            }
            Ok(found)
        });
        let signals = read.await;
        Changes {
            added: self.added.len(),
            changed: self.changed.difference(&self.added).count(),
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
        Err(RecvError::Lagged(_)) => gathered.is_partial = true,
        Err(RecvError::Closed) => return None,
    }
    Some(())
}
