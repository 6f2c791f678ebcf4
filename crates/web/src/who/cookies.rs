//! The cookies of the portal: read from a request, written on an answer.

use axum::http::{HeaderMap, header};

/// Session of someone signed in.
pub const SESSION: &str = "shirube";
/// Between password and second factor.
pub const HALF: &str = "shirube-code";
/// Between here and the provider of identities.
pub const PROVIDER: &str = "shirube-provider";
/// A device that signed in before.
pub const DEVICE: &str = "shirube-device";
/// What personal data is looked at for.
pub const PURPOSE: &str = "shirube-purpose";

/// Seconds a device is known.
pub const DEVICE_SECONDS: u32 = 365 * 24 * 3600;
/// Seconds a purpose stays stated.
pub const PURPOSE_SECONDS: u32 = 12 * 3600;

/// The name in headers. Browsers take a name with this prefix only from this very host, by https, for all paths.
fn full_name(name: &str, https: bool) -> String {
    if https { format!("__Host-{name}") } else { name.to_string() }
}

/// The value of a cookie.
pub fn read<'h>(headers: &'h HeaderMap, name: &str, https: bool) -> Option<&'h str> {
    let name = full_name(name, https);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|h| h.to_str().ok()).flat_map(|h| h.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// A `set-cookie` header: scripts cannot read it, other sites' requests do not bring it. For the browser's session if
/// `seconds` is none.
pub fn set(name: &str, value: &str, seconds: Option<u32>, https: bool) -> String {
    let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
    let secure = if https { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", full_name(name, https))
}

/// Takes a cookie away.
pub fn remove(name: &str, https: bool) -> String {
    set(name, "", Some(0), https)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        let set = set(SESSION, "abc", None, true);
        assert_eq!(set, "__Host-shirube=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(remove(SESSION, false).contains("Max-Age=0"));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; __Host-shirube=abc; shirube=planted".parse().unwrap());
        assert_eq!(read(&headers, SESSION, true), Some("abc"));
        assert_eq!(read(&headers, DEVICE, true), None);
    }
}
