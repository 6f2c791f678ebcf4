//! What a collector of traces hears of a portal where people sign in.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, SystemTime},
};

const PASSWORD: &str = "three unrelated words beside";
/// A trace that a caller began.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector that takes what OTLP allows and nothing else.
struct Collector {
    address: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    /// `refusals`: so many requests are first told to come again.
    fn start(refusals: usize) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&bodies);
        thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let (head, body) = message(&mut BufReader::new(&stream));
                assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
                assert!(head.to_ascii_lowercase().contains("\r\ncontent-type: application/json\r\n"), "{head}");
                let status = if at < refusals { "503 Service Unavailable" } else { "200 OK" };
                if at >= refusals {
                    heard.lock().unwrap().push(String::from_utf8(body).unwrap());
                }
                let answer =
                    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Collector { address, bodies }
    }

    /// All spans, each looked at member by member, by their ids.
    fn spans(&self) -> BTreeMap<String, Span> {
        let bodies = self.bodies.lock().unwrap();
        let read = |body: &String| spans_of(&serde_json::from_str(body).unwrap());
        let all: Vec<Span> = bodies.iter().flat_map(read).collect();
        let count = all.len();
        let by_id: BTreeMap<String, Span> = all.into_iter().map(|span| (span.id.clone(), span)).collect();
        assert_eq!(by_id.len(), count, "no id comes twice");
        by_id
    }
}

fn message(from: &mut impl BufRead) -> (String, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && from.read_line(&mut head).unwrap() > 0 {}
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    let mut body = vec![];
    match length {
        Some(length) => drop(from.take(length as u64).read_to_end(&mut body).unwrap()),
        None => drop(from.read_to_end(&mut body)),
    }
    (head, body)
}

#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    name: String,
    kind: u64,
    begun: u64,
    ended: u64,
    failed: bool,
    attributes: BTreeMap<String, String>,
    links: usize,
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn attributes(value: &Value) -> BTreeMap<String, String> {
    let one = |attribute: &Value| {
        let mut names = keys(attribute);
        names.sort_unstable();
        assert_eq!(names, ["key", "value"]);
        let value = &attribute["value"];
        let text = match keys(value)[..] {
            ["stringValue"] => value["stringValue"].as_str().unwrap().to_string(),
            // Numbers of 64 bits are texts in JSON.
            ["intValue"] => value["intValue"].as_str().unwrap().parse::<i64>().unwrap().to_string(),
            ["boolValue"] => value["boolValue"].as_bool().unwrap().to_string(),
            ref other => panic!("{other:?}"),
        };
        (attribute["key"].as_str().unwrap().to_string(), text)
    };
    let all = value.as_array().unwrap();
    let found: BTreeMap<String, String> = all.iter().map(one).collect();
    assert_eq!(found.len(), all.len(), "each once: {value}");
    found
}

fn hexadecimal(value: &Value, digits: usize) -> String {
    let text = value.as_str().unwrap();
    let well = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) && text.bytes().any(|b| b != b'0');
    assert!(well, "{text}");
    text.to_string()
}

fn spans_of(body: &Value) -> Vec<Span> {
    assert_eq!(keys(body), ["resourceSpans"]);
    let [resource] = &body["resourceSpans"].as_array().unwrap()[..] else { panic!("{body}") };
    let told = attributes(&resource["resource"]["attributes"]);
    assert_eq!(told.keys().map(String::as_str).collect::<Vec<_>>(), ["service.instance.id", "service.name", "service.version"]);
    assert_eq!(told["service.name"], "shirube");
    let [scope] = &resource["scopeSpans"].as_array().unwrap()[..] else { panic!("{body}") };
    assert_eq!(scope["scope"]["name"], "shirube");
    scope["spans"].as_array().unwrap().iter().map(span).collect()
}

