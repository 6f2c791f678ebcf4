//! The moment of figures while many write: computing them anew after every event would leave no time for anything else.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Figures are shown so many times as long as it took to compute them …
const SHARE: u32 = 4;
/// … and no longer than this, while events come.
const AT_MOST: Duration = Duration::from_secs(1);

/// The event up to which figures are computed by now: the last one, or one that was the last a moment ago. Who has made
/// a change since sees its effect at once.
#[derive(Debug)]
pub struct Recent(Mutex<Now>);

#[derive(Debug)]
struct Now {
    seq: i64,
    since: Instant,
    /// What computing had taken by then, ever.
    spent: Duration,
    /// The last changes, by login, that are younger.
    wrote: BTreeMap<String, i64>,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent(Mutex::new(Now { seq: 0, since: Instant::now(), spent: Duration::ZERO, wrote: BTreeMap::new() }))
    }
}

impl Recent {
    /// The event for a reader. `head` is the last one, `spent` what computing has taken so far, ever.
    pub fn seq(&self, head: i64, spent: Duration, reader: &str) -> i64 {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = (spent.saturating_sub(now.spent) * SHARE).min(AT_MOST);
        let is_own = now.wrote.get(reader).is_some_and(|seq| *seq > now.seq);
        // A log that was restored may end earlier.
        if head < now.seq || (head > now.seq && (is_own || now.since.elapsed() >= lasts)) {
            (now.seq, now.since, now.spent) = (head, Instant::now(), spent);
            now.wrote.retain(|_, seq| *seq > head);
        }
        now.seq
    }

    /// Notes a change.
    pub fn wrote(&self, who: &str, seq: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrote.insert(who.to_string(), seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Duration = Duration::ZERO;

    #[test]
    fn figures_that_cost_nothing_are_those_of_the_last_event() {
        let recent = Recent::default();
        assert_eq!([3, 4, 9].map(|head| recent.seq(head, NOTHING, "ann")), [3, 4, 9]);
    }

    #[test]
    fn figures_that_cost_much_stay_for_a_while_but_not_for_who_changed_something() {
        let (recent, hour) = (Recent::default(), Duration::from_secs(3600));
        assert_eq!(recent.seq(3, NOTHING, "ann"), 3);
        recent.wrote("ann", 4);
        assert_eq!((recent.seq(4, hour, "bob"), recent.seq(5, hour, "bob")), (3, 3));
        assert_eq!((recent.seq(5, hour, "ann"), recent.seq(5, hour, "bob")), (5, 5), "what was computed for one is shown to all");
        assert_eq!(recent.seq(6, hour * 2, "ann"), 5, "her change is in it");
        assert_eq!(recent.seq(2, hour * 2, "bob"), 2, "restored");
    }

    #[test]
    fn figures_stay_no_longer_than_a_second() {
        let recent = Recent::default();
        recent.seq(3, NOTHING, "ann");
        let hour = Duration::from_secs(3600);
        assert_eq!(recent.seq(4, hour, "bob"), 3);
        std::thread::sleep(AT_MOST);
        assert_eq!(recent.seq(4, hour, "bob"), 4);
    }
}
