//! Figures for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use sigyn_node::Node;
use sigyn_node::storage::{READER, removed_signals};
use sigyn_store::catalog::{BlockMode, BlockState, OutboxCounts};

use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};

/// Blocks that are counted.
const BLOCKS_MAX: usize = 100_000;

/// Labels of a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSource {
    source: String,
}

/// Labels of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfChannel {
    channel: String,
}

/// Figures for Prometheus, in its text form
#[utoipa::path(get, path = "/metrics", tag = "health", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(app): State<App>) -> Answer<Response> {
    let text = blocking(move || encoded(&app)).await?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// All figures are read when they are asked for: they stand in the catalog anyway, and last over restarts.
fn encoded(app: &App) -> Answer<String> {
    let node = app.node();
    let (sources, dead, outbox) =
        node.catalog().read(|view| Ok((view.sources()?, view.count_dead_letters()?, view.outbox()?)))?;
    let mut registry = Registry::with_prefix("sigyn");
    let (events, bytes, dropped, lag) =
        (Family::default(), Family::default(), Family::default(), Family::default());
    registry.register("events", "Events that came", events.clone());
    registry.register_with_unit("events_size", "What they took", Unit::Bytes, bytes.clone());
    registry.register("events_dropped", "Events that could not be taken", dropped.clone());
    registry.register_with_unit(
        "source_lag",
        "From happening to arriving, of the last event",
        Unit::Seconds,
        lag.clone(),
    );
    let set = |family: &Family<OfSource, Gauge>, source: &str, value: u64| {
        family
            .get_or_create(&OfSource { source: source.to_owned() })
            .set(i64::try_from(value).unwrap_or(i64::MAX));
    };
    for source in &sources {
        set(&events, &source.name, source.events);
        set(&bytes, &source.name, source.bytes);
        set(&dropped, &source.name, source.dropped);
        let late = source.last_event.map_or(0, |ts| source.last_heard.saturating_sub(ts) / 1_000_000_000);
        set(&lag, &source.name, u64::try_from(late).unwrap_or(0));
    }
    let dead_letters: Family<OfSource, Gauge> = Family::default();
    registry.register("dead_letters", "Events that could not be read and wait", dead_letters.clone());
    for (source, _, count) in &dead {
        dead_letters
            .get_or_create(&OfSource { source: source.clone() })
            .inc_by(i64::try_from(*count).unwrap_or(0));
    }
    done(&mut registry, node, &outbox)?;
    let book = node.book();
    single(&mut registry, "rules", "Rules in force", book.in_force() as u64);
    single(&mut registry, "rules_refused", "What is broken in the rule folders", book.refused.len() as u64);
    let detected = node.detected().0;
    single(&mut registry, "log_detected", "Position behind the last event that detection has seen", detected);
    stored(&mut registry, node)?;
    single(
        &mut registry,
        "detection_failed",
        "Whether detection does not go on",
        u64::from(node.failure().is_some()),
    );
    let rebuilt = u64::from(node.rebuilt().is_some());
    single(&mut registry, "state_rebuilt", "Whether the state of the last run could not be read", rebuilt);
    let mut out = String::new();
    text::encode(&mut out, &registry).map_err(|_| Problem::internal())?;
    Ok(out)
}

fn single(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

/// What is done about signals: messages and blocks.
fn done(registry: &mut Registry, node: &Node, outbox: &[OutboxCounts]) -> Answer<()> {
    let (waiting, given_up) = (Family::<OfChannel, Gauge>::default(), Family::<OfChannel, Gauge>::default());
    registry.register("messages_waiting", "Messages that are to be sent", waiting.clone());
    registry.register("messages_given_up", "Messages that were tried often enough", given_up.clone());
    for channel in outbox {
        let label = OfChannel { channel: channel.channel.clone() };
        waiting.get_or_create(&label).set(i64::try_from(channel.waiting).unwrap_or(i64::MAX));
        given_up.get_or_create(&label).set(i64::try_from(channel.given_up).unwrap_or(i64::MAX));
    }
    let active = node.catalog().read(|view| view.blocks(Some(BlockState::Active), BLOCKS_MAX))?;
    let real = active.iter().filter(|block| block.mode == BlockMode::Real).count() as u64;
    single(registry, "blocks_active", "Addresses that are blocked", real);
    single(registry, "blocks_dry_run", "Addresses that would be blocked", active.len() as u64 - real);
    Ok(())
}

/// What the event log, the lake and the catalog hold.
fn stored(registry: &mut Registry, node: &Node) -> Answer<()> {
    let (lake, covered, (signals, closed), removed) = node.catalog().read(|view| {
        Ok((view.lake_sizes()?, view.progress(READER)?, view.count_stored_signals()?, removed_signals(view)?))
    })?;
    let (events, bytes) =
        lake.iter().fold((0, 0), |(events, bytes), (_, more, size)| (events + more, bytes + size));
    let damaged = "Places of the event log that were not as they had been written";
    single(registry, "log_end", "Position behind the last event on disk", node.log().end().0);
    single(registry, "log_bytes", "What the event log takes on disk", node.log().bytes());
    single(registry, "log_damaged", damaged, node.log_damage());
    single(registry, "lake_events", "Events in the lake", events);
    single(registry, "lake_bytes", "What the lake takes on disk", bytes);
    single(registry, "signals", "Signals that are stored", signals);
    single(registry, "signals_closed", "Closed ones among them", closed);
    single(registry, "signals_removed", "Closed signals that have gone by age, ever", removed.count);
    single(registry, "lake_covered", "Events of the log before this position are in the lake", covered);
    Ok(())
}
