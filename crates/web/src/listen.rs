//! Connections: how many, how slow, and how they end.

use crate::{gate::Peer, site::Limits};
use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore, time};

/// Headers of a request at most; browsers send some twenty.
const MOST_HEADERS: usize = 64;

/// Pause after the system refused a connection (no more file handles), so that the others may end.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop` resolves; then answers under way have their time to end. Says whether all have ended.
pub async fn listen(router: Router, listener: TcpListener, limits: &Limits, stop: impl Future<Output = ()>) -> bool {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_headers(MOST_HEADERS)
        .max_header_size(limits.headers)
        .max_buf_size(limits.headers.max(64 * 1024));
    let service = TowerToHyperService::new(router);
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! { accepted = accepted => accepted, () = &mut stop => break };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection");
                time::sleep(BREATH).await;
                continue;
            }
        };
        // Answers are written whole; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let answer = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            service.call(request)
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            // How a connection ended is the client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    time::timeout(limits.stop_time, connections.shutdown()).await.is_ok()
}
