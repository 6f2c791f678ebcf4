//! Every address for every kind of visitor: who comes there, and that no answer tells what is not for them.

mod around;
mod offers;
mod planting;
mod rules;
mod scene;
mod writes;

use crate::{
    error::Error,
    reply::Reply,
    routes::{Method, ROUTES, Route},
    text::L,
    url,
};
use axum::body::Bytes;
use rules::{About, Class, Rule, expected, rule};
use scene::{Kind, Scene, Visitor, words_in};
use shirube_access::RecordAction;
use shirube_plan::Lang;
use shirube_store::{Act, Actor, Look, Only};
use std::{collections::BTreeSet, io::Read};

/// A request as somebody sends it.
pub fn ask(scene: &Scene, visitor: &Visitor, method: Method, address: &str, kind: &str, body: &str) -> Result<Reply, Error> {
    let mut headers: Vec<(&'static str, &str)> = visitor.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    headers.push(("content-type", kind));
    scene.portal.ask(method, address, &headers, Bytes::from(body.to_string()))
}

pub fn get(scene: &Scene, visitor: &Visitor, address: &str) -> Result<Reply, Error> {
    ask(scene, visitor, Method::Get, address, "", "")
}

pub fn class(answer: &Result<Reply, Error>) -> Class {
    match answer {
        Ok(reply) if reply.status() == 404 => Class::Missing,
        Err(Error::NotFound(_)) => Class::Missing,
        Err(Error::SignIn) => Class::SignIn,
        Err(Error::Forbidden(_)) => Class::Forbidden,
        Err(Error::Internal(cause)) => panic!("a fault of ours: {cause}"),
        Ok(_) | Err(Error::BadRequest { .. } | Error::Moment(_) | Error::Refused(_) | Error::Method) => Class::Reached,
    }
}

/// Every word of ours that an answer holds: in its body, unpacked if it is an archive, in its headers, in its error.
pub fn told(answer: &Result<Reply, Error>) -> BTreeSet<String> {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) => {
            let both = [Lang::Ja, Lang::En].map(|lang| error.problem_json(L(lang), "").to_string());
            return words_in(both.concat().as_bytes());
        }
    };
    let mut words = words_in(format!("{:?} {:?} {:?}", reply.location(), reply.cookies(), reply.header("etag")).as_bytes());
    words.extend(words_in(reply.bytes_of()));
    if reply.bytes_of().starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(reply.bytes_of())).unwrap();
        for at in 0..archive.len() {
            let mut text = vec![];
            archive.by_index(at).unwrap().read_to_end(&mut text).unwrap();
            words.extend(words_in(&text));
        }
    }
    words
}

/// Addresses of a route with all there is to put into its pattern.
fn addresses(scene: &Scene, route: &Route) -> Vec<(String, About)> {
    let mut made = vec![(String::new(), About::default())];
    for segment in route.path.split('/').skip(1) {
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            made.iter_mut().for_each(|(address, _)| *address += &format!("/{segment}"));
            continue;
        };
        made = made
            .into_iter()
            .flat_map(|(address, about)| {
                values(scene, route, name, &about)
                    .into_iter()
                    .map(move |(value, about)| (format!("{address}/{}", url::segment(&value)), about))
            })
            .collect();
    }
    made
}

