//! Where a request really comes from.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use sigyn_respond::client::real_client;

use crate::app::App;

/// What proxies say about for whom they speak.
const HEADER: &str = "x-forwarded-for";

/// Puts the real client in place of a trusted proxy: for the audit trail, for the limit of logins, and so that nobody blocks
/// where people are logged in from. From anybody else the header says nothing.
pub(crate) async fn origin(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let config = app.node().respond().config();
    let proxies = &config.safety.trusted_proxies;
    if let Some(peer) = peer.filter(|_| !proxies.is_empty()) {
        // Several headers of the name are one list.
        let lists: Vec<&str> =
            request.headers().get_all(HEADER).iter().filter_map(|value| value.to_str().ok()).collect();
        let list = lists.join(",");
        let client = real_client(peer.ip(), (!list.is_empty()).then_some(list.as_str()), proxies);
        if let Some(client) = client.filter(|client| client.is_behind_proxy) {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client.address, peer.port())));
        }
    }
    next.run(request).await
}
