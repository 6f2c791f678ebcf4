//! From the queue to the collector.

use crate::otlp::{Finished, request};
use shirube_net::{Url, agent};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Spans that may wait; more are dropped.
const WAITING: usize = 4096;
/// Spans that are sent together.
const TOGETHER: usize = 512;
/// How long a span waits for others.
const TOGETHERNESS: Duration = Duration::from_secs(2);
/// Time for the collector to take them; the program waits so long when it stops.
const PATIENCE: Duration = Duration::from_secs(5);
/// Waits before what was not taken is sent again.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The wait when the program stops, which tries once more alone.
const LAST: Duration = Duration::from_millis(200);

enum Message {
    Span(Box<Finished>),
    Stop,
}

/// Where spans go that are over.
pub(crate) struct Queue {
    to: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    /// Puts one in, or drops it: whoever works does not wait.
    pub fn put(&self, span: Finished) {
        if self.to.try_send(Message::Span(Box::new(span))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The thread that sends. When this is dropped, what waits is sent once more.
#[derive(Debug)]
pub struct Exporter {
    to: SyncSender<Message>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message")
    }
}

impl Exporter {
    pub(crate) fn start(collector: &Url) -> io::Result<(Exporter, Queue)> {
        let (to, from) = sync_channel(WAITING);
        let (dropped, ending) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let run = format!("{:016x}", getrandom::u64().map_err(io::Error::other)?);
        let mut line = Line {
            url: format!("{}/v1/traces", collector.expose().trim_end_matches('/')),
            agent: agent(PATIENCE),
            run,
            dropped: Arc::clone(&dropped),
            ending: Arc::clone(&ending),
            failing: false,
        };
        let thread = thread::Builder::new().name("traces".to_string()).spawn(move || line.work(&from))?;
        Ok((Exporter { to: to.clone(), ending, thread: Some(thread) }, Queue { to, dropped }))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        // It takes messages until then, so there is room by and by.
        let _ = self.to.send(Message::Stop);
        let _ = thread.join();
    }
}

/// What sends.
struct Line {
    url: String,
    agent: ureq::Agent,
    /// Names this run of the program.
    run: String,
    dropped: Arc<AtomicU64>,
    ending: Arc<AtomicBool>,
    /// The last batch was not taken.
    failing: bool,
}

impl Line {
    fn work(&mut self, from: &Receiver<Message>) {
        let mut on = true;
        while on {
            let Ok(Message::Span(first)) = from.recv() else { return };
            let (until, mut spans) = (Instant::now() + TOGETHERNESS, vec![*first]);
            while spans.len() < TOGETHER {
                match from.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Ok(Message::Span(span)) => spans.push(*span),
                    Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                        on = false;
                        break;
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                }
            }
            self.send(&spans);
        }
    }

    fn send(&mut self, spans: &[Finished]) {
        let body = request(&self.run, spans);
        let mut answer = self.post(&body);
        for wait in AGAIN {
            if !matches!(answer, Err(Refused { again: true, .. })) {
                break;
            }
            let ending = self.ending.load(Ordering::Relaxed);
            thread::park_timeout(if ending { LAST } else { wait });
            answer = self.post(&body);
            if ending {
                break;
            }
        }
        if let Err(Refused { cause, .. }) = &answer {
            self.dropped.fetch_add(spans.len() as u64, Ordering::Relaxed);
            // Once, until it is well again.
            if !self.failing {
                tracing::warn!(cause, "the collector did not take traces");
            }
        }
        self.failing = answer.is_err();
        if !self.failing {
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                tracing::warn!(dropped, "spans were dropped that the collector could not take in time");
            }
        }
    }

    fn post(&self, body: &[u8]) -> Result<(), Refused> {
        let sent = self.agent.post(&self.url).content_type("application/json").send(body);
        let status = sent.map_err(|error| Refused { cause: error.to_string(), again: true })?.status();
        // What OTLP says is worth another attempt; anything else would be refused again.
        let again = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        if status.is_success() { Ok(()) } else { Err(Refused { cause: status.to_string(), again }) }
    }
}

/// Why a batch was not taken.
struct Refused {
    cause: String,
    again: bool,
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What was put into a queue that nobody sends from.
    pub(crate) struct Heard(Receiver<Message>, Arc<AtomicU64>);

    impl Heard {
        pub(crate) fn with_room(waiting: usize) -> (Queue, Heard) {
            let (to, from) = sync_channel(waiting);
            let dropped = Arc::<AtomicU64>::default();
            (Queue { to, dropped: Arc::clone(&dropped) }, Heard(from, dropped))
        }

        /// In the order in which they ended, and how many had no room.
        pub(crate) fn spans(&self) -> (Vec<Finished>, u64) {
            let span = |message| if let Message::Span(span) = message { Some(*span) } else { None };
            (self.0.try_iter().filter_map(span).collect(), self.1.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_collector_below_a_path_that_refuses_is_asked_once_and_one_that_is_busy_again() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url: Url = format!("http://{}/otlp/", listener.local_addr().unwrap()).parse().unwrap();
        let (exporter, queue) = Exporter::start(&url).unwrap();
        let answers = ["400 Bad Request", "503 Service Unavailable", "200 OK"];
        let hearing = thread::spawn(move || {
            answers.map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = io::BufRead::lines(io::BufReader::new(stream.try_clone().unwrap()));
                let first = lines.next().unwrap().unwrap();
                let length = lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
                });
                io::Write::write_all(&mut stream, format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
                (first, length)
            })
        });
        let one = |name: &'static str| queue.put(crate::otlp::tests::finished(name));
        one("refused");
        thread::sleep(TOGETHERNESS + Duration::from_millis(500));
        one("kept");
        drop(exporter);
        let heard = hearing.join().unwrap();
        assert!(heard.iter().all(|(line, _)| line == "POST /otlp/v1/traces HTTP/1.1"), "{heard:?}");
        assert!(heard[1] == heard[2] && heard[0] != heard[1], "the same again: {heard:?}");
    }
}
