//! What the portal has done since it was started, as Prometheus reads it.

use crate::{health, notify, routes::ROUTES, state::App};
use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets of the time an answer took, in microseconds.
const BOUNDS: [u64; 11] = [1_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Classes of status: 1xx to 5xx.
const CLASSES: usize = 5;

/// Name of what no route answered.
const NOWHERE: &str = "none";

/// Counts of answers by route and class of status.
#[derive(Debug)]
pub struct Meter(Vec<Cell>);

#[derive(Debug, Default)]
struct Cell {
    /// Answers within each bound, and beyond the last.
    within: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Default for Meter {
    fn default() -> Meter {
        Meter((0..(ROUTES.len() + 1) * CLASSES).map(|_| Cell::default()).collect())
    }
}

impl Meter {
    /// Counts an answer; gives the route's name.
    pub fn count(&self, route: Option<usize>, status: u16, took: Duration) -> &'static str {
        let row = route.filter(|r| *r < ROUTES.len()).unwrap_or(ROUTES.len());
        let class = usize::from((status / 100).clamp(1, 5)) - 1;
        if let Some(cell) = self.0.get(row * CLASSES + class) {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let bucket = BOUNDS.partition_point(|bound| *bound < micros);
            if let Some(within) = cell.within.get(bucket) {
                within.fetch_add(1, Ordering::Relaxed);
            }
            cell.micros.fetch_add(micros, Ordering::Relaxed);
        }
        name(row)
    }

    fn write(&self, out: &mut String) {
        let metric = "shirube_request_duration_seconds";
        head(out, metric, "histogram", "Time that answers took, by route and class of status.");
        for (at, cell) in self.0.iter().enumerate() {
            let counts: Vec<u64> = cell.within.iter().map(|c| c.load(Ordering::Relaxed)).collect();
            let all: u64 = counts.iter().sum();
            if all == 0 {
                continue;
            }
            let labels = format!("route=\"{}\",status=\"{}xx\"", name(at / CLASSES), at % CLASSES + 1);
            let mut so_far = 0;
            for (bound, count) in BOUNDS.iter().zip(&counts) {
                so_far += count;
                let _ = writeln!(out, "{metric}_bucket{{{labels},le=\"{}\"}} {so_far}", *bound as f64 / 1e6);
            }
            let _ = writeln!(out, "{metric}_bucket{{{labels},le=\"+Inf\"}} {all}");
            let _ = writeln!(out, "{metric}_sum{{{labels}}} {}", cell.micros.load(Ordering::Relaxed) as f64 / 1e6);
            let _ = writeln!(out, "{metric}_count{{{labels}}} {all}");
        }
    }
}

fn name(row: usize) -> &'static str {
    ROUTES.get(row).map_or(NOWHERE, |r| r.name)
}

fn head(out: &mut String, metric: &str, kind: &str, help: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "# HELP {metric} {help}\n# TYPE {metric} {kind}");
}

/// The whole text of `/metrics`.
pub fn text(app: &App) -> String {
    let mut out = String::new();
    app.meter.write(&mut out);
    let data = &app.site.data;
    // What SQLite has not yet moved from the write-ahead log belongs to the file.
    let one = |file: &str| std::fs::metadata(data.join(file)).ok().map(|m| m.len());
    let size = |file: &str| one(file).map(|bytes| bytes + one(&format!("{file}-wal")).unwrap_or(0));
    let jobs = app.jobs.running_now();
    for (metric, help, value) in [
        ("shirube_head_seq", "Last event that readers see.", u64::try_from(app.store.head_seq()).ok()),
        ("shirube_log_bytes", "Size of the event log.", size("log.db")),
        ("shirube_head_bytes", "Size of the head snapshot.", size("head.db")),
        ("shirube_jobs_running", "Jobs under way.", u64::try_from(jobs).ok()),
        ("shirube_disk_free_bytes", "Free space beside the data folder.", health::free_disk(data)),
        ("shirube_memory_bytes", "Resident memory of the process.", health::memory()),
        ("shirube_anchor_age_seconds", "Time since the end of the log was last found anchored.", app.anchor_age().map(|age| age.as_secs())),
        ("shirube_ready", "Whether the portal is ready, as /readyz says it.", Some(u64::from(health::Readiness::of(app).is_ready()))),
    ] {
        if let Some(value) = value {
            head(&mut out, metric, "gauge", help);
            let _ = writeln!(out, "{metric} {value}");
        }
    }
    if let Ok(accounts) = app.who.accounts()
        && let Ok(tally) = accounts.post.outbox.tally()
    {
        let metric = "shirube_outbox_deliveries";
        head(&mut out, metric, "gauge", "Deliveries in the outbox: not tried yet, to be tried again, given up.");
        for (state, count) in [("waiting", tally.waiting), ("failed", tally.failed), ("dead", tally.dead)] {
            let _ = writeln!(out, "{metric}{{state=\"{state}\"}} {count}");
        }
        let metric = "shirube_outbox_age_seconds";
        head(&mut out, metric, "gauge", "Age of the oldest delivery that is not given up; 0 if there is none.");
        let age = tally.oldest.map_or(0, |made| (notify::now() - made).max(0) / 1000);
        let _ = writeln!(out, "{metric} {age}");
    }
    head(&mut out, "shirube_info", "gauge", "Version of the program and its pack.");
    let (version, meta) = (env!("CARGO_PKG_VERSION"), &app.pack.meta);
    let _ =
        writeln!(out, "shirube_info{{version=\"{version}\",pack=\"{}\",pack_version=\"{}\"}} 1", escape(&meta.id), escape(&meta.version));
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::Portal;

    #[test]
    fn answers_are_counted_by_route_and_class() {
        let portal = Portal::desk();
        let plan = ROUTES.iter().position(|r| r.name == "plan");
        let meter = &portal.app.meter;
        assert_eq!(meter.count(plan, 200, Duration::from_millis(3)), "plan");
        meter.count(plan, 200, Duration::from_millis(300));
        meter.count(plan, 404, Duration::from_secs(100));
        assert_eq!(meter.count(None, 429, Duration::ZERO), "none");
        let text = text(&portal.app);
        for line in [
            "shirube_request_duration_seconds_bucket{route=\"plan\",status=\"2xx\",le=\"0.005\"} 1",
            "shirube_request_duration_seconds_bucket{route=\"plan\",status=\"2xx\",le=\"1\"} 2",
            "shirube_request_duration_seconds_count{route=\"plan\",status=\"2xx\"} 2",
            "shirube_request_duration_seconds_bucket{route=\"plan\",status=\"4xx\",le=\"30\"} 0",
            "shirube_request_duration_seconds_bucket{route=\"plan\",status=\"4xx\",le=\"+Inf\"} 1",
            "shirube_request_duration_seconds_count{route=\"none\",status=\"4xx\"} 1",
            "shirube_jobs_running 0",
            "shirube_ready 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("shirube_anchor_age_seconds"), "nobody anchors");
        portal.app.anchored();
        assert!(super::text(&portal.app).contains("\nshirube_anchor_age_seconds 0\n"));
        assert!(text.contains("\nshirube_log_bytes ") && text.contains("\nshirube_head_seq "));
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            assert!(line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
        }
    }
}
