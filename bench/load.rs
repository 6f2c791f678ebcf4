//! Load on an HTTP server, with nothing but the standard library: `rustc -O load.rs`.
//!
//! ```text
//! load ADDRESS RATE SECONDS CONNECTIONS FILE
//! ```
//! FILE has a request per line: method, path, headers (`Name: value` joined by `|`), body, separated by tabs; `{n}` in
//! a body becomes a number that no other request has, nor one of another run. RATE is requests per second over all connections, sent when they
//! are due whether or not earlier ones are answered late, so that a slow answer counts for all who wait behind it; 0
//! sends the next as soon as the last is answered. Writes one line of JSON: counts by status, percentiles in ms.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

struct Request {
    head: String,
    body: String,
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let (address, rate, seconds, connections) =
        (args[1].clone(), args[2].parse::<f64>().unwrap(), args[3].parse::<f64>().unwrap(), args[4].parse::<u64>().unwrap());
    let requests = fs::read_to_string(&args[5]).unwrap();
    let requests: Arc<Vec<Request>> = Arc::new(requests.lines().map(|line| read(line, &address)).collect());
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let numbers = Arc::new(AtomicU64::new(u64::try_from(begun).unwrap_or_default()));
    let start = Instant::now() + Duration::from_millis(200);
    let end = start + Duration::from_secs_f64(seconds);
    let threads: Vec<_> = (0..connections)
        .map(|own| {
            let (address, requests, numbers) = (address.clone(), requests.clone(), numbers.clone());
            thread::spawn(move || connection(&address, &requests, &numbers, (own, connections), rate, (start, end)))
        })
        .collect();
    let (mut times, mut statuses) = (vec![], BTreeMap::new());
    for thread in threads {
        let (own_times, own_statuses) = thread.join().unwrap();
        times.extend(own_times);
        for (status, count) in own_statuses {
            *statuses.entry(status).or_insert(0) += count;
        }
    }
    let taken = start.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied().unwrap_or(f64::NAN);
    let statuses: Vec<String> = statuses.iter().map(|(status, count)| format!("\"{status}\": {count}")).collect();
    println!(
        "{{\"n\": {}, \"rate\": {:.1}, \"p50\": {:.3}, \"p95\": {:.3}, \"p99\": {:.3}, \"max\": {:.3}, \"statuses\": {{{}}}}}",
        times.len(),
        times.len() as f64 / taken,
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
        statuses.join(", ")
    );
}

fn read(line: &str, address: &str) -> Request {
    let mut parts = line.split('\t');
    let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
    for header in parts.next().unwrap_or_default().split('|').filter(|h| !h.is_empty()) {
        head += &format!("{header}\r\n");
    }
    Request { head, body: parts.next().unwrap_or_default().to_string() }
}

type Found = (Vec<f64>, BTreeMap<String, u64>);

fn connection(
    address: &str,
    requests: &[Request],
    numbers: &AtomicU64,
    (own, all): (u64, u64),
    rate: f64,
    (start, end): (Instant, Instant),
) -> Found {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    stream.get_ref().set_nodelay(true).unwrap();
    let (mut times, mut statuses) = (vec![], BTreeMap::new());
    for turn in 0.. {
        let due = if rate > 0.0 {
            start + Duration::from_secs_f64((turn * all + own) as f64 / rate)
        } else {
            Instant::now().max(start)
        };
        if due >= end {
            break;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let request = &requests[number as usize % requests.len()];
        let body = request.body.replace("{n}", &number.to_string());
        let text = format!("{}Content-Length: {}\r\n\r\n{body}", request.head, body.len());
        let answered = stream.get_mut().write_all(text.as_bytes()).ok().and_then(|()| answer(&mut stream));
        times.push(due.elapsed().as_secs_f64() * 1000.0);
        let Some((status, closes)) = answered else {
            *statuses.entry("broken".to_string()).or_insert(0) += 1;
            stream = BufReader::new(TcpStream::connect(address).unwrap());
            continue;
        };
        *statuses.entry(status).or_insert(0) += 1;
        if closes {
            stream = BufReader::new(TcpStream::connect(address).unwrap());
            stream.get_ref().set_nodelay(true).unwrap();
        }
    }
    (times, statuses)
}

/// The status of the answer, and whether the server hangs up.
fn answer(stream: &mut BufReader<TcpStream>) -> Option<(String, bool)> {
    let (mut line, mut length, mut chunked, mut closes) = (String::new(), 0, false, false);
    stream.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.to_string();
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let lower = line.trim_end().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
        closes |= lower.starts_with("connection:") && lower.contains("close");
    }
    let mut body = vec![];
    if !chunked {
        body.resize(length, 0);
        stream.read_exact(&mut body).ok()?;
        return Some((status, closes));
    }
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        body.resize(size + 2, 0);
        stream.read_exact(&mut body).ok()?;
        if size == 0 {
            return Some((status, closes));
        }
    }
}
