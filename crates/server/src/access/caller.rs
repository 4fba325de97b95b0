//! Who calls.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigyn_store::catalog::{Actor, NewAudit, Tx};

use super::token::{COOKIE, ENDS_AFTER, hash_of};
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::shape::Scope;

/// How long a use of a session or key is not written down again, in nanoseconds: a write each minute, not each request.
const TOUCH_AFTER: i64 = 60 * 1_000_000_000;

/// Who calls, known for sure.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The user's name, or `key:` with the key's id.
    pub(crate) name: String,
    /// What they may do.
    pub(crate) scopes: Vec<Scope>,
    /// Where they call from.
    pub(crate) client: String,
    /// The hash of their session's token; none for keys.
    pub(crate) session: Option<[u8; 32]>,
    /// The role of a person; none for keys.
    pub(crate) role: Option<sigyn_store::catalog::Role>,
    /// Until when, in nanoseconds UTC.
    pub(crate) expires: Option<i64>,
}

impl Caller {
    /// Finds out who calls; none if nobody says who they are.
    pub(super) async fn of(app: &App, headers: &HeaderMap, client: String) -> Answer<Option<Self>> {
        if let Some(text) = headers.get(header::AUTHORIZATION) {
            let text = text.to_str().map_err(|_| Problem::unauthenticated())?;
            let (id, secret) = credentials(text).ok_or_else(Problem::unauthenticated)?;
            return Self::of_key(app, id, secret, client).await.map(Some);
        }
        match cookie(headers, COOKIE) {
            Some(token) => Self::of_session(app, hash_of(token), client).await.map(Some),
            None => Ok(None),
        }
    }

    async fn of_session(app: &App, hash: [u8; 32], client: String) -> Answer<Self> {
        let now = sigyn_node::now();
        let found = app.read(move |view| view.session(&hash, now)).await?;
        let session = found.ok_or_else(Problem::unauthenticated)?;
        if now.saturating_sub(session.last_used) >= TOUCH_AFTER {
            let expires = now.saturating_add(ENDS_AFTER);
            // That a full disk keeps nobody out: who looks must see what is wrong.
            let _ = app.write(move |tx, at| tx.touch_session(&hash, at, expires)).await;
        }
        if session.client != client {
            // Where people are is never blocked, so it is where they are now that counts.
            let there = client.clone();
            app.write(move |tx, _| tx.move_session(&hash, &there)).await?;
        }
        Ok(Self {
            scopes: Scope::of(session.role).to_vec(),
            name: session.user,
            client,
            session: Some(hash),
            role: Some(session.role),
            expires: Some(session.expires),
        })
    }

    async fn of_key(app: &App, id: String, secret: String, client: String) -> Answer<Self> {
        let now = sigyn_node::now();
        let wanted = id.clone();
        let key = app.read(move |view| view.api_key(&wanted)).await?;
        // Of the same time whether there is such a key or not; what is compared are hashes, which tell nothing.
        let hash = hash_of(&secret);
        let key =
            key.filter(|key| key.hash == hash && key.is_good(now)).ok_or_else(Problem::unauthenticated)?;
        if key.last_used.is_none_or(|used| now.saturating_sub(used) >= TOUCH_AFTER) {
            let _ = app.write(move |tx, at| tx.touch_api_key(&id, at)).await;
        }
        Ok(Self {
            name: format!("key:{}", key.id),
            scopes: key.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
            client,
            session: None,
            role: None,
            expires: key.expires,
        })
    }

    /// Whether they may.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// As who does something at a time.
    pub(crate) fn actor(&self, at: i64) -> Actor<'_> {
        Actor { name: &self.name, at }
    }

    /// Writes into the audit trail what they do; in the transaction that does it.
    pub(crate) fn audit(
        &self,
        tx: &Tx<'_>,
        at: i64,
        action: &str,
        target: &str,
        detail: &serde_json::Value,
    ) -> sigyn_store::Result<()> {
        let detail = detail.to_string();
        tx.record(&NewAudit { at, who: &self.name, client: &self.client, action, target, detail: &detail })
    }
}

/// Where a request comes from, as the connection says; headers could say anything.
pub(crate) fn client_of(parts: &axum::http::Extensions) -> String {
    let found = parts.get::<ConnectInfo<SocketAddr>>();
    found.map_or_else(|| "unknown".to_owned(), |ConnectInfo(address)| address.ip().to_string())
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        // The guard has put it there, or nobody comes this far.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthenticated)
    }
}

/// Id and secret of a key, in any of the ways in which clients send them: `ApiKey base64(id:secret)` as Elasticsearch's
/// do, `Basic`, or `Bearer id:secret`.
fn credentials(text: &str) -> Option<(String, String)> {
    let (scheme, value) = text.split_once(' ')?;
    let pair = match scheme.to_ascii_lowercase().as_str() {
        "apikey" | "basic" => String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?,
        "bearer" => value.trim().to_owned(),
        _ => return None,
    };
    pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// The value of a cookie.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_ways_of_clients() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let got = credentials(text);
            assert_eq!(got.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str())), expect, "{text}");
        };
        check("ApiKey aWQ6c2VjcmV0", Some(("id", "secret")));
        check("Basic aWQ6c2VjcmV0", Some(("id", "secret")));
        check("Bearer id:secret", Some(("id", "secret")));
        check("Bearer id", None);
        check("ApiKey !", None);
        check("Digest aWQ6c2VjcmV0", None);
        check("", None);
    }
}
