//! Where a request comes from.

use axum::http::HeaderMap;
use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// An address, or a network of addresses (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// A text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no address and no network: write 10.0.0.7 or 10.0.0.0/8")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Network, NotANetwork> {
        let wrong = || NotANetwork(text.to_string());
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.trim().parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |b| b.trim().parse().map_err(|_| wrong()))?;
        if bits <= most { Ok(Network { base, bits }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl Network {
    /// Whether an address lies in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(a)) => u32::from(base) ^ u32::from(a) <= u32::MAX.checked_shr(self.bits.into()).unwrap_or(0),
            (IpAddr::V6(base), IpAddr::V6(a)) => u128::from(base) ^ u128::from(a) <= u128::MAX.checked_shr(self.bits.into()).unwrap_or(0),
            _ => false,
        }
    }
}

/// The client's address. What `X-Forwarded-For` says is taken only as far as trusted proxies have said it: from the
/// right, up to the first address that is no proxy of ours. What stands further left anyone may have written.
pub fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let trusted = |a: IpAddr| proxies.iter().any(|p| p.holds(a));
    let mut client = peer.to_canonical();
    let said: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    for word in said.into_iter().rev() {
        let Some(before) = word.trim().parse::<IpAddr>().ok().filter(|_| trusted(client)) else { break };
        client = before.to_canonical();
    }
    client
}

/// What counts as one client: an IPv4 address, or the network that one IPv6 line is given.
pub fn one(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn via(words: &[&str]) -> HeaderMap {
        words.iter().map(|w| (axum::http::HeaderName::from_static("x-forwarded-for"), w.parse().unwrap())).collect()
    }

    #[test]
    fn networks_hold_their_addresses() {
        let ten: Network = "10.0.0.0/8".parse().unwrap();
        assert!(ten.holds(ip("10.255.0.1")) && !ten.holds(ip("11.0.0.1")) && !ten.holds(ip("::1")));
        assert!(ten.holds(ip("::ffff:10.1.2.3")), "an IPv4 address in IPv6's clothes");
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds(ip("203.0.113.9")));
        let one: Network = "2001:db8::1".parse().unwrap();
        assert!(one.holds(ip("2001:db8::1")) && !one.holds(ip("2001:db8::2")));
        for wrong in ["", "10.0.0.0/33", "proxy", "10.0.0.0/", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        let proxies = ["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let from = |peer: &str, words: &[&str]| address(ip(peer), &via(words), &proxies).to_string();
        assert_eq!(from("203.0.113.5", &["198.51.100.1"]), "203.0.113.5", "a stranger is not believed");
        assert_eq!(from("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            from("127.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.3"]),
            "198.51.100.1",
            "what a client wrote itself counts for nothing"
        );
        assert_eq!(from("127.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.1, junk"]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(one(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    }
}
