//! Whether the program is alive, and whether it can do its work.

use crate::{ctx::Ctx, error::Error, reply::Reply, state::App};
use serde_json::json;
use shirube_snapshot::AsOf;
use shirube_store::Actor;
use std::{path::Path, time::Duration};

/// Alive: the program answers.
pub fn alive(_: &App, _: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::bytes("text/plain; charset=utf-8", "ok\n".into()))
}

/// Ready: it can read, write and keep up. 503 when it cannot.
pub fn ready(app: &App, _: &Ctx) -> Result<Reply, Error> {
    let found = Readiness::of(app);
    let word = |ok: bool| if ok { "ok" } else { "failing" };
    let checks = json!({ "log": word(found.log), "head": word(found.head), "disk": word(found.disk) });
    let status = if found.is_ready() { ("ready", 200) } else { ("not ready", 503) };
    Ok(Reply::json(&json!({ "status": status.0, "checks": checks })).with_status(status.1))
}

/// A server that was not heard of for so long is away.
const UNHEARD: Duration = Duration::from_secs(10);

/// What the portal needs for its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The log answers, or lies where it was opened.
    pub log: bool,
    /// The head opens and holds what was acknowledged.
    pub head: bool,
    /// There is room for what comes.
    pub disk: bool,
}

impl Readiness {
    /// Looks.
    pub fn of(app: &App) -> Readiness {
        let (data, seq) = (&app.site.data, app.store.head_seq());
        Readiness {
            log: app.store.lag().unheard < UNHEARD
                && (app.store.is_shared() || std::fs::metadata(data.join("log.db")).is_ok_and(|m| m.len() > 0)),
            head: app.store.reader(&Actor::owner(), AsOf::Head).is_ok_and(|r| r.moment().seq >= seq),
            disk: free_disk(data).is_none_or(|free| free >= app.site.limits.free_disk),
        }
    }

    /// Nothing is missing.
    pub fn is_ready(self) -> bool {
        self.log && self.head && self.disk
    }
}

/// Free bytes beside a folder; none where the system does not say.
pub fn free_disk(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let space = rustix::fs::statvfs(folder).ok()?;
        Some(space.f_bavail.saturating_mul(space.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// Resident memory of the process in bytes, where the system says it in Linux's way.
pub fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::Portal;

    #[test]
    fn readiness_tells_what_is_missing() {
        let mut portal = Portal::desk();
        assert_eq!(portal.get("/healthz").unwrap().text(), "ok\n");
        assert_eq!(portal.get("/readyz").unwrap().status(), 200);
        portal.app.site.limits.free_disk = u64::MAX;
        let reply = portal.get("/readyz").unwrap();
        assert_eq!(reply.status(), 503);
        assert!(reply.text().contains("\"disk\":\"failing\"") && reply.text().contains("\"log\":\"ok\""));
        #[cfg(target_os = "linux")]
        assert!(memory().unwrap() > 1 << 20);
    }
}
