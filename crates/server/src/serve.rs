//! The server on a socket.
//!
//! Who connects has so long to say what they want, and there are so many connections at most: a client that sends its request
//! byte by byte holds a place for a minute, not for ever. Bodies have limits of their own where they are read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use crate::app::{App, router};

/// How long requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How long a connection may take for the head of a request, the wait for it included.
const HEAD_MAX: Duration = Duration::from_secs(60);
/// Bytes of the head of a request; a longer one is refused (431). Bodies are read in pieces of this size too.
const HEAD_BYTES_MAX: usize = 256 << 10;
/// Connections at the same time; who comes beyond them waits to be accepted.
const CONNECTIONS_MAX: usize = 2_048;
/// After an error of the machine, such as no more files, nothing is accepted for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// A server that listens.
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
    stop: Arc<Notify>,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Listens at an address and serves.
    ///
    /// # Errors
    /// If the address cannot be listened at, or threads cannot be made.
    pub fn start(app: &App, address: SocketAddr) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(Notify::new());
        let serving = runtime.spawn(serve(listener, router(app), Arc::clone(&stop)));
        Ok(Self { runtime, address, stop, serving })
    }

    /// Where it listens: the port is one that was free if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, lets those at work end, and stops. Streams are cut after some seconds.
    pub fn stop(self) {
        self.stop.notify_one();
        let _ = self.runtime.block_on(async { tokio::time::timeout(GRACE, self.serving).await });
        self.runtime.shutdown_timeout(GRACE);
    }
}

/// Accepts connections until it is told to stop, then waits for those that are open.
async fn serve(listener: TcpListener, router: Router, stop: Arc<Notify>) {
    let (connections, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_BYTES_MAX);
    loop {
        let next = tokio::select! {
            next = accept(&listener, &places) => next,
            () = stop.notified() => break,
        };
        let Some((stream, peer, place)) = next else { continue };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What breaks a connection is its client's matter.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The next connection, once there is a place for it; none if the machine has refused it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(_) => {
            tokio::time::sleep(PAUSE).await;
            None
        }
    }
}
