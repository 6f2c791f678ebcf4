//! TLS to a database, on the cluster that `tests/postgres.sh` makes: `SHIRUBE_TEST_POSTGRES_TLS` is its address by the
//! name `localhost`, for which it has a certificate, and `SHIRUBE_TEST_POSTGRES_CA` the authority that issued it.

use shirube_net::Server;
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

/// Address by name, and the folder with `ca.pem` and `other.pem`.
fn cluster() -> Option<(String, String)> {
    Some((std::env::var("SHIRUBE_TEST_POSTGRES_TLS").ok()?, std::env::var("SHIRUBE_TEST_POSTGRES_CA").ok()?))
}

/// Whether the line is encrypted, as the server sees it, or why there is none.
fn line(address: &str) -> Result<bool, String> {
    let mut client = address.parse::<Server>().map_err(|e| e.to_string())?.connect().map_err(|e| e.to_string())?;
    Ok(client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).unwrap().get(0))
}

#[test]
fn a_good_certificate_connects_and_is_asked_for() {
    let Some((named, ca)) = cluster() else { return };
    for mode in ["sslmode=verify-full&", "sslmode=verify-ca&", "sslmode=require&", ""] {
        assert_eq!(line(&format!("{named}?{mode}sslrootcert={ca}/ca.pem")), Ok(true), "{mode}");
    }
    assert_eq!(line(&format!("{named}?sslmode=disable")), Ok(false));
    assert_eq!(line(&named), Ok(false), "on this machine nobody stands in between");
    assert_eq!(line(&format!("{named}?sslmode=prefer")), Ok(true));
}

#[test]
fn an_authority_that_is_not_trusted_is_refused() {
    let Some((named, ca)) = cluster() else { return };
    for mode in ["verify-full", "verify-ca", "require"] {
        let refused = line(&format!("{named}?sslmode={mode}&sslrootcert={ca}/other.pem")).unwrap_err();
        assert!(refused.contains("certificate"), "{mode}: {refused}");
    }
    for mode in ["verify-full", "verify-ca"] {
        assert!(line(&format!("{named}?sslmode={mode}")).is_err(), "{mode}: the system does not trust it");
    }
    assert_eq!(line(&format!("{named}?sslmode=require")), Ok(true), "as libpq has it: encrypted, by whomever");
}

#[test]
fn a_certificate_of_another_host_is_refused_where_the_host_counts() {
    let Some((named, ca)) = cluster() else { return };
    let by_number = named.replace("localhost", "127.0.0.1");
    let refused = line(&format!("{by_number}?sslmode=verify-full&sslrootcert={ca}/ca.pem")).unwrap_err();
    assert!(refused.contains("name"), "{refused}");
    assert_eq!(line(&format!("{by_number}?sslmode=verify-ca&sslrootcert={ca}/ca.pem")), Ok(true));
}

#[test]
fn a_server_without_tls_hears_nothing_from_who_asked_for_it() {
    for mode in ["verify-full", "verify-ca", "require"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 8];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"N").unwrap();
            let mut rest = vec![];
            stream.read_to_end(&mut rest).unwrap();
            rest
        });
        let refused = line(&format!("postgresql://ann:secret@{address}/shirube?sslmode={mode}")).unwrap_err();
        assert!(refused.contains("does not support TLS") && !refused.contains("secret"), "{refused}");
        assert_eq!(heard.join().unwrap(), b"", "{mode}");
    }
}
