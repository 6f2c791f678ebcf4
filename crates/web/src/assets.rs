//! Style sheet and script, inside the binary, served under a name that changes with their content.

use std::sync::OnceLock;

/// A file that pages link to.
#[derive(Debug)]
pub struct Asset {
    /// Path it is served under.
    pub path: &'static str,
    /// Media type.
    pub media: &'static str,
    /// Content.
    pub body: &'static str,
    version: OnceLock<String>,
}

impl Asset {
    const fn new(path: &'static str, media: &'static str, body: &'static str) -> Asset {
        Asset { path, media, body, version: OnceLock::new() }
    }

    /// Address with the content's hash: it may be kept for ever.
    pub fn href(&self) -> String {
        format!("{}?v={}", self.path, self.version())
    }

    /// The content's hash.
    pub fn version(&self) -> &str {
        self.version.get_or_init(|| format!("{:016x}", fnv1a(self.body.as_bytes())))
    }
}

/// The style sheet.
pub static STYLE: Asset =
    Asset::new("/assets/app.css", "text/css; charset=utf-8", concat!(include_str!("css/app.css"), include_str!("css/records.css")));

/// The script. Everything works without it.
pub static SCRIPT: Asset =
    Asset::new("/assets/app.js", "text/javascript; charset=utf-8", concat!(include_str!("js/app.js"), include_str!("js/records.js")));

/// The mark of the program, a signpost.
pub static ICON: Asset = Asset::new("/assets/icon.svg", "image/svg+xml; charset=utf-8", include_str!("css/icon.svg"));

/// FNV-1a, 64 bits: tells two contents apart; nothing depends on its strength.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_changes_with_the_content() {
        let other = Asset::new(STYLE.path, STYLE.media, "a{}");
        assert_ne!(STYLE.href(), other.href());
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
