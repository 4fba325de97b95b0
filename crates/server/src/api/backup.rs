//! A copy of the catalog to take away.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use sigyn_event::Timestamp;
use sigyn_node::backup::{Copy, back_up};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// Pieces that wait for a client that is slow.
const PIECES_MAX: usize = 4;
/// A client that takes nothing for so long gets no more: else it would keep others from a copy, and its room on the disk.
const STALLS_MAX: Duration = Duration::from_secs(60);

/// A file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct CatalogFile(());

/// Gives a copy of the catalog as it is now, while work goes on: signals, rules' settings, people, audit trail, all but events
///
/// An SQLite file for the data folder of a server that is stopped, as docs/operating.md tells. It holds what the catalog holds:
/// passwords, sessions and keys as hashes, but what channels log in with as it is. One copy at a time.
#[utoipa::path(get, path = "/api/v1/storage/backup", tag = "storage",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    responses((status = 200, body = CatalogFile, content_type = "application/vnd.sqlite3"), (status = 409, body = Problem)))]
pub(crate) async fn backup(State(app): State<App>, caller: Caller) -> Answer<Response> {
    let (copy, made) = blocking(move || {
        let mut made = 0;
        let copy = back_up(app.node(), |tx, at| {
            made = at;
            caller.audit(tx, at, "storage.backup", "", &json!({}))
        })?;
        Ok((copy, made))
    })
    .await?;
    let moment = Timestamp(made).to_string();
    let moment: String =
        moment.chars().take_while(|c| *c != '.').filter(char::is_ascii_alphanumeric).collect();
    let name = format!("attachment; filename=\"sigyn-catalog-{}.db\"", moment.trim_end_matches('Z'));
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_LENGTH, copy.bytes.to_string()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let (sender, receiver) = channel(PIECES_MAX);
    tokio::spawn(send(copy, sender));
    let pieces = stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Reads a copy to its end, as fast as a client takes it. If that fails the body ends before its length, which clients notice.
async fn send(mut copy: Copy, to: Sender<std::io::Result<Bytes>>) {
    loop {
        let read = blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            let outcome = copy.file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            Ok((copy, outcome.map(|_| Bytes::from(piece))))
        });
        let Ok((rest, piece)) = read.await else { return };
        copy = rest;
        let is_last = piece.as_ref().map_or(true, Bytes::is_empty);
        let is_sent = matches!(timeout(STALLS_MAX, to.send(piece)).await, Ok(Ok(())));
        if is_last || !is_sent {
            return;
        }
    }
}