fn span(span: &Value) -> Span {
    let known = [
        "attributes",
        "endTimeUnixNano",
        "flags",
        "kind",
        "links",
        "name",
        "parentSpanId",
        "spanId",
        "startTimeUnixNano",
        "status",
        "traceId",
    ];
    assert!(keys(span).iter().all(|key| known.contains(key)), "{span}");
    let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    let links = span.get("links").map_or(0, |links| {
        let links = links.as_array().unwrap();
        links.iter().for_each(|link| drop((hexadecimal(&link["traceId"], 32), hexadecimal(&link["spanId"], 16))));
        links.len()
    });
    assert!(span.get("status").is_none_or(|status| *status == serde_json::json!({ "code": 2 })));
    Span {
        trace: hexadecimal(&span["traceId"], 32),
        id: hexadecimal(&span["spanId"], 16),
        parent: span.get("parentSpanId").map(|id| hexadecimal(id, 16)),
        name: span["name"].as_str().unwrap().to_string(),
        kind: span["kind"].as_u64().filter(|kind| (1..=5).contains(kind)).unwrap(),
        begun: time("startTimeUnixNano"),
        ended: time("endTimeUnixNano"),
        failed: span.get("status").is_some(),
        attributes: attributes(&span["attributes"]),
        links,
    }
}

/// A portal that is stopped with the test.
struct Portal {
    process: Child,
    address: String,
    cookies: BTreeMap<String, String>,
}

fn shirube(data: &Path, arguments: &[&str]) -> Command {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/fictional-city");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shirube"));
    command.arg("--data").arg(data).arg("--pack").arg(pack).args(arguments);
    // What is meant for tests would be settings that there are not.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHIRUBE_TEST_")) {
        command.env_remove(name);
    }
    command.env("SHIRUBE_ACCOUNTS", "on").env("SHIRUBE_SECOND_FACTOR", "optional").env("SHIRUBE_LOG_LEVEL", "error");
    command
}

fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Portal {
    fn start(data: &Path, collector: &str) -> Portal {
        Portal::start_with(data, collector, &[])
    }

    fn start_with(data: &Path, collector: &str, settings: &[(&str, &str)]) -> Portal {
        let mut command = shirube(data, &["serve", "--listen", "127.0.0.1:0"]);
        command.env("SHIRUBE_TRACES_ENDPOINT", collector).envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("http://") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the portal ended");
        }
        let address = line["http://".len()..].split('/').next().unwrap().to_string();
        // What it says later has somewhere to go.
        thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Portal { process, address, cookies: BTreeMap::new() }
    }

    fn ask(&mut self, line: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let host = &self.address;
        let length = body.len();
        write!(
            stream,
            "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: {cookies}\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let (head, body) = message(&mut BufReader::new(&stream));
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_string(), value.to_string());
        }
        (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8_lossy(&body).into_owned())
    }

    fn page(&mut self, address: &str) -> String {
        let (status, page) = self.ask(&format!("GET {address}"), "", "");
        assert_eq!(status, 200, "{address}");
        page
    }

    /// Sends a form that stands on a page.
    fn send(&mut self, on: &str, to: &str, pairs: &[(&str, &str)]) {
        let page = self.page(on);
        let word = page.split("name=\"_token\" value=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap());
        let pairs = pairs.iter().map(|(name, text)| format!("&{name}={}", text.replace(' ', "+"))).collect::<String>();
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        let (status, page) = self.ask(&format!("POST {to}"), form, &format!("_token={word}{pairs}"));
        assert_eq!(status, 303, "{page}");
    }

    /// Stops it as a supervisor does.
    fn stop(&mut self) {
        done(Command::new("kill").arg(self.process.id().to_string()).output().unwrap());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn import(data: &Path, register: &str, rows: &str) {
    let file = data.join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    done(shirube(data, &["import", register, file.to_str().unwrap()]).output().unwrap());
}

/// A data folder, its log perhaps in a database, with `ann`, who may read and write the city's registers, and the path
/// that gives her a password.
fn city(server: Option<String>) -> (tempfile::TempDir, String) {
    let data = tempfile::tempdir().unwrap();
    let settings = server.map_or_else(String::new, |server| format!("database = \"{server}\"\n"));
    std::fs::write(data.path().join("shirube.toml"), settings).unwrap();
    import(data.path(), "office_organisation", "name,kind\nParks office,other\n");
    import(data.path(), "office_account", "login,kind,email,_state\nann,person,ann@example.org,active\n");
    import(data.path(), "office_membership", "account,organisation,role\nann,Parks office,desk\n");
    let said = done(shirube(data.path(), &["user", "recover", "ann"]).output().unwrap());
    let link = said.split_whitespace().find_map(|word| word.find("/links/").map(|at| word[at..].to_string())).unwrap();
    (data, link)
}

#[test]
fn a_collector_hears_what_parts_took_and_nothing_of_whom_or_what() {
    let begun = nanos();
    let (data, link) = city(std::env::var("SHIRUBE_TEST_POSTGRES").ok());
    let collector = Collector::start(1);
    let mut portal = Portal::start(data.path(), &collector.address);
    portal.send(&link, &link, &[("password", PASSWORD), ("again", PASSWORD)]);
    portal.cookies.clear();
    portal.send("/sign-in", "/sign-in", &[("login", "ann"), ("password", PASSWORD)]);
    portal.cookies.insert("shirube-purpose".into(), "duty".into());
    let volunteer =
        [("card", "V-987"), ("person", "Zebedee Quux"), ("district", "north"), ("age_group", "young"), ("joined_on", "2024-05-06")];
    portal.send("/registers/volunteer/new", "/registers/volunteer/new", &volunteer);
    let list = portal.page("/registers/volunteer?q=V-987&f.person=Zebedee");
    let record =
        list.split("/registers/volunteer/").filter_map(|rest| rest.split(['"', '?', '/']).next()?.parse::<i64>().ok()).next().unwrap();
    assert!(portal.page(&format!("/registers/volunteer/{record}")).contains("Zebedee Quux"));
    assert_eq!(portal.ask("GET /search?q=Zebedee+Quux", &format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"), "").0, 200);
    assert_eq!(portal.ask("GET /registers", &format!("traceparent: 00-{TRACE}-{}-00\r\n", "1".repeat(16)), "").0, 200);
    assert_eq!(portal.ask("GET /indicators/trees-planted", "", "").0, 200);
    assert_eq!(portal.ask("GET /no/such/Zebedee", "", "").0, 404);
    assert_eq!(portal.ask("BREW /registers", "", "").0, 405);
    let secrets: Vec<String> = portal.cookies.values().cloned().collect();
    portal.stop();

    let spans = collector.spans();
    let bytes = collector.bodies.lock().unwrap().concat();
    let secrets = secrets.iter().map(String::as_str).filter(|secret| secret.len() > 8);
    let words = [
        "Zebedee",
        "Quux",
        "V-987",
        "unrelated",
        "ann\"",
        "example.org",
        "127.0.0.1",
        &data.path().display().to_string(),
        link.rsplit('/').next().unwrap(),
    ];
    for word in words.into_iter().chain(secrets) {
        assert!(!bytes.contains(word), "{word}");
    }
    let now = nanos();
    for span in spans.values() {
        assert!(begun < span.begun && span.begun <= span.ended && span.ended < now, "{span:?}");
        if let Some(parent) = span.parent.as_ref().filter(|id| *id != CALLER) {
            let parent = spans.get(parent).unwrap_or_else(|| panic!("{span:?} has no parent"));
            // Two clocks of the same machine, read one after the other.
            assert!(parent.trace == span.trace && parent.begun <= span.begun + 1_000_000, "{parent:?} {span:?}");
        }
        let known = [
            "db.collection.name",
            "db.system.name",
            "http.request.method",
            "http.response.status_code",
            "http.route",
            "shirube.chain",
            "shirube.entries",
            "shirube.indicator",
            "shirube.request",
            "shirube.reused",
        ];
        assert!(span.attributes.keys().all(|key| known.contains(&key.as_str())), "{span:?}");
        assert!(!span.failed && span.links == 0, "{span:?}");
    }
    let named = |name: &str| spans.values().filter(|span| span.name == name).collect::<Vec<_>>();
    let within = |request: &Span, name: &str| spans.values().any(|span| span.name == name && span.parent.as_ref() == Some(&request.id));
    let [search] = named("GET /search")[..] else { panic!("{:?}", spans.values().map(|s| &s.name).collect::<Vec<_>>()) };
    assert_eq!((search.trace.as_str(), search.parent.as_deref(), search.kind), (TRACE, Some(CALLER), 2));
    assert_eq!((search.attributes["http.route"].as_str(), search.attributes["http.response.status_code"].as_str()), ("/search", "200"));
    assert!(within(search, "snapshot"));
    let [view] = named("GET /registers/{register}/{id}")[..] else { panic!() };
    assert!(view.trace != TRACE && view.parent.is_none() && within(view, "snapshot"));
    let [create] = named("POST /registers/{register}/new")[..] else { panic!() };
    let written = |request: &Span, chain: &str| {
        let fits =
            |span: &&Span| span.parent.as_ref() == Some(&request.id) && span.attributes.get("shirube.chain").is_some_and(|c| c == chain);
        let write = spans.values().find(fits).unwrap_or_else(|| panic!("{request:?} wrote nothing to the {chain}"));
        assert!(write.name == "write" && write.kind == 1 && write.attributes["shirube.entries"] != "0", "{write:?}");
        write
    };
    let (write, reading) = (written(create, "log"), written(view, "trail"));
    let [shown] = named("GET /indicators/{id}")[..] else { panic!() };
    let computed = spans.values().filter(|span| span.name == "indicator" && span.trace == shown.trace);
    assert!(computed.into_iter().any(|span| span.attributes["shirube.indicator"] == "trees-planted"));
    assert!(spans.values().any(|span| span.name == "GET" && span.attributes["http.response.status_code"] == "404"));
    assert!(named("_OTHER").len() == 1);
    // A caller that does not keep its trace gets none of ours either.
    assert!(named("GET /registers").is_empty());
    if std::env::var("SHIRUBE_TEST_POSTGRES").is_ok() {
        let asked = spans.values().filter(|span| span.name == "postgresql").collect::<Vec<_>>();
        assert!(asked.iter().all(|span| span.kind == 3 && span.parent.is_some()));
        let tables = asked.iter().map(|span| span.attributes["db.collection.name"].as_str()).collect::<std::collections::BTreeSet<_>>();
        assert!(["event", "keyring", "reading"].iter().all(|table| tables.contains(table)), "{tables:?}");
        assert!(within(write, "postgresql") && within(reading, "postgresql"));
    }
}

/// A mail server on this machine that hangs up on the first who comes, and takes every letter after.
fn mail_server() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap());
    let (came, letters) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().skip(1) {
            let stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes());
            let mut letter = String::new();
            let _ = say("220 here");
            while let Some(line) = lines.next() {
                let _ = match line.split(' ').next() {
                    Some("DATA") => {
                        let _ = say("354 go on");
                        letter = lines.by_ref().take_while(|line| line != ".").collect();
                        say("250 taken")
                    }
                    Some("QUIT") => say("221 bye"),
                    _ => say("250 well"),
                };
            }
            let _ = came.send(letter);
        }
    });
    (address, letters)
}

