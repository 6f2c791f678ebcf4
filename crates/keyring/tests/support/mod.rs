//! A keyring for the tests: in a folder, or in a schema of its own where `SHIRUBE_TEST_POSTGRES` names a database.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, missing_docs)]

use shirube_keyring::{Account, Attempt, Client, Clock, ExposeSecret, Happening, Keyring, Limits, SignIn, SignedIn, What};
use shirube_net::Server;
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub const ANN: Account = Account(17);
pub const BOB: Account = Account(18);
pub const PASSWORD: &str = "seven lanterns beside a slow canal";
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
/// 2026-07-01.
pub const BEGIN: i64 = 1_782_864_000_000;

/// Where a keyring is, so that it can be opened again as another process does.
pub struct Place {
    folder: tempfile::TempDir,
    database: Option<Server>,
    pub clock: Clock,
    pub told: Arc<Mutex<Vec<Happening>>>,
}

impl Place {
    pub fn new() -> Place {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let database = std::env::var("SHIRUBE_TEST_POSTGRES").ok().map(|server| {
            let schema = format!("ring_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            server.parse::<Server>().unwrap().connect().unwrap().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
            format!("{server}?options=-c%20search_path%3D{schema}").parse().unwrap()
        });
        Place { folder: tempfile::tempdir().unwrap(), database, clock: Clock::at(BEGIN), told: Arc::default() }
    }

    pub fn open(&self) -> Keyring {
        self.open_with(Limits::default())
    }

    pub fn open_with(&self, limits: Limits) -> Keyring {
        let told = self.told.clone();
        let listener = Box::new(move |happening| told.lock().unwrap().push(happening));
        match &self.database {
            Some(server) => Keyring::in_postgres(server, limits, self.clock.clone(), listener).unwrap(),
            None => Keyring::in_folder(self.folder.path(), limits, self.clock.clone(), listener).unwrap(),
        }
    }

    /// All that is on disk, as text.
    pub fn kept(&self) -> String {
        match &self.database {
            Some(server) => {
                let rows = server.connect().unwrap().query("SELECT concat_ws('|', kind, id, account, body) FROM keyring", &[]).unwrap();
                rows.iter().map(|row| row.get::<_, String>(0) + "\n").collect()
            }
            None => {
                let files = std::fs::read_dir(self.folder.path()).unwrap();
                files.map(|file| String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
            }
        }
    }

    /// What happened since it was last asked.
    pub fn happened(&self) -> Vec<What> {
        self.told.lock().unwrap().drain(..).map(|happening| happening.what).collect()
    }
}

pub fn keyring() -> (Place, Keyring) {
    let place = Place::new();
    let keyring = place.open();
    (place, keyring)
}

pub fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn client(text: &str) -> Client<'static> {
    Client { address: address(text), device: None }
}

pub fn attempt(login: &str, account: Option<Account>) -> Attempt<'_> {
    Attempt { login, account, client: client("192.0.2.1"), label: "Firefox", session: None }
}

pub fn done(sign_in: SignIn) -> SignedIn {
    match sign_in {
        SignIn::Done(signed_in) => *signed_in,
        other => panic!("{other:?}"),
    }
}

/// Signs Ann in by password.
pub fn ann(keyring: &Keyring) -> SignedIn {
    if !keyring.has_password(ANN).unwrap() {
        keyring.set_password(ANN, "ann", PASSWORD).unwrap();
    }
    done(keyring.sign_in(&attempt("ann", Some(ANN)), PASSWORD).unwrap())
}

/// A session of an account, begun without a password.
pub fn session(keyring: &Keyring, account: Account) -> String {
    keyring.sign_in_by_link(account, &client("192.0.2.1"), "a test", None).unwrap().token.expose_secret().to_string()
}
