//! Settings: a file, over it the environment, over it the command line.

mod file;
mod found;
mod keys;
mod mistake;

pub use found::Found;
pub use keys::{KEYS, Key};
pub use mistake::{Mistake, Origin};

use shirube_keyring::{ExposeSecret, SecretString};
use shirube_outbox::mail::{MailError, MailServer, Mailer, Sender};
use shirube_store::{Bucket, FilesPlace, LogPlace, Url};
use shirube_web::{Limits, Network, Provider, RelyingParty, SecondFactor, Site};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Name of the file in the data folder.
pub const FILE: &str = "shirube.toml";

/// Variable that names the file.
const FILE_VARIABLE: &str = "SHIRUBE_CONFIG";

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// As it is written in the file.
    pub fn name(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

/// Object storage for attached files.
#[derive(Clone, Debug)]
pub struct Objects {
    /// The server; attached files are in the data folder when there is none.
    pub endpoint: Option<Url>,
    /// Bucket.
    pub bucket: String,
    /// Region.
    pub region: String,
    /// Name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: String,
}

impl Objects {
    /// Where attached files are.
    pub fn place(&self) -> FilesPlace {
        let Objects { endpoint: Some(endpoint), bucket, region, access_key, secret_key } = self.clone() else { return FilesPlace::Folder };
        FilesPlace::Bucket(Arc::new(Bucket { endpoint, name: bucket, region, access_key, secret_key }))
    }

    /// Settings that are set without the others they need.
    fn missing(&self) -> Vec<&'static str> {
        let parts = [
            ("files.s3_endpoint", self.endpoint.is_some()),
            ("files.s3_bucket", !self.bucket.is_empty()),
            ("files.s3_access_key", !self.access_key.is_empty()),
            ("files.s3_secret_key", !self.secret_key.is_empty()),
        ];
        let missing: Vec<&str> = parts.iter().filter(|(_, set)| !set).map(|(name, _)| *name).collect();
        if missing.len() == parts.len() { vec![] } else { missing }
    }
}

/// The institution's own provider of identities (OpenID Connect).
#[derive(Clone, Debug, Default)]
pub struct Oidc {
    /// What people call it; its host when nobody says.
    pub name: String,
    /// Its address; people sign in by password alone when there is none.
    pub issuer: Option<String>,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; none for a public client.
    pub client_secret: String,
}

impl Oidc {
    /// The provider, if there is one.
    pub fn provider(&self) -> Option<Provider> {
        let issuer = self.issuer.clone()?;
        let host = issuer.split('/').nth(2).unwrap_or(&issuer);
        let name = if self.name.is_empty() { host.to_string() } else { self.name.clone() };
        let client_secret = (!self.client_secret.is_empty()).then(|| self.client_secret.as_str().into());
        Some(Provider::new(name, RelyingParty { client_id: self.client_id.clone(), client_secret, issuer }))
    }

    /// Settings that are set without the others they need.
    fn missing(&self) -> Vec<&'static str> {
        let set = self.issuer.is_some() || [&self.name, &self.client_id, &self.client_secret].iter().any(|text| !text.is_empty());
        let parts = [("oidc.issuer", self.issuer.is_some()), ("oidc.client_id", !self.client_id.is_empty())];
        parts.iter().filter(|(_, there)| set && !there).map(|(name, _)| *name).collect()
    }
}

/// The mail server and how to use it.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// The server; no mail is sent when there is none.
    pub server: Option<MailServer>,
    /// Name there, if it asks for one.
    pub user: String,
    /// Password there.
    pub password: SecretString,
    /// Whose letters they are.
    pub from: Option<Sender>,
}

impl Mail {
    /// What sends letters; none without a server.
    pub fn mailer(&self) -> Result<Option<Mailer>, MailError> {
        let (Some(server), Some(from)) = (&self.server, &self.from) else { return Ok(None) };
        let user = (!self.user.is_empty()).then_some((self.user.as_str(), &self.password));
        Mailer::new(server, user, from).map(Some)
    }

