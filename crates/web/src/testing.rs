//! Small fictional packs for tests: every kind of thing once, English texts without Japanese.

#![allow(clippy::unwrap_used, clippy::panic)]

use crate::{
    App, Jobs, Site,
    ctx::Ctx,
    error::Error,
    notify::Post,
    reply::Reply,
    routes::{Method, ROUTES},
    url::{self, Query},
    who::{self, Accounts, NO_ACCOUNT, SecondFactor, Who},
};
use axum::body::Bytes;
use shirube_keyring::{Clock, ExposeSecret, Happening, Keyring, Limits, Purpose, What};
use shirube_outbox::{Outbox, webhook::Webhooks};
use shirube_plan::{Files, Lang, Pack, load};
use shirube_store::Store;
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(root, &path, files);
        } else if let (Ok(name), Ok(bytes)) = (path.strip_prefix(root), std::fs::read(&path)) {
            files.insert(name.to_string_lossy().into_owned(), bytes);
        }
    }
}

/// Loads it; a mistake in it fails the test.
pub fn pack() -> Pack {
    from_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pack"))
}

/// A desk's pack: every type of field, a lifecycle, groups, references.
pub fn desk() -> Pack {
    from_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/desk"))
}

/// A pack with policies: registers with owners, states, fields of every sensitivity.
pub fn guarded() -> Pack {
    from_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/access"))
}

/// The fictional city without records of its own: trees are public, volunteers are not, and figures on few of them
/// are suppressed.
pub fn city() -> Pack {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/fictional-city"));
    let mut files = Files::new();
    read(root, root, &mut files);
    files.retain(|path, _| !path.starts_with("records/volunteer"));
    loaded(&files)
}

fn from_folder(folder: &str) -> Pack {
    let root = Path::new(folder);
    let mut files = Files::new();
    read(root, root, &mut files);
    loaded(&files)
}

fn loaded(files: &Files) -> Pack {
    let (pack, mistakes) = load(files);
    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    pack
}

/// A portal over a store that is thrown away.
pub struct Portal {
    pub app: App,
    folder: tempfile::TempDir,
    happened: Arc<Mutex<Vec<Happening>>>,
}

