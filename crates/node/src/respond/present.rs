//! Who is not blocked because of what they are at the moment.

use std::net::IpAddr;

use sigyn_respond::safety::Present;
use sigyn_store::catalog::View;

/// This machine's addresses, gateways and name servers, and where people are logged in from.
pub(super) fn present(view: &View<'_>, now: i64) -> sigyn_store::Result<Present> {
    let clients = view.session_clients(now)?;
    let sessions: Vec<IpAddr> =
        clients.iter().filter_map(|text| sigyn_blocker::address::parse(text)).collect();
    Ok(Present { own: sigyn_blocker::machine::addresses(), sessions })
}