#[test]
fn each_try_to_deliver_is_a_span_that_says_whether_it_failed_and_nothing_of_whom() {
    // In a folder: whoever shares a database shares what waits to be told.
    let (data, _) = city(None);
    let (collector, (server, letters)) = (Collector::start(0), mail_server());
    let mail = [
        ("SHIRUBE_PUBLIC_URL", "http://127.0.0.1:8420"),
        ("SHIRUBE_MAIL_SERVER", &*server),
        ("SHIRUBE_MAIL_FROM", "Plan <plan@example.jp>"),
    ];
    let mut portal = Portal::start_with(data.path(), &collector.address, &mail);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    assert_eq!(portal.ask("POST /sign-in/forgot", form, "login=ann").0, 200);
    // The second try is some five seconds after the first.
    let letter = letters.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(letter.contains("To: ann@example.org"), "{letter}");
    portal.stop();
    let spans = collector.spans();
    let mut tries: Vec<&Span> = spans.values().filter(|span| span.name == "delivery").collect();
    tries.sort_by_key(|span| span.begun);
    let told = tries.iter().map(|span| (span.attributes["shirube.attempt"].as_str(), span.failed)).collect::<Vec<_>>();
    assert_eq!(told, [("1", true), ("2", false)]);
    for span in tries {
        assert_eq!((span.kind, span.attributes.len(), span.parent.as_ref()), (4, 1, None), "{span:?}");
    }
    let bytes = collector.bodies.lock().unwrap().concat();
    for word in ["ann\"", "example.org", "127.0.0.1", "/links/"] {
        assert!(!bytes.contains(word), "{word}");
    }
}

#[test]
fn a_collector_that_is_away_keeps_nobody_waiting() {
    let data = tempfile::tempdir().unwrap();
    // Taken, and answered by nobody.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut portal = Portal::start(data.path(), &format!("http://{}", listener.local_addr().unwrap()));
    let begun = SystemTime::now();
    for _ in 0..200 {
        assert_eq!(portal.ask("GET /healthz", "", "").0, 200);
    }
    portal.stop();
    assert!(begun.elapsed().unwrap() < Duration::from_secs(40));
}

fn nanos() -> u64 {
    u64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}