impl Portal {
    /// Opens a pack with its own records.
    pub fn open(pack: Pack) -> Portal {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(pack)).unwrap();
        let jobs = Jobs::open(folder.path().join("jobs")).unwrap();
        let site = Site { data: folder.path().to_path_buf(), ..Site::default() };
        Portal { app: App::new(store, jobs, site, Who::Trial), folder, happened: Arc::default() }
    }

    /// Opens a pack with accounts: whoever makes the first owner has the link.
    pub fn with_accounts(pack: Pack) -> (Portal, String) {
        Portal::with_accounts_by(pack, Clock::system())
    }

    /// The same by a clock of one's own.
    pub fn with_accounts_by(pack: Pack, clock: Clock) -> (Portal, String) {
        let portal = Portal::over(tempfile::tempdir().unwrap(), Arc::new(pack), clock);
        let keyring = &portal.app.who.accounts().unwrap().keyring;
        let link = keyring.make_link(Purpose::SetUp, NO_ACCOUNT, "", Duration::from_secs(3600)).unwrap();
        let link = link.expose_secret().to_string();
        (portal, link)
    }

    /// The same folder after the program was stopped and started.
    pub fn restarted(self) -> Portal {
        let (pack, folder) = (Arc::clone(&self.app.pack), self.folder);
        drop(self.app);
        Portal::over(folder, pack, Clock::system())
    }

    fn over(folder: tempfile::TempDir, pack: Arc<Pack>, clock: Clock) -> Portal {
        let store = Store::open(folder.path(), Arc::clone(&pack)).unwrap();
        let jobs = Jobs::open(folder.path().join("jobs")).unwrap();
        let site = Site { data: folder.path().to_path_buf(), ..Site::default() };
        let happened: Arc<Mutex<Vec<Happening>>> = Arc::default();
        let hears = Arc::clone(&happened);
        let listener = Box::new(move |happening| hears.lock().unwrap().push(happening));
        let keyring = Keyring::in_folder(folder.path(), Limits::default(), clock, listener).unwrap();
        let post = Post { outbox: Outbox::in_folder(folder.path()).unwrap(), mail: None, webhooks: Webhooks::new(|_| false) };
        let mut accounts = Accounts::new(keyring, post, &pack, false).unwrap();
        // Tests of what people may do sign in by password; those of the second factor demand it.
        accounts.second_factor = SecondFactor::Optional;
        let app = App::new(store, jobs, site, Who::Accounts(Box::new(accounts)));
        Portal { app, folder, happened }
    }

    /// A portal over the desk's pack.
    pub fn desk() -> Portal {
        Portal::open(desk())
    }

    /// The portal and its folder, for serving it.
    pub fn into_parts(self) -> (App, tempfile::TempDir) {
        (self.app, self.folder)
    }

    /// What the lines about accounts have told since this was last asked: the account and what happened.
    pub fn happened(&self) -> Vec<(Option<i64>, What)> {
        self.happened.lock().unwrap().drain(..).map(|happening| (happening.account.map(|a| a.0), happening.what)).collect()
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks for a page.
    pub fn get(&self, address: &str) -> Result<Reply, Error> {
        self.ask(Method::Get, address, &[], Bytes::new())
    }

    /// The text of a page that must be there.
    pub fn page(&self, address: &str) -> String {
        let reply = self.get(address).unwrap_or_else(|e| panic!("{address}: {e}"));
        assert_eq!(reply.status(), 200, "{address}");
        reply.text()
    }

    /// Sends a form with the portal's own token.
    pub fn send(&self, address: &str, pairs: &[(&str, &str)]) -> Result<Reply, Error> {
        let mut body = format!("_token={}", self.app.token.word());
        for (name, text) in pairs {
            body.push_str(&format!("&{}={}", url::value(name), url::value(text)));
        }
        self.ask(Method::Post, address, &[("content-type", "application/x-www-form-urlencoded")], body.into())
    }

    /// Sends a form with a file.
    pub fn send_file(&self, address: &str, pairs: &[(&str, &str)], control: &str, name: &str, bytes: &[u8]) -> Result<Reply, Error> {
        let mut body = vec![];
        for (name, text) in pairs.iter().chain(&[("_token", self.app.token.word())]) {
            body.extend(format!("--xx\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").into_bytes());
        }
        body.extend(format!("--xx\r\ncontent-disposition: form-data; name=\"{control}\"; filename=\"{name}\"\r\n\r\n").into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n--xx--\r\n");
        self.ask(Method::Post, address, &[("content-type", "multipart/form-data; boundary=xx")], body.into())
    }

    /// Asks with any method, headers and body.
    pub fn ask(&self, method: Method, address: &str, headers: &[(&'static str, &str)], body: Bytes) -> Result<Reply, Error> {
        let uri: axum::http::Uri = address.parse().unwrap();
        let (lang, path) = match uri.path().strip_prefix("/en") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => (Lang::En, if rest.is_empty() { "/" } else { rest }),
            _ => (Lang::Ja, uri.path()),
        };
        let (route, params) = ROUTES
            .iter()
            .filter(|r| r.method == method)
            .filter_map(|r| Some((r, fits(r.path, path)?)))
            // As the router does: a fixed segment goes before a parameter.
            .min_by_key(|(r, _)| r.path.split('/').map(|s| s.starts_with('{')).collect::<Vec<_>>())
            .unwrap_or_else(|| panic!("no route for {address}"));
        let mut cx = Ctx::new(lang, path, Query(url::form_pairs(uri.query().unwrap_or_default())))?;
        cx.params = params;
        cx.body = body;
        for (name, value) in headers {
            cx.headers.insert(*name, value.parse().unwrap());
        }
        let kind = (method == Method::Get, path.starts_with("/api/"));
        cx.asking = self.app.who.is_asking(&self.app.store, &cx.headers, None, self.app.token.word(), kind)?.at(route.name);
        let cookie = cx.asking.renewed.take();
        who::answer(route, &self.app, &cx).map(|reply| who::renewed(reply, cookie))
    }
}

/// Parameters of a path that has a pattern's form.
fn fits(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| url::form_pairs(&text.replace('+', "%2B")).pop().map(|p| p.0).unwrap_or_default();
    let mut params = vec![];
    let mut rest = path.split('/');
    for segment in pattern.split('/') {
        if let Some(name) = segment.strip_prefix("{*").and_then(|s| s.strip_suffix('}')) {
            let tail: Vec<&str> = rest.collect();
            params.push((name.to_string(), decode(&tail.join("/"))));
            return Some(params);
        }
        let part = rest.next()?;
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(name) => params.push((name.to_string(), decode(part))),
            None if segment == part => {}
            None => return None,
        }
    }
    rest.next().is_none().then_some(params)
}
