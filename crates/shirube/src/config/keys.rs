//! The one table of settings: the file, the environment, the command line and `config check` read it.

use super::{Config, LogFormat};
use shirube_keyring::ExposeSecret;
use shirube_store::{LogPlace, Url};
use shirube_web::{Network, SecondFactor};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A setting.
pub struct Key {
    /// Name in the file; a dot parts table and key.
    pub name: &'static str,
    /// What to write, shown with a value that cannot be read.
    pub example: &'static str,
    /// Is a list: of texts in the file, parted by commas elsewhere.
    pub list: bool,
    /// Never printed.
    pub secret: bool,
    /// Takes a value in, or says what is wrong with it.
    pub take: fn(&mut Config, &str) -> Result<(), String>,
    /// The value in force.
    pub show: fn(&Config) -> String,
}

impl Key {
    /// Name in the environment.
    pub fn variable(&self) -> String {
        format!("SHIRUBE_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

const fn key(
    name: &'static str,
    example: &'static str,
    take: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config) -> String,
) -> Key {
    Key { name, example, list: false, secret: false, take, show }
}

const fn list(
    name: &'static str,
    example: &'static str,
    take: fn(&mut Config, &str) -> Result<(), String>,
    show: fn(&Config) -> String,
) -> Key {
    Key { list: true, ..key(name, example, take, show) }
}

/// Every setting, in the order they are shown.
pub const KEYS: &[Key] = &[
    key("data", "\"/var/lib/shirube\"", |c, t| path(t).map(|p| c.data = p), |c| c.data.display().to_string()),
    key(
        "pack",
        "\"packs/medical-device\"",
        |c, t| path(t).map(|p| c.pack = Some(p)),
        |c| c.pack.as_ref().map_or_else(|| "(built in)".into(), |p| p.display().to_string()),
    ),
    key(
        "database",
        "\"postgresql://shirube@127.0.0.1/shirube\" or \"none\"",
        |c, t| database(t).map(|place| c.database = place),
        |c| match &c.database {
            LogPlace::Folder => "none".into(),
            server => server.describe(&c.data),
        },
    ),
    key(
        "accounts",
        "\"auto\", \"on\" or \"off\"",
        |c, t| accounts(t).map(|a| c.accounts = a),
        |c| c.accounts.map_or("auto", |on| if on { "on" } else { "off" }).into(),
    ),
    key(
        "second_factor",
        "\"owners\", \"everyone\" or \"optional\"",
        |c, t| second_factor(t).map(|s| c.second_factor = s),
        |c| SECOND_FACTORS.iter().find(|(_, s)| *s == c.second_factor).map_or("", |(word, _)| word).into(),
    ),
    key(
        "passwords.leaked",
        "\"/srv/pwned-passwords-sha1-ordered-by-hash.txt\" or \"none\"",
        |c, t| unless_none(t, path).map(|p| c.leaked_passwords = p),
        |c| c.leaked_passwords.as_ref().map_or_else(|| "none".into(), |p| p.display().to_string()),
    ),
    key("listen", "\"127.0.0.1:8420\"", |c, t| socket(t).map(|a| c.listen = a), |c| c.listen.to_string()),
    key(
        "metrics_listen",
        "\"127.0.0.1:8421\" or \"off\"",
        |c, t| if t == "off" { Ok(None) } else { socket(t).map(Some) }.map(|a| c.metrics_listen = a),
        |c| c.metrics_listen.map_or_else(|| "off".into(), |a| a.to_string()),
    ),
    key(
        "public_url",
        "\"https://plan.example.jp\"",
        |c, t| url(t).map(|u| c.public_url = Some(u)),
        |c| c.public_url.clone().unwrap_or_default(),
    ),
    list("allowed_hosts", "[\"plan.example.jp\"]", |c, t| hosts(t).map(|h| c.allowed_hosts = h), |c| c.allowed_hosts.join(",")),
    list(
        "trusted_proxies",
        "[\"127.0.0.1\", \"10.0.0.0/8\"]",
        |c, t| networks(t).map(|n| c.trusted_proxies = n),
        |c| c.trusted_proxies.iter().map(Network::to_string).collect::<Vec<_>>().join(","),
    ),
    key("limits.form_kb", "2048", |c, t| kilobytes(t).map(|n| c.limits.form = n), |c| (c.limits.form / KB).to_string()),
    key("limits.upload_kb", "65536", |c, t| kilobytes(t).map(|n| c.limits.upload = n), |c| (c.limits.upload / KB).to_string()),
    key("limits.address_bytes", "8192", |c, t| number(t, 256, 65_536).map(|n| c.limits.address = n), |c| c.limits.address.to_string()),
    key("limits.header_bytes", "32768", |c, t| number(t, 8192, 1 << 20).map(|n| c.limits.headers = n), |c| c.limits.headers.to_string()),
    key("limits.connections", "1024", |c, t| number(t, 1, 1 << 20).map(|n| c.limits.connections = n), |c| c.limits.connections.to_string()),
    key(
        "limits.per_second",
        "50 (0 for no limit)",
        |c, t| number(t, 0, 1 << 20).map(|n| c.limits.per_second = n),
        |c| c.limits.per_second.to_string(),
    ),
    key("limits.burst", "500", |c, t| number(t, 1, 1 << 20).map(|n| c.limits.burst = n), |c| c.limits.burst.to_string()),
    key("limits.header_seconds", "15", |c, t| seconds(t).map(|s| c.limits.header_time = s), |c| c.limits.header_time.as_secs().to_string()),
    key(
        "limits.upload_seconds",
        "300",
        |c, t| seconds(t).map(|s| c.limits.upload_time = s),
        |c| c.limits.upload_time.as_secs().to_string(),
    ),
    key("limits.answer_seconds", "60", |c, t| seconds(t).map(|s| c.limits.answer_time = s), |c| c.limits.answer_time.as_secs().to_string()),
    key("limits.stop_seconds", "30", |c, t| seconds(t).map(|s| c.limits.stop_time = s), |c| c.limits.stop_time.as_secs().to_string()),
    key(
        "limits.free_disk_mb",
        "256",
        |c, t| number::<u64>(t, 0, 1 << 30).map(|n| c.limits.free_disk = n << 20),
        |c| (c.limits.free_disk >> 20).to_string(),
    ),
    key(
        "files.s3_endpoint",
        "\"https://s3.example.jp\" or \"none\"",
        |c, t| unless_none(t, |t| t.parse()).map(|u| c.files.endpoint = u),
        |c| c.files.endpoint.as_ref().map_or_else(|| "none".into(), |u| u.expose().to_string()),
    ),
    key("files.s3_bucket", "\"shirube-files\"", |c, t| bucket(t).map(|b| c.files.bucket = b), |c| c.files.bucket.clone()),
    key("files.s3_region", "\"us-east-1\"", |c, t| word(t).map(|w| c.files.region = w), |c| c.files.region.clone()),
    key("files.s3_access_key", "\"AKIA…\"", |c, t| word(t).map(|w| c.files.access_key = w), |c| c.files.access_key.clone()),
    Key {
        secret: true,
        ..key("files.s3_secret_key", "the key's secret", |c, t| word(t).map(|w| c.files.secret_key = w), |c| c.files.secret_key.clone())
    },
    key("oidc.name", "\"Ministry account\"", |c, t| line(t).map(|n| c.oidc.name = n), |c| c.oidc.name.clone()),
    key(
        "oidc.issuer",
        "\"https://id.example.jp/realm\" or \"none\"",
        |c, t| unless_none(t, issuer).map(|u| c.oidc.issuer = u),
        |c| c.oidc.issuer.clone().unwrap_or_else(|| "none".into()),
    ),
    key("oidc.client_id", "\"shirube\"", |c, t| line(t).map(|w| c.oidc.client_id = w), |c| c.oidc.client_id.clone()),
    Key {
        secret: true,
        ..key(
            "oidc.client_secret",
            "the client's secret",
            |c, t| line(t).map(|w| c.oidc.client_secret = w),
            |c| c.oidc.client_secret.clone(),
        )
    },
    key(
        "mail.server",
        "\"smtps://mail.example.jp\", \"smtp://mail.example.jp:587\" or \"none\"",
        |c, t| unless_none(t, |t| t.parse()).map(|s| c.mail.server = s),
        |c| c.mail.server.as_ref().map_or_else(|| "none".into(), ToString::to_string),
    ),
    key("mail.user", "\"plan\"", |c, t| word(t).map(|w| c.mail.user = w), |c| c.mail.user.clone()),
    Key {
        secret: true,
        ..key(
            "mail.password",
            "the password there",
            |c, t| {
                c.mail.password = t.into();
                Ok(())
            },
            |c| c.mail.password.expose_secret().to_string(),
        )
    },
    key(
        "mail.from",
        "\"計画事務局 <plan@example.jp>\" or \"none\"",
        |c, t| unless_none(t, |t| t.parse()).map(|s| c.mail.from = s),
        |c| c.mail.from.as_ref().map_or_else(|| "none".into(), ToString::to_string),
    ),
    list(
        "webhooks.networks",
        "[\"10.0.0.0/8\"]",
        |c, t| networks(t).map(|n| c.webhook_networks = n),
        |c| c.webhook_networks.iter().map(Network::to_string).collect::<Vec<_>>().join(","),
    ),
    key(
        "anchor.file",
        "\"/mnt/elsewhere/anchors.jsonl\" or \"none\"",
        |c, t| unless_none(t, path).map(|p| c.anchor.file = p),
        |c| c.anchor.file.as_ref().map_or_else(|| "none".into(), |p| p.display().to_string()),
    ),
    Key {
        secret: true,
        ..key(
            "anchor.url",
            "\"https://log.example.jp/anchors\" or \"none\"",
            |c, t| unless_none(t, |t| t.parse()).map(|u| c.anchor.url = u),
            |c| c.anchor.url.as_ref().map_or_else(|| "none".into(), |u| u.expose().to_string()),
        )
    },
    key(
        "anchor.minutes",
        "60",
        |c, t| number(t, 1, 10_080).map(|n: u64| c.anchor.every = Duration::from_secs(n * 60)),
        |c| (c.anchor.every.as_secs() / 60).to_string(),
    ),
    key(
        "traces.endpoint",
        "\"http://127.0.0.1:4318\" or \"none\"",
        |c, t| unless_none(t, collector).map(|u| c.traces = u),
        |c| c.traces.as_ref().map_or_else(|| "none".into(), |u| u.expose().to_string()),
    ),
    key("log.format", "\"text\" or \"json\"", |c, t| format(t).map(|f| c.log_format = f), |c| c.log_format.name().to_string()),
    key("log.level", "\"info\"", |c, t| level(t).map(|l| c.log_level = l), |c| c.log_level.to_string().to_ascii_lowercase()),
];

const KB: usize = 1024;

/// Words of `log.level`.
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// Words of `second_factor`.
const SECOND_FACTORS: [(&str, SecondFactor); 3] =
    [("owners", SecondFactor::Owners), ("everyone", SecondFactor::Everyone), ("optional", SecondFactor::Optional)];

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty".into()) } else { Ok(text.into()) }
}

fn unless_none<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text == "none" { Ok(None) } else { read(text).map(Some) }
}