fn values(scene: &Scene, route: &Route, name: &str, about: &About) -> Vec<(String, About)> {
    let plain = |values: &[&str]| values.iter().map(|v| (v.to_string(), About { other: v.to_string(), ..about.clone() })).collect();
    let pack = &scene.portal.app.pack;
    match (name, route.name) {
        ("register", _) => {
            let of = |register: &String| (register.clone(), About { register: register.clone(), ..About::default() });
            pack.registers.keys().map(of).collect()
        }
        ("id", "node") => plain(&["goal-1"]),
        ("id", "indicator" | "indicator_download" | "api_indicator" | "api_values" | "api_derivation") => {
            plain(&["open", "inner", "secret", "none"])
        }
        ("id", "source") => plain(&["doc"]),
        ("id", _) => {
            // All accounts are alike but for their names.
            let own = scene.records.iter().enumerate().filter(|(_, r)| r.register == about.register && !r.erased);
            let own = own.take(if about.register.starts_with("office") { 3 } else { 100 });
            let of = |(at, r): (usize, &scene::Planted)| (r.id.to_string(), About { record: Some(at), ..about.clone() });
            own.map(of).chain([("999999".to_string(), about.clone())]).collect()
        }
        ("*id", _) => plain(&["none"]),
        ("column", _) => plain(&["flyer", "scan", "memo"]),
        ("transition", _) => {
            let names: BTreeSet<&str> =
                pack.registers[&about.register].transitions.iter().map(|t| t.name.as_str()).chain(["none"]).collect();
            plain(&names.into_iter().collect::<Vec<_>>())
        }
        ("period" | "from" | "to", _) => plain(&["first"]),
        ("source", _) => plain(&["doc"]),
        ("list", _) => plain(&["role", "purpose"]),
        ("format", "indicator_download") => vec![("csv".into(), about.clone()), ("json".into(), about.clone())],
        ("format", _) => vec![("csv".into(), about.clone()), ("xlsx".into(), about.clone()), ("json".into(), about.clone())],
        ("purpose", _) => plain(&["invitation", "recovery", "set-up"]),
        ("link", _) => plain(&["guessed"]),
        ("account", _) => {
            let account = scene.records.iter().find(|r| r.register == "office_account").unwrap().id.to_string();
            vec![(account, about.clone())]
        }
        ("job", _) => {
            let ids: Vec<&str> = scene.jobs.iter().map(|(id, _)| id.as_str()).chain(["abc"]).collect();
            plain(&ids)
        }
        (other, route) => panic!("nothing to put for {{{other}}} of the route “{route}”"),
    }
}

/// Whether an answer may tell of earlier versions.
fn tells_history(scene: &Scene, visitor: &Visitor, api: bool, route: &Route, about: &About) -> bool {
    let record = about.record.map(|at| &scene.records[at]);
    ["record", "api_history"].contains(&route.name) && record.is_some_and(|r| r.may(visitor.clearance(api), RecordAction::History))
}

/// The word in files that were sent; that others do not come to these jobs is seen from how they are answered.
const SENT: &str = "zq9999";

/// Words that an answer tells though it must not.
pub fn leaks(scene: &Scene, visitor: &Visitor, api: bool, earlier: bool, words: &BTreeSet<String>) -> Vec<String> {
    let mut leaks: Vec<String> = words.iter().filter(|w| !scene.may_be_told(w, visitor.clearance(api), earlier)).cloned().collect();
    // The pages call somebody who is signed in by their name.
    leaks.retain(|w| scene.name_of(visitor) != Some(w) && w != SENT);
    leaks
}

/// Records of which an answer told something personal or commercial that is not in the trail of readings.
fn unrecorded(scene: &Scene, visitor: &Visitor, route: &Route, words: &BTreeSet<String>) -> Vec<String> {
    let own_name = scene.name_of(visitor);
    let told: BTreeSet<String> = words.iter().filter(|w| own_name != Some(w.as_str())).cloned().collect();
    let mut told = scene.sensitive(&told);
    if told.is_empty() {
        return vec![];
    }
    let look = Look { only: Some(Only::Readings), limit: 40, ..Look::default() };
    let acts = scene.portal.app.store.trail(&Actor::owner(), &look).unwrap().acts;
    for act in acts {
        let Act::Read(entry) = act else { continue };
        let Some(entry_told) = entry.told.filter(|t| t.by == route.name) else { continue };
        told.retain(|(register, id)| *register != entry.register || !entry_told.shows(*id));
    }
    told.into_iter().map(|(register, id)| format!("{register} {id}")).collect()
}

/// Queries that draw out as much as can be.
fn queries(scene: &Scene, route: &Route, about: &About) -> Vec<String> {
    let fields = || {
        let fields = scene.portal.app.pack.registers[&about.register].fields.iter().map(|f| f.name.clone());
        fields.collect::<Vec<_>>().join(",")
    };
    match route.name {
        "register" => vec![String::new(), format!("?columns={}", fields())],
        "register_export" => vec![format!("?columns={}", fields())],
        "api_records" => vec!["?limit=1000".to_string()],
        "search" | "api_search" => vec!["?q=zq".to_string(), "?q=example.org".to_string()],
        "api_derivation" => vec!["?rows=10000".to_string()],
        _ => vec![String::new()],
    }
}

