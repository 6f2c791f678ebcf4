//! Settings, and addresses that records hold.

// The program's own source, of which only the reading is asked here; it is checked there.
#[allow(dead_code, unused_imports, clippy::all)]
#[path = "../../crates/shirube/src/config/mod.rs"]
mod config;

use shirube_outbox::webhook::HookUrl;
use std::{cell::OnceCell, fs};
use tempfile::TempDir;

/// A settings file, zero byte, and variables of the environment, one a line: `NAME=value`.
pub fn settings(data: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    FOLDER.with(|folder| {
        let path = folder.get_or_init(crate::folder).path().join("a.toml");
        let mut parts = data.splitn(2, |b| *b == 0);
        if fs::write(&path, parts.next().unwrap_or_default()).is_err() {
            return;
        }
        let variables = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let variables = variables.lines().filter_map(|line| line.split_once('=')).map(|(name, text)| (name.to_string(), text.to_string()));
        let found = config::read(&config::Arguments { config: Some(path), values: vec![] }, variables);
        let _ = found.mistakes.iter().map(ToString::to_string).collect::<Vec<_>>();
        let _ = (found.config.site(), found.config.doubts());
        for key in config::KEYS {
            let _ = (key.show)(&found.config);
        }
    });
}

/// The address of a webhook: what stands behind the host is not shown.
pub fn hook_address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(url) = text.parse::<HookUrl>() {
        hidden(&text, &url.to_string());
    }
    if let Ok(url) = text.parse::<shirube_store::Url>() {
        hidden(&text, &url.to_string());
    }
    if let Ok(server) = text.parse::<shirube_store::LogPlace>() {
        let _ = server.describe(std::path::Path::new("data"));
    }
}

fn hidden(text: &str, shown: &str) {
    assert!(text.starts_with(shown), "{text} {shown}");
    let host = shown.split_once("://").map(|(_, host)| host);
    assert!(host.is_some_and(|host| !host.contains(['/', '?', '#', '@'])), "{text}: {shown}");
}
