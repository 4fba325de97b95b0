//! What all endpoints share, and how they are put together.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use sigyn_node::notice::Notice;
use sigyn_node::{Node, now};
use sigyn_store::catalog::{Tx, View};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use crate::access::{Doors, Throttle, guard, new_setup_token, origin};
use crate::api;
use crate::elastic::{self, Kept};
use crate::page;
use crate::problem::{Answer, Problem, documented};

/// How many changes wait for a listener that is slow; one that misses some is told so.
const NOTICES_MAX: usize = 4_096;
/// How many passwords are hashed at the same time; each takes 19 MiB.
const HASHES_MAX: usize = 2;

/// Bytes of a body that is no event's.
const BODY_MAX: usize = 2 << 20;
/// How many bodies with events are taken in at the same time, and how many KiB they take together: the event log holds as
/// much again while it writes them.
const BODIES_MAX: usize = 256;
const BODIES_KIB_MAX: usize = 96 << 10;

/// What the server is told when it starts.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Whether cookies are for encrypted connections only. Without TLS browsers would not send such cookies back.
    pub is_secure: bool,
}

/// What a first start needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The token that makes the first admin, once; none if there is a user.
    pub token: Option<String>,
}

/// What all endpoints share. Clones are the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    node: Arc<Node>,
    config: Config,
    notices: broadcast::Sender<Notice>,
    doors: Doors,
    throttle: Throttle,
    hashing: Semaphore,
    bodies: Arc<Semaphore>,
    bodies_kib: Arc<Semaphore>,
    kept: Kept,
}

impl App {
    /// Takes a node. While there is no user, each start makes a new setup token; the one before is worth nothing then.
    ///
    /// # Errors
    /// What the catalog or the source of randomness says.
    pub fn new(node: Arc<Node>, config: Config) -> Result<(Self, Setup), String> {
        let token = new_setup_token(node.catalog())?;
        let (sender, _) = broadcast::channel(NOTICES_MAX);
        let told = sender.clone();
        node.notices().listen(move |notice| {
            // Nobody listens: nothing to do.
            let _ = told.send(*notice);
        });
        let inner = Inner {
            node,
            config,
            notices: sender,
            doors: Doors::of(&api::document()),
            throttle: Throttle::default(),
            hashing: Semaphore::new(HASHES_MAX),
            bodies: Arc::new(Semaphore::new(BODIES_MAX)),
            bodies_kib: Arc::new(Semaphore::new(BODIES_KIB_MAX)),
            kept: Kept::default(),
        };
        Ok((Self(Arc::new(inner)), Setup { token }))
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0.node
    }

    pub(crate) fn config(&self) -> Config {
        self.0.config
    }

    pub(crate) fn doors(&self) -> &Doors {
        &self.0.doors
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Reads the catalog, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&View<'_>) -> sigyn_store::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let app = self.clone();
        blocking(move || Ok(app.node().catalog().read(f)?)).await
    }

    /// Writes the catalog, on a thread that may block. The closure is given the time of day.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx<'_>, i64) -> sigyn_store::Result<T> + Send + 'static,
    ) -> Answer<T> {
        let app = self.clone();
        blocking(move || Ok(app.node().catalog().write(|tx| f(tx, now()))?)).await
    }

    /// What clients of Elasticsearch have set up.
    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    /// Room for a body with events, or that there is none.
    pub(crate) fn room(&self) -> Answer<Room> {
        let place = Arc::clone(&self.0.bodies).try_acquire_owned();
        let _place = place.map_err(|_| too_many())?;
        Ok(Room { kib: Arc::clone(&self.0.bodies_kib), held: None, bytes: 0, _place })
    }

    /// Does what takes memory and time, such as hashing a password: few at the same time.
    pub(crate) async fn hash<T: Send + 'static>(
        &self,
        f: impl FnOnce() -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let _permit = self.0.hashing.acquire().await.map_err(|_| Problem::internal())?;
        blocking(f).await
    }
}