/// A text that is part of a signature: printable ASCII without spaces.
fn word(text: &str) -> Result<String, String> {
    if text.bytes().all(|b| b.is_ascii_graphic()) { Ok(text.to_string()) } else { Err("is no word of plain letters".into()) }
}

fn line(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) { Err("is no text of one line".into()) } else { Ok(text.to_string()) }
}

/// Kept letter by letter: the provider names itself so.
fn issuer(text: &str) -> Result<String, String> {
    let plain = shirube_web::is_protected(text) && !text.contains(['?', '#']);
    if plain { Ok(text.to_string()) } else { Err(format!("“{text}” is no https address (http only on this machine)")) }
}

/// An address that a path is put behind.
fn collector(text: &str) -> Result<Url, String> {
    if text.contains(['?', '#']) { Err("has more than a host and a path".into()) } else { text.parse() }
}

fn bucket(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b));
    if plain { Ok(text.to_string()) } else { Err(format!("“{text}” is no name of a bucket (a-z, 0-9, dots and hyphens)")) }
}

fn database(text: &str) -> Result<LogPlace, String> {
    if text == "none" { Ok(LogPlace::Folder) } else { text.parse().map_err(|e: shirube_store::LogError| e.to_string()) }
}

fn accounts(text: &str) -> Result<Option<bool>, String> {
    match text {
        "auto" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        _ => Err(format!("“{text}” is none of auto, on, off")),
    }
}