    /// Settings that are not set and that those which are need. Letters lead to the portal, so it must have an address.
    fn missing(&self, has_address: bool) -> Vec<&'static str> {
        let (user, password) = (!self.user.is_empty(), !self.password.expose_secret().is_empty());
        let needed = self.server.is_some() || self.from.is_some() || user || password;
        let parts = [
            ("mail.server", self.server.is_some()),
            ("mail.from", self.from.is_some()),
            ("mail.user", user || !password),
            ("mail.password", password || !user),
            ("public_url", has_address),
        ];
        parts.iter().filter(|(_, set)| needed && !set).map(|(name, _)| *name).collect()
    }
}

/// Where and how often the end of the log is told.
#[derive(Clone, Debug)]
pub struct Anchoring {
    /// A file that grows by a line each time.
    pub file: Option<PathBuf>,
    /// A server.
    pub url: Option<Url>,
    /// How often.
    pub every: Duration,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Data folder.
    pub data: PathBuf,
    /// Folder of the pack; the built-in one when there is none.
    pub pack: Option<PathBuf>,
    /// Where the event log is.
    pub database: LogPlace,
    /// Whether people sign in; left open, they do as soon as others than oneself can reach the portal.
    pub accounts: Option<bool>,
    /// Who must have a second factor.
    pub second_factor: SecondFactor,
    /// File of passwords known from leaks.
    pub leaked_passwords: Option<PathBuf>,
    /// Address of the portal.
    pub listen: SocketAddr,
    /// Address of the metrics.
    pub metrics_listen: Option<SocketAddr>,
    /// Where readers find the portal: scheme and host.
    pub public_url: Option<String>,
    /// Host names it answers to.
    pub allowed_hosts: Vec<String>,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<Network>,
    /// Limits.
    pub limits: Limits,
    /// Attached files.
    pub files: Objects,
    /// Sign-in by a provider.
    pub oidc: Oidc,
    /// Mail.
    pub mail: Mail,
    /// Networks that webhooks may go to though they are not public.
    pub webhook_networks: Vec<Network>,
    /// Where the end of the log is told.
    pub anchor: Anchoring,
    /// The collector of traces, if there is one.
    pub traces: Option<Url>,
    /// Log lines.
    pub log_format: LogFormat,
    /// Least weight of a log line.
    pub log_level: tracing::Level,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data: "shirube-data".into(),
            pack: None,
            database: LogPlace::Folder,
            accounts: None,
            second_factor: SecondFactor::Owners,
            leaked_passwords: None,
            listen: (Ipv4Addr::LOCALHOST, 8420).into(),
            metrics_listen: None,
            public_url: None,
            allowed_hosts: vec![],
            trusted_proxies: vec![],
            limits: Limits::default(),
            files: Objects {
                endpoint: None,
                bucket: String::new(),
                region: "us-east-1".into(),
                access_key: String::new(),
                secret_key: String::new(),
            },
            oidc: Oidc::default(),
            mail: Mail::default(),
            webhook_networks: vec![],
            anchor: Anchoring { file: None, url: None, every: Duration::from_secs(3600) },
            traces: None,
            log_format: LogFormat::Text,
            log_level: tracing::Level::INFO,
        }
    }
}

impl Config {
    /// What the portal is told of it.
    pub fn site(&self) -> Site {
        let mut hosts = self.allowed_hosts.clone();
        if let Some((_, host)) = self.public_url.as_deref().and_then(|u| u.split_once("://")) {
            let port = host.rfind(':').filter(|at| !host[*at..].contains(']'));
            hosts.push(host[..port.unwrap_or(host.len())].trim_matches(['[', ']']).to_string());
        }
        if !self.listen.ip().is_unspecified() {
            hosts.push(self.listen.ip().to_string());
        }
        Site {
            data: self.data.clone(),
            public_url: self.public_url.clone(),
            hosts,
            https: self.public_url.as_deref().is_some_and(|u| u.starts_with("https://")),
            proxies: self.trusted_proxies.clone(),
            limits: self.limits.clone(),
        }
    }

    /// Whether people sign in.
    pub fn has_accounts(&self) -> bool {
        self.accounts.unwrap_or(!self.listen.ip().is_loopback() || self.public_url.is_some())
    }

