//! The rights of the role in PostgreSQL that `docs/securing.md` tells: they are enough, and no more than told.

use crate::support::*;
use shirube_keyring::{Account, Attempt, Client, Clock, ExposeSecret, Keyring, Limits, Purpose, SignIn};
use shirube_net::{Server, postgres};
use shirube_outbox::{Draft, Outbox, Outcome, Which};
use shirube_plan::{Pack, Retention};
use shirube_record::Scope;
use shirube_snapshot::AsOf;
use shirube_store::{Actor, Command, LogError, LogPlace, Store, StoreError, Target};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const GUIDE: &str = include_str!("../../../../docs/securing.md");

/// A database with one role that owns the tables and one that runs, as the guide has it.
struct Rights {
    admin: postgres::Client,
    name: String,
    owns: Server,
    runs: Server,
}

impl Rights {
    fn new(server: &str, name: &str) -> Rights {
        let mut admin = connect(server);
        let name = format!("rights_{name}_{}", std::process::id());
        for role in ["owns", "runs"] {
            admin.batch_execute(&format!("CREATE ROLE {name}_{role} LOGIN")).unwrap();
        }
        admin.batch_execute(&format!("CREATE DATABASE {name} OWNER {name}_owns ENCODING 'UTF8' TEMPLATE template0")).unwrap();
        let (start, _) = server.rsplit_once('/').unwrap();
        let (scheme, host) = (start.split_once("://").unwrap().0, start.rsplit_once('@').unwrap().1);
        let by = |role: &str| format!("{scheme}://{name}_{role}@{host}/{name}").parse().unwrap();
        Rights { admin, owns: by("owns"), runs: by("runs"), name }
    }

