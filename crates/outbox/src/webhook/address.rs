//! Where webhooks may go: not into the network the program stands in, unless its owner says so.

use std::{
    fmt,
    io::{Error as IoError, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// An address `https://…`, or `http://…` on this machine. What stands behind the host is not shown: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(String);

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No address.
    #[error("the address is not https://host/…, without a name and a password; correct it in the subscription")]
    Form,
    /// Not encrypted.
    #[error("the address begins with http://, which is taken on this machine alone; use https://")]
    Plain,
}

impl FromStr for HookUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::Form)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(UrlError::Form)?;
        match uri.scheme_str() {
            _ if text.contains(['@', '#']) => Err(UrlError::Form),
            Some("https") => Ok(HookUrl(text.to_string())),
            Some("http") if is_here(host) => Ok(HookUrl(text.to_string())),
            Some("http") => Err(UrlError::Plain),
            _ => Err(UrlError::Form),
        }
    }
}

/// Whether a host is this machine by its name.
fn is_here(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback())
}

impl HookUrl {
    /// All of it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.split(['/', '?']).take(3).collect::<Vec<_>>().join("/"))
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookUrl({self})")
    }
}

/// Whether an address is one of the whole Internet: of no private network, no machine's own, nothing reserved.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// By the registry of special-purpose addresses (IANA, RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Of 2000::/3, where all that is public lies, without what is reserved there or leads to an IPv4 address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Said of an address that is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host has an address that is not public; the setting webhooks.networks allows networks of one's own")]
pub(super) struct NotPublic;

/// Resolves names, and refuses hosts with an address that is not allowed. What is connected to is what was resolved
/// here, so a name that changes its address in between gains nothing.
pub(super) struct Guard {
    names: DefaultResolver,
    allowed: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Guard {
    pub fn new(allowed: Box<dyn Fn(IpAddr) -> bool + Send + Sync>) -> Guard {
        Guard { names: DefaultResolver::default(), allowed }
    }

    fn permits(&self, address: IpAddr, plain: bool) -> bool {
        let address = address.to_canonical();
        (!plain || address.is_loopback()) && (is_public(address) || (self.allowed)(address))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let plain = uri.scheme_str() != Some("https");
        // One among several is enough to refuse: else it would be a matter of luck.
        match found.iter().all(|address| self.permits(address.ip(), plain)) {
            true => Ok(found),
            false => Err(Error::Io(IoError::new(ErrorKind::PermissionDenied, NotPublic))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_of_this_machine_and_shown_by_their_host() {
        for good in ["https://hooks.example.jp/in?key=hush", "http://127.0.0.1:8080/in", "http://localhost/in", "http://[::1]:9/in"] {
            let url: HookUrl = good.parse().unwrap();
            assert_eq!(url.expose(), good);
            assert!(!format!("{url:?} {url}").contains("hush"));
        }
        for (wrong, why) in [
            ("http://hooks.example.jp/in", UrlError::Plain),
            ("http://127.0.0.1.example.jp/", UrlError::Plain),
            ("http://10.0.0.1/", UrlError::Plain),
            ("https://ann:secret@host/", UrlError::Form),
            ("ftp://host/", UrlError::Form),
            ("/in", UrlError::Form),
            ("", UrlError::Form),
            ("https://", UrlError::Form),
        ] {
            assert_eq!(wrong.parse::<HookUrl>(), Err(why), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_public_is_known() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2002:a00:1::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in
            ["8.8.8.8", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "1.1.1.1", "2606:4700::1", "::ffff:8.8.8.8", "2001:200::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_allowed_network_is_let_through_and_plain_only_to_this_machine() {
        let guard = Guard::new(Box::new(|a| a.is_loopback() || a == IpAddr::from([10, 0, 0, 1])));
        let (here, inside, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!(guard.permits(here, true) && guard.permits(inside, false) && guard.permits(IpAddr::from([8, 8, 8, 8]), false));
        assert!(!guard.permits(inside, true) && !guard.permits(other, false) && !guard.permits(IpAddr::from([8, 8, 8, 8]), true));
    }
}
