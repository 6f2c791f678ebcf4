//! `shirube serve`: the portal.

use crate::Place;
use crate::address;
use crate::anchoring::Anchors;
use crate::config::{Config, LogFormat};
use crate::failure::Failure;
use crate::office::{self, Office};
use shirube_keyring::{Happening, Leaked, What};
use shirube_outbox::{Outbox, webhook::Webhooks};
use shirube_store::LogPlace;
use shirube_traces::Exporter;
use shirube_web::{Accounts, App, Jobs, Listeners, Notifier, Post, WayIn, Who};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tracing_subscriber::{Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Time for threads to end that did not end in theirs. What they acknowledge is on disk before they say so.
const LAST: Duration = Duration::from_secs(1);
/// Threads that a burst of changes has called for end when they had nothing to do for so long: each holds memory, and
/// they are called in turn, so that without this a trickle of requests keeps all of them.
const THREAD_REST: Duration = Duration::from_millis(100);

/// Serves until Ctrl-C or SIGTERM; answers and jobs under way have their time to end.
pub fn run(place: &Place, config: &Config) -> Result<ExitCode, Failure> {
    let exporter = log(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(THREAD_REST).build()?;
    // Its connections to PostgreSQL wait for the network when they close, which no thread of the runtime may: it is let go
    // of last, here.
    let mut held = None;
    let ended = runtime.block_on(async {
        // The addresses first: a taken port is said before the data folder is opened.
        let portal = bind(config.listen).await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        // It waits for the disk and the database, which a thread of the runtime may not do otherwise.
        let office = tokio::task::block_in_place(|| Office::open(place))?;
        let address = portal.local_addr()?;
        say!("{} / {}", office.pack.meta.label.ja, office.pack.meta.label.en);
        say!("http://{address}/  (English: http://{address}/en)  data: {}, log: {}", place.data.display(), office.store.log_place());
        config.doubts().iter().for_each(|doubt| tracing::warn!("{doubt}"));
        let at = address::of(config, address);
        let _left = tokio::task::block_in_place(|| address::leave(&place.data, &at))?;
        let jobs = Jobs::open(place.data.join("jobs"))?;
        let who = tokio::task::block_in_place(|| who(place, config, &office, &at))?;
        let app = Arc::new(App::new(office.store, jobs, config.site(), who));
        held = Some(Arc::clone(&app));
        let seq = app.store.head_seq();
        // Before anything outside can tell that it runs, and ask it to stop.
        let stopped = stopped()?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), pack = office.pack.meta.id, %address, seq, "ready");
        let anchors = Anchors::start(place, config, &app)?;
        let notifier = Notifier::start(&app)?;
        if !shirube_web::serve(Arc::clone(&app), Listeners { portal, metrics }, stopped).await {
            tracing::warn!("stopped with requests or jobs unfinished: their time was over");
        }
        tokio::task::block_in_place(|| drop((notifier, anchors)));
        tracing::info!(seq = app.store.head_seq(), "stopped");
        Ok(ExitCode::SUCCESS)
    });
    runtime.shutdown_timeout(LAST);
    drop(held);
    // After all that spans tell of.
    drop(exporter);
    ended
}

/// How the portal finds out who asks. Prints a way in where no owner can sign in: a link to `at`.
fn who(place: &Place, config: &Config, office: &Office, at: &str) -> Result<Who, Failure> {
    // A log with an owner is no trial, wherever it was brought from.
    let owned = config.accounts.is_none() && office.store.people()?.owners().next().is_some();
    if !config.has_accounts() && !owned {
        say!("trial: everyone who reaches this address may do everything; `accounts = \"on\"` in the settings makes people sign in");
        return Ok(Who::Trial);
    }
    // What happens to accounts goes to the log lines, without names.
    let listener = Box::new(|happening: Happening| {
        let from = happening.client.map(|address| address.to_string());
        let (what, more) = told(&happening.what);
        tracing::info!(account = happening.account.map(|account| account.0), from, what, more, "account");
    });
    let mut keyring = office::keyring(place, listener)?;
    if let Some(path) = &config.leaked_passwords {
        keyring = keyring.without_leaked(Leaked::open(path)?);
    }
    let outbox = match &place.log {
        LogPlace::Folder => Outbox::in_folder(&place.data)?,
        LogPlace::Postgres(server) => Outbox::in_postgres(server)?,
    };
    let networks = config.webhook_networks.clone();
    let webhooks = Webhooks::new(move |address| networks.iter().any(|network| network.holds(address)));
    let post = Post { outbox, mail: config.mail.mailer()?, webhooks };
    match shirube_web::way_in(&*office.store.people()?, &keyring)? {
        None => {}
        Some(WayIn { login: None, path }) => say!("no owner yet: within 24 hours open\n{}", super::link(at, &path)),
        Some(WayIn { login: Some(login), path }) => {
            say!("no owner can sign in: {login} chooses a new password within 24 hours at\n{}", super::link(at, &path));
        }
    }
    let https = config.site().https;
    let mut accounts = Accounts::new(keyring, post, &office.pack, https).map_err(|mistakes| Failure::PackMistakes(mistakes.len()))?;
    accounts.second_factor = config.second_factor;
    accounts.provider = config.oidc.provider();
    Ok(Who::Accounts(Box::new(accounts)))
}

/// What happened to an account as a log line has it: its name, and what else is told as `name=value`.
fn told(what: &What) -> (String, String) {
    let Ok(serde_json::Value::Object(mut told)) = serde_json::to_value(what) else { return Default::default() };
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let name = told.remove("what").as_ref().map(text).unwrap_or_default();
    let more = told.iter().map(|(name, value)| match (name.as_str(), value.as_i64()) {
        ("until" | "expires", Some(at)) if let Ok(at) = jiff::Timestamp::from_millisecond(at) => format!("{name}={at}"),
        _ => format!("{name}={}", text(value)),
    });
    (name, more.collect::<Vec<_>>().join(" "))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|cause| Failure::Listen { address, cause })
}

/// Log lines go to standard error, spans to a collector if there is one. They end up there until the exporter is dropped.
fn log(config: &Config) -> Result<Option<Exporter>, Failure> {
    let level = config.log_level;
    // Spans are no lines; without a collector they are not even made.
    let events = filter_fn(move |metadata| metadata.is_event() && *metadata.level() <= level).with_max_level_hint(level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_filter(events).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).with_filter(events).boxed(),
    };
    let (spans, exporter) = config.traces.as_ref().map(shirube_traces::to).transpose()?.unzip();
    tracing_subscriber::registry().with(lines).with(spans).init();
    Ok(exporter)
}

/// Ends when someone asks the program to stop, from now on.
#[cfg(unix)]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}

/// Ends when someone asks the program to stop.
#[cfg(not(unix))]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { tokio::signal::ctrl_c().await.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::told;
    use shirube_keyring::{Means, What};

    #[test]
    fn a_line_about_an_account_names_what_happened_and_what_belongs_to_it() {
        let line = |what| told(&what);
        assert_eq!(line(What::PasswordSet), ("PasswordSet".into(), String::new()));
        let signed_in = What::SignedIn { session: "s1".into(), means: Means::PasswordAndCode };
        assert_eq!(line(signed_in), ("SignedIn".into(), "means=password-and-code session=s1".into()));
        assert_eq!(line(What::Slowed { until: 0 }), ("Slowed".into(), "until=1970-01-01T00:00:00Z".into()));
    }
}