    /// Runs what the guide says, word for word but for the name of the role.
    fn grant(&self) {
        let mut owner = self.owns.connect().unwrap();
        let grants: Vec<&str> = GUIDE.lines().map(str::trim).filter(|line| line.starts_with("GRANT")).collect();
        assert_eq!(grants.len(), 7, "{grants:?}");
        for grant in grants {
            owner.batch_execute(&grant.replace("shirube_runs", &format!("{}_runs", self.name))).unwrap();
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        let name = &self.name;
        let _ = self.admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        let _ = self.admin.batch_execute(&format!("DROP ROLE IF EXISTS {name}_owns; DROP ROLE IF EXISTS {name}_runs"));
    }
}

fn store(server: &Server, folder: &Path) -> Store {
    let mut pack = Pack::clone(&pack());
    pack.registers.get_mut("project").unwrap().retention = Retention { readings: Some(0), personal: None };
    Store::open_at(folder, LogPlace::Postgres(Box::new(server.clone())), Arc::new(pack)).unwrap()
}

fn keyring(server: &Server) -> Keyring {
    Keyring::in_postgres(server, Limits::default(), Clock::system(), Box::new(|_| {})).unwrap()
}

#[test]
fn the_rights_in_the_guide_are_enough() {
    let Some(server) = server() else { return };
    let rights = Rights::new(&server, "enough");
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    drop((store(&rights.owns, folders[0].path()), keyring(&rights.owns), Outbox::in_postgres(&rights.owns).unwrap()));
    rights.grant();

    // Serving and writing, two processes.
    let stores = [store(&rights.runs, folders[1].path()), store(&rights.runs, folders[2].path())];
    let columns = [("theme", t("題名")), ("year", n(2024)), ("contact", t("担当者甲乙"))];
    let made = submit(&stores[0], create("project", &columns));
    submit(&stores[0], amend("project", made.record, made.version, &[("budget", Some(n(5)))]));
    // Reading, the trail, and what retention drops of it.
    let actor = Actor::owner().asking("record", None);
    stores[0].reader(&actor, AsOf::Head).unwrap().record("project", made.record).unwrap();
    stores[0].settle(&actor).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(stores[0].retain(&Actor::owner(), false).unwrap().readings[0].entries, 1);
    // A redaction, which reaches the other.
    submit(&stores[0], Command::Redact { register: "project".into(), record: made.record, scope: Scope::All, reason: "求め".into() });
    let begun = Instant::now();
    while stores[1].head_seq() < stores[0].head_seq() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the other does not follow");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(stores[1].verify(&Actor::owner()).unwrap().is_clean());
    assert!(stores[1].verify_trail(&Actor::owner()).unwrap().is_clean());

    // Accounts: signing in and out, links, what is over.
    let (keyring, ann) = (keyring(&rights.runs), Account(17));
    keyring.set_password(ann, "ann", "seven lanterns beside a slow canal").unwrap();
    let client = Client { address: "192.0.2.1".parse().unwrap(), device: None };
    let attempt = Attempt { login: "ann", account: Some(ann), client, label: "Firefox", session: None };
    let SignIn::Done(signed) = keyring.sign_in(&attempt, "seven lanterns beside a slow canal").unwrap() else { panic!("not signed in") };
    assert!(keyring.session(signed.token.expose_secret()).unwrap().is_some());
    assert!(keyring.end_session(signed.token.expose_secret()).unwrap());
    let link = keyring.make_link(Purpose::Recovery, ann, "ann", Duration::from_secs(60)).unwrap();
    assert!(keyring.use_link(Purpose::Recovery, link.expose_secret()).unwrap().is_some());
    keyring.purge().unwrap();
    keyring.forget(ann).unwrap();

    // Notices: made, taken, told, tried again, dropped.
    let outbox = Outbox::in_postgres(&rights.runs).unwrap();
    let draft = |key: &str| Draft { key: key.into(), lane: key.into(), task: "{}".into() };
    assert!(outbox.advance(None, 0, &[], 0).unwrap() && outbox.advance(Some(0), 1, &[draft("a"), draft("b")], 0).unwrap());
    assert!(outbox.put(&draft("c"), 0).unwrap());
    for outcome in [Outcome::Done, Outcome::Again("away".into()), Outcome::Never("gone".into())] {
        let delivery = outbox.take(1).unwrap().unwrap();
        assert!(outbox.settle(&delivery, outcome, 1).unwrap());
    }
    let dead = outbox.page(Which::Dead, 0, 10).unwrap()[0].id;
    assert!(outbox.retry(dead, 1).unwrap() && outbox.remove(dead).unwrap());
    assert_eq!(outbox.tally().unwrap().failed, 1);
}

#[test]
fn the_rights_in_the_guide_are_no_more_than_told() {
    let Some(server) = server() else { return };
    let rights = Rights::new(&server, "more");
    let folder = tempfile::tempdir().unwrap();
    let owned = store(&rights.owns, folder.path());
    submit(&owned, create("project", &[("theme", t("題名")), ("year", n(2024))]));
    drop((owned, keyring(&rights.owns), Outbox::in_postgres(&rights.owns).unwrap()));
    let mut client = rights.runs.connect().unwrap();
    let mut refused = |sql: &str| match client.batch_execute(sql) {
        Err(error) => assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}: {error}"),
        Ok(()) => panic!("{sql}: done"),
    };
    refused("SELECT seq FROM event");
    rights.grant();
    for sql in [
        "DROP TABLE event",
        "DROP TABLE reading",
        "DROP TABLE keyring",
        "DROP TABLE outbox",
        "DROP SCHEMA public CASCADE",
        "DROP FUNCTION event_is_fixed() CASCADE",
        "DROP INDEX event_record",
        "DELETE FROM event",
        "DELETE FROM reading",
        "TRUNCATE event",
        "TRUNCATE reading",
        "TRUNCATE keyring",
        "UPDATE event SET actor = 'nobody'",
        "UPDATE event SET hash = prev",
        "UPDATE reading SET hash = prev",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "ALTER TABLE reading DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE INDEX more ON event (at)",
        "CREATE TABLE more (id BIGINT)",
        "CREATE FUNCTION event_stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'",
        "UPDATE shirube_log SET format = 2",
        "UPDATE shirube_keyring_format SET format = 2",
        "UPDATE shirube_outbox_format SET format = 2",
        "DELETE FROM outbox_cursor",
        "CREATE ROLE more",
        "CREATE DATABASE more",
        "COPY event TO '/tmp/event'",
        "COPY event TO PROGRAM 'true'",
    ] {
        refused(sql);
    }
    assert!(client.batch_execute("UPDATE event SET body = '{}'").is_err(), "what may be erased may not be changed");
}

#[test]
fn a_log_is_moved_by_its_owner_and_every_role_hears_where_to() {
    let Some(server) = server() else { return };
    let rights = Rights::new(&server, "moved");
    let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let owned = store(&rights.owns, folder.path());
    submit(&owned, create("project", &[("theme", t("題名")), ("year", n(2024))]));
    drop((owned, keyring(&rights.owns), Outbox::in_postgres(&rights.owns).unwrap()));
    rights.grant();
    let place = |server: &Server| LogPlace::Postgres(Box::new(server.clone()));
    let migrate = |by: &Server| Store::migrate(folder.path(), &place(by), &Target::Folder(home.path()), &Actor::owner());
    let moved = || Store::moved(folder.path(), &place(&rights.runs), &Actor::owner()).unwrap();
    let refused = migrate(&rights.runs);
    assert!(matches!(&refused, Err(StoreError::Log(LogError::Refused { .. }))), "{refused:?}");
    assert_eq!(moved(), None, "what could not be marked was not moved");
    migrate(&rights.owns).unwrap();
    let to = moved().unwrap().to;
    let refused = Store::open_at(folder.path(), place(&rights.runs), Arc::new(pack())).map(drop);
    assert!(matches!(&refused, Err(StoreError::Log(LogError::Moved { .. }))), "{refused:?}");
    let insert =
        "INSERT INTO event SELECT 2, register, record, kind, at, actor, body, personal, body_hash, personal_hash, prev, hash FROM event";
    let refused = rights.runs.connect().unwrap().batch_execute(insert).unwrap_err();
    assert!(refused.to_string().contains(&to), "{refused}");
}
