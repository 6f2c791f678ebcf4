//! Webhooks against a server of the tests.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shirube_outbox::webhook::{Answer, HookUrl, Message, Webhooks, secret_text};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

const BODY: &str = r#"{"type":"record.create"}"#;

/// Answers each request in the same way; says where, and what it was sent.
fn server(answer: impl Fn(u16) -> String + Send + 'static) -> (u16, Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
            let length = head.iter().find_map(|l| l.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            if sender.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
            let _ = stream.write_all(answer(port).as_bytes());
        }
    });
    (port, heard)
}

fn status(line: &'static str) -> impl Fn(u16) -> String + Send + 'static {
    move |port| format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:{port}/elsewhere\r\nconnection: close\r\n\r\n")
}

fn post(webhooks: &Webhooks, url: &str) -> Answer {
    webhooks.post(&url.parse::<HookUrl>().unwrap(), &secret_text(&[7; 32]), &Message { id: "event-1-2", at: 1_782_864_000, body: BODY })
}

#[test]
fn a_message_is_signed_so_that_its_receiver_can_prove_it() {
    let (port, heard) = server(status("204 No Content"));
    assert_eq!(post(&Webhooks::new(|_| true), &format!("http://127.0.0.1:{port}/in?key=hush")), Answer::Taken);
    let (head, body) = heard.recv().unwrap();
    let header = |name: &str| head.iter().find_map(|l| l.strip_prefix(&format!("{name}: "))).unwrap();
    assert_eq!((head[0].as_str(), body.as_str(), header("content-type")), ("POST /in?key=hush HTTP/1.1", BODY, "application/json"));
    assert_eq!((header("webhook-id"), header("webhook-timestamp")), ("event-1-2", "1782864000"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    mac.update(format!("event-1-2.1782864000.{body}").as_bytes());
    let signature = data_encoding::BASE64.encode(&mac.finalize().into_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
}

#[test]
fn only_2xx_is_taken_and_410_ends_it_and_nothing_is_followed() {
    for (line, wanted) in [
        ("200 OK", Answer::Taken),
        ("410 Gone", Answer::Gone),
        ("500 Internal Server Error", Answer::Refused("the server answered 500".into())),
        ("404 Not Found", Answer::Refused("the server answered 404".into())),
        ("302 Found", Answer::Refused("the server answered 302 (elsewhere); redirects are not followed".into())),
    ] {
        let (port, heard) = server(status(line));
        assert_eq!(post(&Webhooks::new(|_| true), &format!("http://127.0.0.1:{port}/")), wanted, "{line}");
        assert_eq!(heard.try_iter().count(), 1, "{line}");
    }
}

#[test]
fn networks_of_ones_own_are_closed_unless_allowed_by_the_address_that_is_connected_to() {
    let (port, heard) = server(status("200 OK"));
    for host in ["127.0.0.1", "localhost"] {
        for scheme in ["http", "https"] {
            let answer = post(&Webhooks::new(|_| false), &format!("{scheme}://{host}:{port}/"));
            assert!(matches!(&answer, Answer::Refused(why) if why.contains("webhooks.networks")), "{scheme}://{host}: {answer:?}");
        }
    }
    let answer = post(&Webhooks::new(|_| false), "https://169.254.169.254/latest/meta-data");
    assert!(matches!(&answer, Answer::Refused(why) if why.contains("not public")), "{answer:?}");
    assert!(heard.try_recv().is_err(), "nobody was connected to");
    assert_eq!(post(&Webhooks::new(|a| a.is_loopback()), &format!("http://127.0.0.1:{port}/")), Answer::Taken);
}

#[test]
fn a_server_that_says_too_much_or_nothing_is_left() {
    let (port, _heard) = server(|_| format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1 << 20)));
    let answer = post(&Webhooks::new(|_| true), &format!("http://127.0.0.1:{port}/hush"));
    assert!(matches!(&answer, Answer::Refused(why) if !why.contains("hush")), "{answer:?}");
    // A body without end is not read.
    let (port, _heard) = server(|_| format!("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n{}", "a".repeat(1000)));
    let begun = Instant::now();
    assert_eq!(post(&Webhooks::new(|_| true), &format!("http://127.0.0.1:{port}/")), Answer::Taken);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(matches!(post(&Webhooks::new(|_| true), &format!("http://127.0.0.1:{nobody}/")), Answer::Refused(_)));
}
