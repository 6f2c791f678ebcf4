//! A network between a process and its database that can be cut in the ways networks are. The crates that keep something
//! in a database borrow it for their own tests.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// What happens to what is sent from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// It arrives, late.
    Slow(Duration),
    /// Connections end; new ones are refused.
    Cut,
    /// Nothing arrives, and nobody is told: connections stand, what is sent is acknowledged and lost.
    Hole,
    /// Nothing arrives at the server.
    HoleThere,
    /// Nothing arrives from the server.
    HoleBack,
}

/// When the weather turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// With the next commit, before it is handed on.
    BeforeCommit,
    /// With the next commit, after it is handed on.
    AfterCommit,
    /// With the next piece of a statement.
    InStatement,
}

#[derive(Debug)]
struct Sky {
    weather: Weather,
    next: Option<(Turn, Weather)>,
    open: Vec<[TcpStream; 2]>,
}

/// A listener that hands everything on to a server.
#[derive(Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    sky: Arc<Mutex<Sky>>,
    turned: Arc<AtomicU64>,
}

impl Proxy {
    /// Stands before the server of an address.
    pub fn before(address: &str) -> Proxy {
        let server = host(address).to_string();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sky = Arc::new(Mutex::new(Sky { weather: Weather::Fair, next: None, open: vec![] }));
        let proxy = Proxy { address, sky: sky.clone(), turned: Arc::default() };
        let turned = proxy.turned.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut held = sky.lock().unwrap();
                if held.weather == Weather::Cut {
                    continue;
                }
                let Ok(there) = TcpStream::connect(&server) else { continue };
                for socket in [&client, &there] {
                    socket.set_nodelay(true).unwrap();
                }
                held.open.push([client.try_clone().unwrap(), there.try_clone().unwrap()]);
                drop(held);
                let pairs = [(client.try_clone().unwrap(), there.try_clone().unwrap(), true), (there, client, false)];
                for (from, to, towards) in pairs {
                    let (sky, turned) = (sky.clone(), turned.clone());
                    std::thread::spawn(move || carry(from, to, towards, &sky, &turned));
                }
            }
        });
        proxy
    }

    /// The address by way of the proxy, where an answer is waited for one second. The host's name stays, for its
    /// certificate.
    pub fn way(&self, address: &str) -> String {
        let (name, _) = host(address).rsplit_once(':').unwrap();
        let way = address.replacen(host(address), &format!("{name}:{}", self.address.port()), 1);
        let more = if address.contains('?') { '&' } else { '?' };
        format!("{way}{more}tcp_user_timeout=1")
    }

    /// Turns the weather, now or at the next occasion.
    pub fn turn(&self, turn: Turn, weather: Weather) {
        let mut sky = self.sky.lock().unwrap();
        if turn == Turn::Now { sky.set(weather) } else { sky.next = Some((turn, weather)) }
    }

    /// How often the weather turned at an occasion.
    pub fn turned(&self) -> u64 {
        self.turned.load(Ordering::SeqCst)
    }
}

/// Host and port of an address.
fn host(address: &str) -> &str {
    let (_, rest) = address.rsplit_once('@').unwrap();
    rest.split('/').next().unwrap()
}

impl Sky {
    fn set(&mut self, weather: Weather) {
        (self.weather, self.next) = (weather, None);
        if weather == Weather::Cut {
            for socket in self.open.drain(..).flatten() {
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
    }
}

impl Weather {
    /// Whether what is sent in a direction is lost.
    fn swallows(self, towards: bool) -> bool {
        match self {
            Weather::Hole => true,
            Weather::HoleThere => towards,
            Weather::HoleBack => !towards,
            Weather::Fair | Weather::Slow(_) | Weather::Cut => false,
        }
    }
}

/// Hands on one direction of a connection. One that has lost something stays silent for ever, as nothing after a gap
/// would be what was sent, and the other end does not learn of its end.
fn carry(mut from: TcpStream, mut to: TcpStream, towards: bool, sky: &Mutex<Sky>, turned: &AtomicU64) {
    let (mut buffer, mut lost) = ([0; 16 << 10], false);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let commit = towards && buffer[..count].windows(7).any(|w| w == b"COMMIT\0");
        let mut held = sky.lock().unwrap();
        let (mut after, mut sure) = (None, false);
        let occasion = held.next.filter(|(turn, _)| towards && commit == (*turn != Turn::InStatement));
        if let Some((turn, weather)) = occasion {
            // The answer to this piece is to be met by it already, if connections go on standing.
            sure = turn == Turn::AfterCommit;
            if sure && weather == Weather::Cut {
                after = Some(weather)
            } else {
                held.set(weather)
            }
            held.next = None;
            turned.fetch_add(1, Ordering::SeqCst);
        }
        let weather = if sure { Weather::Fair } else { held.weather };
        drop(held);
        if let Weather::Slow(late) = weather {
            std::thread::sleep(late);
        }
        lost |= weather.swallows(towards);
        if !lost && to.write_all(&buffer[..count]).is_err() {
            break;
        }
        if let Some(weather) = after {
            sky.lock().unwrap().set(weather);
        }
    }
    if lost || sky.lock().unwrap().weather.swallows(towards) {
        return;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
