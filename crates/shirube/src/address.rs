//! Where the portal is found: left in the data folder while it runs, for the links that commands print beside it.

use crate::config::Config;
use crate::failure::Failure;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// File of the data folder. The portal holds a lock on it, so that what a killed one left behind is not believed.
const FILE: &str = "address";

/// Scheme and host of a portal: what readers know it by, or else what leads there from this machine.
pub fn of(config: &Config, listening: SocketAddr) -> String {
    let reached = match listening.ip() {
        // Whoever listens everywhere answers to this machine's own names, and to no host called 0.0.0.0.
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    config.public_url.clone().unwrap_or_else(|| format!("http://{}", SocketAddr::new(reached, listening.port())))
}

/// Leaves the address there for as long as what this gives is held.
pub fn leave(data: &Path, at: &str) -> Result<File, Failure> {
    let path = data.join(FILE);
    let write = || -> std::io::Result<File> {
        let mut file = File::create(&path)?;
        file.lock()?;
        writeln!(file, "{at}")?;
        Ok(file)
    };
    write().map_err(|cause| Failure::File { path: path.clone(), cause })
}

/// The address of the portal that has the data folder open; none if no portal has.
pub fn running(data: &Path) -> Option<String> {
    let file = File::open(data.join(FILE)).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let text = std::io::read_to_string(file).ok()?;
    // Without the end of its line it is still being written.
    text.strip_suffix('\n').map(str::to_string)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_where_readers_find_the_portal_or_to_this_machine() {
        let mut config = Config::default();
        for (listening, reached) in [
            ("127.0.0.1:9090", "http://127.0.0.1:9090"),
            ("192.0.2.7:80", "http://192.0.2.7:80"),
            ("0.0.0.0:8420", "http://127.0.0.1:8420"),
            ("[::]:8420", "http://[::1]:8420"),
        ] {
            assert_eq!(of(&config, listening.parse().unwrap()), reached);
        }
        config.public_url = Some("https://plan.example.jp".into());
        assert_eq!(of(&config, config.listen), "https://plan.example.jp");
    }

    #[test]
    fn an_address_is_believed_as_long_as_the_portal_that_left_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(running(folder.path()), None);
        for at in ["https://plan.example.jp", "http://127.0.0.1:9"] {
            let left = leave(folder.path(), at).unwrap();
            assert_eq!(running(folder.path()).as_deref(), Some(at));
            drop(left);
            assert_eq!(running(folder.path()), None, "{at} was left behind");
        }
    }
}
