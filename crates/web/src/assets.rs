//! Style sheet and script, inside the binary, served under a name that changes with their content.

/// A file that pages link to.
#[derive(Debug)]
pub struct Asset {
    /// Path it is served under.
    pub path: &'static str,
    /// Media type.
    pub media: &'static str,
    /// Content.
    pub body: &'static str,
}

impl Asset {
    /// Address with the content's hash: it may be kept for ever.
    pub fn href(&self) -> String {
        format!("{}?v={}", self.path, self.version())
    }

    /// The content's hash.
    pub fn version(&self) -> String {
        format!("{:016x}", fnv1a(self.body.as_bytes()))
    }
}

/// The style sheet.
pub const STYLE: Asset = Asset {
    path: "/assets/app.css",
    media: "text/css; charset=utf-8",
    body: concat!(include_str!("css/app.css"), include_str!("css/records.css")),
};

/// The script. Everything works without it.
pub const SCRIPT: Asset = Asset {
    path: "/assets/app.js",
    media: "text/javascript; charset=utf-8",
    body: concat!(include_str!("js/app.js"), include_str!("js/records.js")),
};

/// The mark of the program, a signpost.
pub const ICON: Asset = Asset { path: "/assets/icon.svg", media: "image/svg+xml; charset=utf-8", body: include_str!("css/icon.svg") };

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
        let other = Asset { body: "a{}", ..STYLE };
        assert_ne!(STYLE.href(), other.href());
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