    /// What is allowed and yet most likely not meant.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = vec![];
        if !self.listen.ip().is_loopback() {
            if !self.has_accounts() {
                doubts.push("accounts: off, and the portal is open to the network: whoever reaches it may do everything".into());
            }
            if self.public_url.is_none() && self.allowed_hosts.is_empty() {
                doubts.push("listen: no host name is allowed but this machine's own: set public_url or allowed_hosts".into());
            }
        }
        if self.has_accounts() && !self.listen.ip().is_loopback() && !self.site().https {
            doubts.push("public_url: people sign in over the network and it is not https: passwords and sessions go in clear".into());
        }
        if self.oidc.issuer.is_some() && !self.has_accounts() {
            doubts.push("oidc: nobody signs in as long as accounts are off".into());
        }
        if self.traces.as_ref().is_some_and(|collector| !shirube_web::is_protected(collector.expose())) {
            doubts.push("traces.endpoint: not https: what is done when goes over the network in clear".into());
        }
        if self.public_url.is_some() && self.trusted_proxies.is_empty() {
            doubts.push("public_url: no proxy is trusted, so all readers behind one count as one client: set trusted_proxies".into());
        }
        doubts
    }
}

/// What the command line says of settings.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// The file.
    pub config: Option<PathBuf>,
    /// Settings: key, option, value.
    pub values: Vec<(&'static str, &'static str, String)>,
}

/// Reads them all. `variables` is the environment.
pub fn read(arguments: &Arguments, variables: impl IntoIterator<Item = (String, String)>) -> Found {
    let mut found = Found::default();
    let mut variables: BTreeMap<String, String> = variables.into_iter().filter(|(name, _)| name.starts_with("SHIRUBE_")).collect();
    let named = arguments.config.clone().or_else(|| variables.get(FILE_VARIABLE).map(PathBuf::from));
    variables.remove(FILE_VARIABLE);
    // The data folder's own file is found where the stronger settings say the folder is.
    let stated = |key: &Key| {
        let argument = arguments.values.iter().find(|(name, _, _)| *name == key.name).map(|(_, _, value)| value.clone());
        argument.or_else(|| variables.get(&key.variable()).cloned())
    };
    let data = KEYS.iter().find(|k| k.name == "data").and_then(stated).map_or_else(|| found.config.data.clone(), PathBuf::from);
    match named {
        Some(path) => file::read(&mut found, &path, false),
        None => {
            let path = data.join(FILE);
            if path.exists() {
                file::read(&mut found, &path, true);
            }
        }
    }
    for (name, text) in &variables {
        let origin = Origin::Variable(name.clone());
        match KEYS.iter().find(|k| k.variable() == *name) {
            Some(key) => found.take(key, text, origin),
            None => {
                let mend = nearest(name, KEYS.iter().map(Key::variable).chain([FILE_VARIABLE.to_string()]));
                found.mistakes.push(Mistake::Unknown { origin, name: name.clone(), mend });
            }
        }
    }
    for (name, option, text) in &arguments.values {
        if let Some(key) = KEYS.iter().find(|k| k.name == *name) {
            found.take(key, text, Origin::Argument(option));
        }
    }
    let config = &found.config;
    let incomplete = [
        ("object storage", config.files.missing()),
        ("sign-in by a provider", config.oidc.missing()),
        ("mail", config.mail.missing(config.public_url.is_some())),
    ];
    for (of, mut missing) in incomplete {
        // What is there and mistaken is told as that.
        missing.retain(|name| !found.is_mistaken(name));
        if !missing.is_empty() {
            found.mistakes.push(Mistake::Incomplete { of, missing });
        }
    }
    found
}

/// How to mend an unknown name.
fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> String {
    let known: Vec<String> = known.into_iter().collect();
    let near = known.iter().map(|k| (strsim::damerau_levenshtein(name, k), k)).filter(|(d, k)| *d <= 1 + k.len() / 4).min();
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("remove it; known are {}", known.join(", ")),
    }
}

/// A path written in a file, seen from the file's folder.
fn beside(file: &Path, text: &str) -> String {
    file.parent().unwrap_or(Path::new("")).join(text).display().to_string()
}

#[cfg(test)]
mod tests;
