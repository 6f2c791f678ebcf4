//! A PostgreSQL server: its address, and the connection to it.

use super::{Client, Error, PATIENCE};
use crate::tls::{Tls, Trust};
use percent_encoding::percent_decode_str;
use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// How long a server has to take a connection, unless the address says another `connect_timeout`.
const CONNECT: Duration = Duration::from_secs(3);

/// An address that cannot be taken. The password is in none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address of a server, or one that does not read.
    #[error(
        "“{address}” is not the address of a database ({cause}): write postgresql://user@host:port/database, the password in PGPASSWORD"
    )]
    Unreadable {
        /// What was written.
        address: String,
        /// What is wrong.
        cause: String,
    },
    /// No mode of this name.
    #[error("{address}: there is no sslmode “{mode}”: write verify-full, verify-ca, require or disable")]
    Mode {
        /// The address.
        address: String,
        /// What was written.
        mode: String,
    },
    /// A mode that gives encryption up when someone on the way says so.
    #[error(
        "{address}: sslmode={mode} lets whoever stands in between turn encryption off: write verify-full or require, or disable if the network is to be trusted"
    )]
    Strippable {
        /// The address.
        address: String,
        /// What was written.
        mode: String,
    },
    /// The certificates of `sslrootcert`.
    #[error("sslrootcert={}: cannot be used ({cause}): name a file with the authority's certificate (PEM)", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The certificates of the system.
    #[error("the certificates that the system trusts cannot be read ({0}): install them, or name the authority's with sslrootcert")]
    System(String),
}

/// A PostgreSQL database on a server, and how to speak to it.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: Option<Tls>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

/// The address without its password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgresql://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => f.write_str(host)?,
            #[cfg(unix)]
            Some(Host::Unix(path)) => write!(f, "{}", path.display())?,
            None => {}
        }
        if let Some(port) = self.config.get_ports().first() {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl FromStr for Server {
    type Err = AddressError;

    /// `postgresql://user@host:port/database`, with `sslmode` and `sslrootcert` as libpq has them. Without `sslmode`
    /// a host that is not this machine has to show a certificate in its name (`verify-full`). A password that is left
    /// out is taken from `PGPASSWORD`. `tcp_user_timeout` (seconds) is how long any answer is waited for.
    fn from_str(text: &str) -> Result<Server, AddressError> {
        let address = without_password(text);
        let unreadable = |cause: String| AddressError::Unreadable { address: address.clone(), cause };
        if !Server::is_address(text) {
            return Err(unreadable("no postgresql:// address".to_string()));
        }
        let (plain, mode, root) = take_tls(text);
        let mut config: Config = plain.parse().map_err(|error: tokio_postgres::Error| unreadable(Error::from(error).to_string()))?;
        if let (None, Ok(password)) = (config.get_password(), std::env::var("PGPASSWORD")) {
            config.password(password);
        }
        let patience = config.get_tcp_user_timeout().copied().unwrap_or(PATIENCE);
        config.tcp_user_timeout(patience).keepalives_idle(patience).keepalives_interval(patience);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("shirube");
        }
        let here = is_here(&config);
        let (ssl, trust) = match mode.as_deref() {
            None if here && root.is_none() => (SslMode::Disable, None),
            None | Some("verify-full") => (SslMode::Require, Some(Trust::Host)),
            Some("verify-ca") => (SslMode::Require, Some(Trust::Authority)),
            // With a root, libpq looks at the issuer in this mode, too.
            Some("require") => (SslMode::Require, Some(root.as_ref().map_or(Trust::Anyone, |_| Trust::Authority))),
            Some("disable") => (SslMode::Disable, None),
            Some("prefer") if here => (SslMode::Prefer, Some(Trust::Anyone)),
            Some(mode @ ("allow" | "prefer")) => return Err(AddressError::Strippable { address, mode: mode.to_string() }),
            Some(mode) => return Err(AddressError::Mode { address, mode: mode.to_string() }),
        };
        config.ssl_mode(ssl);
        let tls = trust.map(|trust| Tls::new(trust, root.as_deref())).transpose().map_err(|cause| match root {
            Some(path) => AddressError::Root { path, cause },
            None => AddressError::System(cause),
        })?;
        Ok(Server { config, tls })
    }
}

impl Server {
    /// Whether a text means a server rather than a folder.
    pub fn is_address(text: &str) -> bool {
        text.starts_with("postgresql://") || text.starts_with("postgres://")
    }

