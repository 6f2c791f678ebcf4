//! How the portal stands in its network: names, proxies, limits.

use crate::{ctx::Ctx, gate::Network};
use std::{path::PathBuf, time::Duration};

/// What the person who runs the portal decides about it.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The data folder.
    pub data: PathBuf,
    /// Host names the portal answers to, beside those of this machine (`localhost`, loopback addresses).
    pub hosts: Vec<String>,
    /// Scheme and host by which readers find the portal, where it is configured.
    pub public_url: Option<String>,
    /// Readers reach the portal by `https` only.
    pub https: bool,
    /// Proxies whose word on where a request comes from is taken.
    pub proxies: Vec<Network>,
    /// Limits.
    pub limits: Limits,
}

impl Site {
    /// Where readers find the portal: scheme and host, as configured or as the request names it.
    pub fn address(&self, cx: &Ctx) -> String {
        let scheme = if self.https { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", cx.header("host").unwrap_or("localhost")))
    }
}

/// How much one request, one client or one connection may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a form without files, or of an API call.
    pub form: usize,
    /// Bytes of a form with files, or of a file to import.
    pub upload: usize,
    /// Bytes of an address with its query.
    pub address: usize,
    /// Bytes of all headers.
    pub headers: usize,
    /// Connections at a time; more wait.
    pub connections: usize,
    /// Requests of one client in a second, over time; 0 for no limit.
    pub per_second: u32,
    /// Requests of one client at once, before `per_second` counts.
    pub burst: u32,
    /// Time for the headers of a request to arrive, and for a connection to stay idle.
    pub header_time: Duration,
    /// Time for a body to arrive.
    pub upload_time: Duration,
    /// Time for an answer to be made.
    pub answer_time: Duration,
    /// Time for requests and jobs to end when the program is stopped.
    pub stop_time: Duration,
    /// Bytes of free disk below which the portal says it is not ready.
    pub free_disk: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            form: 2 * MIB,
            upload: 64 * MIB,
            address: 8 * 1024,
            headers: 32 * 1024,
            connections: 1024,
            per_second: 50,
            burst: 500,
            header_time: Duration::from_secs(15),
            upload_time: Duration::from_secs(300),
            answer_time: Duration::from_secs(60),
            stop_time: Duration::from_secs(30),
            free_disk: 256 * MIB as u64,
        }
    }
}

const MIB: usize = 1024 * 1024;