/// The room of a body; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    kib: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    bytes: usize,
    _place: OwnedSemaphorePermit,
}

impl Room {
    /// Takes room for so many bytes more.
    pub(crate) fn take(&mut self, bytes: usize) -> Answer<()> {
        self.bytes += bytes;
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(missing) = self.bytes.div_ceil(1_024).checked_sub(held).filter(|missing| *missing > 0)
        else {
            return Ok(());
        };
        let missing = u32::try_from(missing).map_err(|_| too_many())?;
        let more = Arc::clone(&self.kib).try_acquire_many_owned(missing).map_err(|_| too_many())?;
        match &mut self.held {
            Some(held) => held.merge(more),
            held => *held = Some(more),
        }
        Ok(())
    }
}

fn too_many() -> Problem {
    Problem::too_many("too many requests bring events at the same time", 1)
}

/// Runs something that blocks on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|_| Err(Problem::internal()))
}

/// All endpoints, guarded, and the page for everything else.
pub fn router(app: &App) -> Router {
    let (api, _) = api::routes().split_for_parts();
    let api = api
        .route_layer(middleware::from_fn_with_state(app.clone(), guard))
        .route_layer(middleware::map_response(documented));
    let all = api.merge(elastic::routes(app)).fallback(page::page);
    all.layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::map_response(page::harden))
        .layer(middleware::from_fn_with_state(app.clone(), origin))
        .with_state(app.clone())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use sha2::{Digest, Sha256};
    use sigyn_node::Settings;
    use sigyn_store::catalog::NewApiKey;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn overload_refuses_whole_requests_and_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        let rules = vec![folder.path().join("rules")];
        let data = folder.path().join("data");
        let settings = Settings { rules, salt: 1, ..Settings::of(&data) };
        let node = Arc::new(Node::open(settings).unwrap());
        let hash: [u8; 32] = Sha256::digest(b"secret").into();
        let scopes = &["ingest"][..];
        let key = NewApiKey { id: "k", hash: &hash, name: "", owner: "", scopes, made: 0, expires: None };
        node.catalog().write(|tx| tx.add_api_key(&key)).unwrap();
        let (app, _) = App::new(Arc::clone(&node), Config { is_secure: false }).unwrap();
        let send = |path: &'static str| {
            let body = Body::from("{\"index\":{}}\n{\"a\":1}\n");
            let request = Request::post(path).header("authorization", "Bearer k:secret").body(body).unwrap();
            router(&app).oneshot(request)
        };
        let all_places = || (0..BODIES_MAX).map(|_| app.room().unwrap()).collect();
        let all_bytes = || {
            let mut room = app.room().unwrap();
            room.take(BODIES_KIB_MAX << 10).unwrap();
            vec![room]
        };
        for taken in [&all_places as &dyn Fn() -> Vec<Room>, &all_bytes] {
            let _taken = taken();
            for path in ["/_bulk", "/api/v1/events", "/x/_doc"] {
                let response = send(path).await.unwrap();
                assert_eq!(response.status(), 429, "{path}");
                assert!(response.headers().contains_key("retry-after"), "{path}");
            }
        }
        assert_eq!(node.log().bytes(), 0);
        // One that would throw away what is refused is kept waiting.
        let full = all_places();
        let held = Request::post("/_bulk")
            .header("authorization", "Bearer k:secret")
            .header("content-type", "application/json; charset=utf-8")
            .body(Body::from("{\"index\":{}}\n{\"a\":1}\n"))
            .unwrap();
        let held = tokio::spawn(router(&app).oneshot(held));
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        assert!(!held.is_finished());
        drop(full);
        assert_eq!(held.await.unwrap().unwrap().status(), 200);
        assert_eq!(send("/_bulk").await.unwrap().status(), 200);
        assert!(node.log().bytes() > 0);
    }
}
