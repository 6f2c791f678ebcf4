//! How many requests a client may send: a bucket of tokens per client that fills again with time.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Clients remembered at most. Whose bucket is full again is forgotten first.
const MOST_CLIENTS: usize = 100_000;

/// The buckets of all clients.
#[derive(Debug)]
pub struct Buckets {
    per_second: f64,
    burst: f64,
    clients: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    /// Buckets that hold `burst` tokens and gain `per_second`; none are kept when that is 0.
    pub fn new(per_second: u32, burst: u32) -> Buckets {
        Buckets { per_second: per_second.into(), burst: burst.max(1).into(), clients: Mutex::default() }
    }

    /// Takes a token, or says how long to wait for one.
    pub fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.per_second <= 0.0 {
            return Ok(());
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MOST_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, b| self.filled(b, now) < self.burst);
            // So many at once are no people: the table starts anew rather than growing or refusing everyone.
            if clients.len() >= MOST_CLIENTS {
                clients.clear();
            }
        }
        let bucket = clients.entry(client).or_insert(Bucket { tokens: self.burst, at: now });
        let tokens = self.filled(bucket, now);
        let left = tokens - 1.0;
        *bucket = Bucket { tokens: if left < 0.0 { tokens } else { left }, at: now };
        if left < 0.0 { Err(Duration::from_secs_f64(-left / self.per_second)) } else { Ok(()) }
    }

    fn filled(&self, bucket: &Bucket, now: Instant) -> f64 {
        (bucket.tokens + now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_client_that_asks_too_often_waits_and_others_do_not() {
        let buckets = Buckets::new(2, 3);
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.take(one, start), Ok(()));
        }
        assert_eq!(buckets.take(one, start), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take(other, start), Ok(()));
        assert_eq!(buckets.take(one, start + Duration::from_millis(500)), Ok(()), "refusals cost nothing");
        assert_eq!(Buckets::new(0, 0).take(one, start), Ok(()), "0 is no limit");
    }

    #[test]
    fn the_table_of_clients_does_not_grow_without_end() {
        let buckets = Buckets::new(1, 1);
        let now = Instant::now();
        for n in 0..MOST_CLIENTS as u32 + 10 {
            let _ = buckets.take(std::net::Ipv4Addr::from(n).into(), now);
        }
        assert!(buckets.clients.lock().unwrap().len() <= MOST_CLIENTS);
    }
}