    /// A new connection.
    ///
    /// # Errors
    /// The server does not answer, refuses, or does not show who it is.
    pub fn connect(&self) -> Result<Client, Error> {
        Client::connect(&self.config, self.tls.as_ref())
    }

    /// The address without the user.
    pub fn place(&self) -> String {
        let text = self.to_string();
        match text.split_once('@') {
            Some((_, place)) => format!("postgresql://{place}"),
            None => text,
        }
    }
}

/// Whether the way there does not leave this machine.
fn is_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

/// The address without what says how TLS is spoken, which the driver knows in part only.
fn take_tls(text: &str) -> (String, Option<String>, Option<PathBuf>) {
    let Some((base, query)) = text.split_once('?') else { return (text.to_string(), None, None) };
    let (mut mode, mut root, mut rest) = (None, None, vec![]);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = || percent_decode_str(value).decode_utf8_lossy().into_owned();
        match name {
            "sslmode" => mode = Some(value()),
            "sslrootcert" => root = Some(PathBuf::from(value())),
            _ => rest.push(pair),
        }
    }
    let plain = if rest.is_empty() { base.to_string() } else { format!("{base}?{}", rest.join("&")) };
    (plain, mode, root)
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match rest.rsplit_once('@') {
        Some((who, at)) => format!("{scheme}://{}@{at}", who.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn mode(address: &str) -> SslMode {
        address.parse::<Server>().unwrap().config.get_ssl_mode()
    }

    #[test]
    fn a_password_is_never_told() {
        for url in ["postgresql://ann:secret@host:port/db", "postgresql://ann:secret@host/db?connect_timeout=x&password=secret"] {
            let error = url.parse::<Server>().map(|_| ()).map_err(|e| e.to_string());
            assert!(error.as_ref().is_err_and(|e| !e.contains("secret") && e.contains("ann@host")), "{error:?}");
        }
        let server: Server = "postgresql://ann:secret@host:5433/db".parse().unwrap();
        assert_eq!((server.to_string().as_str(), server.place().as_str()), ("postgresql://ann@host:5433/db", "postgresql://host:5433/db"));
        assert!(!format!("{server:?}").contains("secret"));
    }

    #[test]
    fn another_machine_is_spoken_to_with_tls_unless_said_otherwise() {
        for far in ["db.example.jp", "192.0.2.1", "localhost.example.jp", "db1,localhost", "[2001:db8::1]"] {
            let url = format!("postgresql://shirube@{far}/shirube");
            assert_eq!(mode(&url), SslMode::Require, "{far}");
            assert_eq!(mode(&format!("{url}?sslmode=require")), SslMode::Require, "{far}");
            assert_eq!(mode(&format!("{url}?connect_timeout=3&sslmode=disable")), SslMode::Disable, "{far}");
            for soft in ["prefer", "allow"] {
                let refused = format!("{url}?sslmode={soft}").parse::<Server>().map(|_| ());
                assert!(matches!(refused, Err(AddressError::Strippable { mode, .. }) if mode == soft), "{far} {soft}");
            }
        }
        for near in ["localhost", "127.0.0.1:5433", "[::1]", "%2Frun%2Fpostgresql", "db.example.jp"] {
            let more = if near == "db.example.jp" { "?hostaddr=127.0.0.1" } else { "" };
            assert_eq!(mode(&format!("postgresql://shirube@{near}/shirube{more}")), SslMode::Disable, "{near}");
        }
        assert_eq!(mode("postgresql://shirube@localhost/shirube?sslmode=prefer"), SslMode::Prefer);
        assert_eq!(mode("postgresql://shirube@localhost/shirube?sslmode=verify-full"), SslMode::Require);
    }

    #[test]
    fn what_cannot_be_taken_is_told_with_its_mend() {
        let refused = |address: &str| address.parse::<Server>().map(|_| ()).unwrap_err();
        assert!(matches!(refused("/var/lib/shirube"), AddressError::Unreadable { .. }));
        assert!(matches!(refused("postgresql://db/x?sslmode=maybe"), AddressError::Mode { mode, .. } if mode == "maybe"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root ca.pem");
        let named = format!("postgresql://db/x?sslrootcert={}", path.display().to_string().replace(' ', "%20"));
        assert!(matches!(refused(&named), AddressError::Root { path: told, .. } if told == path), "not there");
        for wrong in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            std::fs::write(&path, wrong).unwrap();
            assert!(matches!(refused(&named), AddressError::Root { .. }), "{wrong}");
        }
    }
}
