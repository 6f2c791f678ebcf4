//! `shirube serve`: the portal.

use crate::Place;
use crate::failure::Failure;
use crate::office::Office;
use shirube_web::{App, Jobs};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

/// Serves until Ctrl-C or SIGTERM; answers under way are finished.
pub fn run(place: &Place, listen: SocketAddr) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // The address first: a taken port is said before the data folder is opened.
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|cause| Failure::Listen { address: listen, cause })?;
        // It waits for the disk and the database, which a thread of the runtime may not do otherwise.
        let office = tokio::task::block_in_place(|| Office::open(place))?;
        let address = listener.local_addr()?;
        say!("{} / {}", office.pack.meta.label.ja, office.pack.meta.label.en);
        say!("http://{address}/  (English: http://{address}/en)  data: {}, log: {}", place.data.display(), office.store.log_place());
        let jobs = Jobs::open(place.data.join("jobs"))?;
        let app = Arc::new(App::new(office.store, jobs));
        shirube_web::serve(app, listener, stopped()).await?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = async {
            if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                signal.recv().await;
            }
        };
        tokio::select! { _ = interrupt => {}, () = terminate => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
