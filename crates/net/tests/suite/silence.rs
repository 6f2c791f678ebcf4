//! Connections on which nothing comes, on the cluster that `tests/postgres.sh` makes.

use crate::proxy::{Proxy, Turn, Weather};
use shirube_net::{
    Server,
    postgres::{Error, Line, Lock, TURN},
};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);

fn address() -> Option<String> {
    std::env::var("SHIRUBE_TEST_POSTGRES").ok()
}

fn server(address: &str) -> Server {
    address.parse().unwrap()
}

fn open(address: &str) -> Line {
    Line::open(&server(address), "SET statement_timeout = 0").unwrap()
}

fn backend(line: &mut Line) -> i32 {
    line.ask(|client| Ok(client.query_one("SELECT pg_backend_pid()", &[])?.try_get(0)?)).unwrap()
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("postgresql://ann@{}/shirube?tcp_user_timeout=1", listener.local_addr().unwrap());
    for mode in ["disable", "require"] {
        let begun = Instant::now();
        let refused = server(&format!("{address}&sslmode={mode}")).connect().map(drop);
        assert!(matches!(refused, Err(Error::Silent(patience)) if patience == SECOND), "{mode}: {refused:?}");
        assert!(begun.elapsed() < 3 * SECOND, "{mode}: {:?}", begun.elapsed());
    }
}

#[test]
fn an_answer_that_does_not_come_ends_the_connection_and_the_next_is_asked_over_another() {
    let Some(address) = address() else { return };
    let mut line = open(&format!("{address}?tcp_user_timeout=1"));
    let first = backend(&mut line);
    let silent = line.ask(|client| client.batch_execute("SELECT pg_sleep(4)"));
    assert!(matches!(silent, Err(Error::Silent(_))), "{silent:?}");
    assert_ne!(backend(&mut line), first);
}

#[test]
fn what_takes_long_is_waited_for_where_that_was_said() {
    let Some(address) = address() else { return };
    let mut line = open(&format!("{address}?tcp_user_timeout=1"));
    line.ask(|client| client.patiently(|client| client.batch_execute("SELECT pg_sleep(2)"))).unwrap();
    let silent = line.ask(|client| client.batch_execute("SELECT pg_sleep(4)"));
    assert!(matches!(silent, Err(Error::Silent(_))), "only there: {silent:?}");
}

#[test]
fn rows_may_be_read_as_slowly_as_one_likes() {
    let Some(address) = address() else { return };
    let mut line = open(&format!("{address}?tcp_user_timeout=1"));
    let read = line.ask(|client| {
        // More than the buffers between take.
        let mut rows = client.query_raw("SELECT repeat('x', 10000) FROM generate_series(1, $1::bigint)", [3000_i64])?;
        let mut read = 0;
        while rows.next()?.is_some() {
            if read % 1000 == 10 {
                std::thread::sleep(2 * SECOND);
            }
            read += 1;
        }
        Ok(read)
    });
    assert_eq!(read.unwrap(), 3000);
}

#[test]
fn rows_that_stop_coming_are_given_up() {
    let Some(address) = address() else { return };
    let proxy = Proxy::before(&address);
    let mut line = open(&proxy.way(&address));
    let read = line.ask(|client| {
        let mut rows = client.query_raw("SELECT repeat('x', 10000) FROM generate_series(1, $1::bigint)", [100_000_i64])?;
        assert!(rows.next()?.is_some());
        proxy.turn(Turn::Now, Weather::HoleBack);
        while rows.next()?.is_some() {}
        Ok(())
    });
    assert!(matches!(read, Err(Error::Silent(_))), "{read:?}");
}

#[test]
fn a_turn_is_waited_for_longer_than_an_answer() {
    let Some(address) = address() else { return };
    let (mut one, mut other) = (open(&address), open(&format!("{address}?tcp_user_timeout=1")));
    let lock = Lock(1);
    one.begin(lock, TURN).unwrap();
    let refused = other.begin(lock, SECOND);
    assert!(refused.as_ref().is_err_and(Error::is_busy), "{refused:?}");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.begin(lock, TURN));
        std::thread::sleep(4 * SECOND);
        assert!(!waiting.is_finished());
        one.commit().unwrap();
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_session_that_was_given_up_keeps_its_lock_from_nobody() {
    let Some(address) = address() else { return };
    let tls = std::env::var("SHIRUBE_TEST_POSTGRES_TLS").unwrap();
    for (number, address) in [(2, address.clone()), (3, format!("{tls}?sslmode=require"))] {
        let (proxy, lock) = (Proxy::before(&address), Lock(number));
        let (mut far, mut near) = (open(&proxy.way(&address)), open(&address));
        far.begin(lock, TURN).unwrap();
        let first = backend(&mut far);
        proxy.turn(Turn::Now, Weather::Hole);
        assert!(matches!(far.ask(|client| client.batch_execute("SELECT 1")), Err(Error::Silent(_))));
        // Not over another connection: it would not be in the transaction.
        assert!(matches!(far.ask(|client| client.batch_execute("SELECT 1")), Err(Error::Away(_))));
        assert!(near.begin(lock, SECOND).is_err_and(|error| error.is_busy()), "the server knows nothing of it");
        proxy.turn(Turn::Now, Weather::Fair);
        far.rollback();
        let begun = Instant::now();
        assert_ne!(backend(&mut far), first);
        near.begin(lock, TURN).unwrap();
        assert!(begun.elapsed() < 3 * SECOND, "{:?}", begun.elapsed());
    }
}

#[test]
fn a_connection_that_broke_while_nothing_was_asked_disturbs_nobody() {
    let Some(address) = address() else { return };
    let (mut line, mut other) = (open(&address), open(&address));
    let first = backend(&mut line);
    other.ask(|client| client.execute("SELECT pg_terminate_backend($1)", &[&first])).unwrap();
    line.begin(Lock(4), TURN).unwrap();
    line.commit().unwrap();
    assert_ne!(backend(&mut line), first);
}

#[test]
fn what_the_server_refuses_is_told_without_values_and_the_connection_goes_on() {
    let Some(address) = address() else { return };
    let mut line = open(&address);
    let first = backend(&mut line);
    let refused = line.ask(|client| {
        client.batch_execute("CREATE TEMP TABLE once (secret TEXT UNIQUE)")?;
        client.transaction(|client| {
            client.execute("INSERT INTO once VALUES ('hushed')", &[])?;
            client.execute("INSERT INTO once VALUES ('hushed')", &[])
        })
    });
    assert!(refused.as_ref().is_err_and(|error| !error.is_lost() && !error.to_string().contains("hushed")), "{refused:?}");
    assert_eq!(backend(&mut line), first);
    let left: i64 = line.ask(|client| Ok(client.query_one("SELECT count(*) FROM once", &[])?.try_get(0)?)).unwrap();
    assert_eq!(left, 0, "all or nothing");
}
