//! The server on a socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::app::{App, router};

/// How long requests have to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// A server that listens.
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
    stop: Arc<Notify>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
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
        let stopped = Arc::clone(&stop);
        let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
        let serving = runtime.spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(async move { stopped.notified().await })
                .await
        });
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