/// How the program answers readings; the words of every answer are looked at.
#[test]
fn every_address_is_answered_as_the_policies_say_and_tells_no_more() {
    let mut scene = Scene::new();
    scene.begin_jobs();
    let moments = scene.moments();
    let (mut asked, mut wrong) = (0_usize, BTreeSet::new());
    scene.for_everyone(|scene, visitor| {
        for route in ROUTES.iter().filter(|r| r.method == Method::Get) {
            let api = route.path.starts_with("/api/v1/");
            for (address, about) in addresses(scene, route) {
                let class_of = expected(scene, visitor, api, rule(route), &about);
                // Both languages come from one handler: of records, one in six is read in both.
                let both = route.languages && about.record.is_none_or(|at| at % 6 == 0);
                for query in queries(scene, route, &about) {
                    for prefix in if both { &["", "/en"][..] } else { &[""] } {
                        let at = format!("{prefix}{address}{query}");
                        let answer = get(scene, visitor, &at);
                        asked += 1;
                        let class = class(&answer);
                        if class != class_of && !(rule(route) == Rule::Open && visitor.kind == Kind::Trial) {
                            wrong.insert(format!("{} {} {at}: {class:?}, not {class_of:?}", route.name, visitor.name));
                        }
                        let earlier = tells_history(scene, visitor, api, route, &about);
                        let words = told(&answer);
                        for record in unrecorded(scene, visitor, route, &words) {
                            wrong.insert(format!("{} to {} at {at}: {record} is not in the trail", route.name, visitor.name));
                        }
                        for word in leaks(scene, visitor, api, earlier, &words) {
                            wrong.insert(format!("{} tells {} at {at}: {}", route.name, visitor.name, scene.describe(&word)));
                        }
                    }
                    // Earlier moments: what was to be read then, for who may read it as it was.
                    for moment in moments.iter().filter(|_| varies(scene, route, &about)) {
                        let at = format!("{address}{query}{}as_of=seq:{moment}", if query.is_empty() { "?" } else { "&" });
                        asked += 1;
                        for word in leaks(scene, visitor, api, true, &told(&get(scene, visitor, &at))) {
                            wrong.insert(format!("{} tells {} at {at}: {}", route.name, visitor.name, scene.describe(&word)));
                        }
                    }
                }
            }
        }
    });
    assert!(asked > 5_000, "{asked}");
    let told: Vec<String> = wrong.iter().take(200).cloned().collect();
    assert!(wrong.is_empty(), "{} of {asked} answers are wrong:\n{}", wrong.len(), told.join("\n"));
}

/// What differs from moment to moment.
fn varies(scene: &Scene, route: &Route, about: &About) -> bool {
    ["home", "register", "register_export", "search", "api_records", "api_search", "record", "api_record", "api_history", "api_derivation"]
        .contains(&route.name)
        && (about.register.is_empty() || about.register == "case")
        && about.record.is_none_or(|at| scene.records[at].versions.len() > 1)
}

/// Who may see nothing personal or commercial leaves no trail, whatever they ask.
#[test]
fn the_public_leaves_no_trail() {
    let scene = Scene::new();
    let public = scene.visitor("public");
    for route in ROUTES.iter().filter(|r| r.method == Method::Get) {
        for (address, about) in addresses(&scene, route) {
            for query in queries(&scene, route, &about) {
                let _ = get(&scene, public, &format!("{address}{query}"));
            }
        }
    }
    let look = Look { person: Some("public".into()), only: Some(Only::Readings), limit: 10, ..Look::default() };
    assert_eq!(scene.portal.app.store.trail(&Actor::owner(), &look).unwrap().acts, []);
}

/// The API, the files and the page of a record tell exactly what may be seen: not more, and not less.
#[test]
fn what_may_be_seen_is_shown() {
    let mut scene = Scene::new();
    scene.for_everyone(|scene, visitor| {
        let mut listed = BTreeSet::new();
        for (at, record) in scene.records.iter().enumerate().filter(|(_, r)| !r.register.starts_with("office")) {
            let place = format!("/api/v1/registers/{}/records/{}", record.register, record.id);
            let seen = scene.told_of(at, visitor.clearance(true));
            let answer = get(scene, visitor, &place);
            assert_eq!(told(&answer), seen, "{} {place}", visitor.name);
            if record.register == "case" {
                listed.extend(seen);
            }
            let page = get(scene, visitor, &format!("/registers/{}/{}", record.register, record.id));
            let missing: Vec<_> = scene.told_of(at, visitor.clearance(false)).difference(&told(&page)).cloned().collect();
            assert_eq!(missing, Vec::<String>::new(), "{} page of {place}", visitor.name);
        }
        if let Ok(reply) = get(scene, visitor, "/api/v1/registers/case/records?limit=1000") {
            assert_eq!(told(&Ok(reply)), listed, "{}", visitor.name);
        }
    });
}