fn second_factor(text: &str) -> Result<SecondFactor, String> {
    let found = SECOND_FACTORS.iter().find(|(word, _)| *word == text);
    found.map(|(_, s)| *s).ok_or_else(|| format!("“{text}” is none of owners, everyone, optional"))
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("“{text}” is no address with a port"))
}

/// Scheme and host alone: the portal lies at the root of its host.
fn url(text: &str) -> Result<String, String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let plain = !host.is_empty() && !host.contains(|c: char| "/?#@\\".contains(c) || c.is_whitespace());
    if plain { Ok(text.to_string()) } else { Err(format!("“{text}” is not http(s)://host without a path")) }
}

fn hosts(text: &str) -> Result<Vec<String>, String> {
    words(text).map(|w| if w.contains(['/', '*', ' ']) { Err(format!("“{w}” is no host name")) } else { Ok(w.to_string()) }).collect()
}

fn networks(text: &str) -> Result<Vec<Network>, String> {
    words(text).map(|w| w.parse::<Network>().map_err(|e| e.to_string())).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|w| !w.is_empty())
}

fn number<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let wrong = || format!("“{text}” is no whole number from {least} to {most}");
    let n = text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wrong)?;
    T::try_from(n).map_err(|_| wrong())
}

fn kilobytes(text: &str) -> Result<usize, String> {
    number::<usize>(text, 1, 4 << 20).map(|n| n * KB)
}

fn seconds(text: &str) -> Result<Duration, String> {
    number(text, 1, 86_400).map(Duration::from_secs)
}

fn format(text: &str) -> Result<LogFormat, String> {
    [LogFormat::Text, LogFormat::Json].into_iter().find(|f| f.name() == text).ok_or_else(|| format!("“{text}” is no format"))
}

fn level(text: &str) -> Result<tracing::Level, String> {
    // Not `trace`: libraries write there what requests hold.
    let known = LEVELS.contains(&text).then(|| text.parse().ok()).flatten();
    known.ok_or_else(|| format!("“{text}” is none of {}", LEVELS.join(", ")))
}
