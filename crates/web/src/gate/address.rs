//! Which addresses are looked at: hosts that are ours, paths that mean one thing.

use std::net::IpAddr;

/// Whether a request for this host is meant for us. A page of another site whose name was made to point here
/// (DNS rebinding) is told apart by that name.
pub fn own_host(host: &str, ours: &[String]) -> bool {
    let Some(name) = name_of(host) else { return false };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback())
        || ours.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The name in a `Host` header, without its port.
fn name_of(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(inside) => inside.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = rest.is_empty() || rest.strip_prefix(':').is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    (port && !name.is_empty()).then_some(name)
}

/// Whether a path means one thing to everyone on the way: no step up, no slash, backslash or control character
/// behind an encoding, nothing that cannot be decoded.
pub fn plain_path(path: &str) -> bool {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let byte = if byte == b'%' {
            let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
            let (Some(high), Some(low)) = (digit(), digit()) else { return false };
            match (high * 16 + low) as u8 {
                b'/' => return false,
                other => other,
            }
        } else {
            byte
        };
        decoded.push(byte);
    }
    let Ok(text) = std::str::from_utf8(&decoded) else { return false };
    path.starts_with('/') && !text.contains(|c: char| c.is_control() || c == '\\') && !text.split('/').any(|s| s == "." || s == "..")
}

/// Whether an address that readers are sent to stays on this portal: not one that a browser takes for another
/// host's (`//host`, `/\host`, `https:…`).
pub fn own_address(to: &str) -> bool {
    to.starts_with('/') && !to.starts_with("//") && !to.contains(|c: char| c.is_control() || c == '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine_and_configured_ones_are_ours() {
        let ours = ["plan.example.jp".to_string(), "192.0.2.7".into(), "2001:db8::1".into()];
        for host in [
            "localhost",
            "LOCALHOST:8420",
            "127.0.0.1:8420",
            "127.3.2.1",
            "[::1]:8420",
            "Plan.Example.jp",
            "plan.example.jp:443",
            "192.0.2.7:80",
            "[2001:db8::1]",
        ] {
            assert!(own_host(host, &ours), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "plan.example.jp.evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "plan.example.jp:x",
            "plan.example.jp:",
            "[::1",
            "[::1]x",
            "192.0.2.8",
            "plan.example.jp@evil.example",
            ":80",
        ] {
            assert!(!own_host(host, &ours), "{host}");
        }
    }

    #[test]
    fn paths_with_a_second_meaning_are_refused() {
        for path in [
            "/",
            "/plan/p2",
            "/figures/doc/lamps@2024",
            "/registers/project/",
            "/codes/%E5%8C%BA%E5%88%86",
            "/a..b",
            "/.well-known/x",
            "/a%20b",
        ] {
            assert!(plain_path(path), "{path}");
        }
        for path in [
            "",
            "*",
            "/../x",
            "/a/..",
            "/a/./b",
            "/%2e%2e/x",
            "/.%2E/x",
            "/a%2fb",
            "/a%2Fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/a%0d%0ab",
            "/a%7f",
            "/%",
            "/%2",
            "/%zz",
            "/%ff",
            "/%c2%85",
        ] {
            assert!(!plain_path(path), "{path}");
        }
    }

    #[test]
    fn readers_are_sent_to_own_addresses_only() {
        for own in ["/", "/en", "/registers/project/7?done=created#f-x", "/search?q=//x"] {
            assert!(own_address(own), "{own}");
        }
        for other in ["", "//evil", "///evil", "/\\evil", "\\\\evil", "https://evil", "javascript:x", "/a\r\nb: c", "/\t/evil", "evil"] {
            assert!(!own_address(other), "{other}");
        }
    }
}
