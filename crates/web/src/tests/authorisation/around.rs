//! Ways round: what is not shown must not be found out by asking cleverly either.

use super::{ask, get, scene::Scene, words_in};
use crate::{error::Error, routes::Method, tests::accounts::text};
use shirube_access::RecordAction;
use shirube_record::Cell;
use shirube_store::{Actor, Command};

/// Ids of the records of a list, in its order.
fn ids(scene: &Scene, visitor: &str, query: &str) -> Vec<i64> {
    let reply = get(scene, scene.visitor(visitor), &format!("/api/v1/registers/case/records?limit=1000&{query}")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(reply.bytes_of()).unwrap();
    assert_eq!(json["total"]["count"].as_u64(), Some(json["records"].as_array().unwrap().len() as u64), "{query}");
    json["records"].as_array().unwrap().iter().map(|r| r["_id"].as_i64().unwrap()).collect()
}

#[test]
fn hidden_columns_neither_filter_nor_order_nor_are_found() {
    let scene = Scene::new();
    let everything = scene.portal.page("/about");
    assert!(words_in(everything.as_bytes()).is_empty());
    let blank = ids(&scene, "public", "sort=partner");
    let case = scene.records.iter().find(|r| r.id == blank[0]).unwrap();
    let owner = scene.portal.app.store.reader(&Actor::owner(), shirube_snapshot::AsOf::Head).unwrap();
    let content = owner.record("case", case.id).unwrap().unwrap().content;
    for column in ["memo", "code", "price", "contact", "shouted"] {
        let Some(Cell::Text(value)) = content.get(column) else { panic!("{column}") };
        for query in [format!("f.{column}={value}"), format!("f.{column}.ge=a"), format!("f.{column}.filled=1"), format!("q={value}")] {
            assert_eq!(ids(&scene, "public", &query), Vec::<i64>::new(), "{query}");
        }
        assert_eq!(ids(&scene, "public", &format!("f.{column}.blank=1&sort=partner")), blank, "{column}");
        // As by a column of blanks: up and down differ only as they do for any of them.
        let up = ids(&scene, "public", &format!("sort={column}"));
        assert_eq!(up, ids(&scene, "public", "sort=partner"), "{column}");
        assert_eq!(ids(&scene, "public", &format!("sort=-{column}")), ids(&scene, "public", "sort=-partner"), "{column}");
    }
}

#[test]
fn a_hidden_record_is_answered_as_one_that_is_not_there() {
    let scene = Scene::new();
    let reader = scene.visitor("reporter-b");
    let clearance = reader.clearance(true);
    let hidden = scene.records.iter().find(|r| r.register == "case" && !r.may(clearance, RecordAction::Read)).unwrap().id;
    for (method, end, body) in [
        (Method::Get, "", ""),
        (Method::Get, "/history", ""),
        (Method::Get, "/files/flyer", ""),
        (Method::Patch, "", r#"{"_reason":"r","title":"mine"}"#),
        (Method::Post, "/transitions/report", r#"{"_reason":"r"}"#),
    ] {
        let told = |id: i64| {
            let mut headers: Vec<(&'static str, &str)> = reader.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            headers.extend([("content-type", "application/json"), ("if-match", "\"1\"")]);
            let address = format!("/api/v1/registers/case/records/{id}{end}");
            format!("{:?}", scene.portal.ask(method, &address, &headers, body.to_string().into())).replace(&id.to_string(), "ID")
        };
        assert_eq!(told(hidden), told(999_999), "{method:?} {end}");
    }
}

/// Whose it was is gone with it, so that nothing is left by which those who could read it are told from others.
#[test]
fn an_erased_record_is_told_of_to_whoever_reads_the_whole_register_alone() {
    let mut scene = Scene::new();
    let at = scene.case("draft", Some(0), false);
    let id = scene.records[at].id;
    let erase = Command::Redact { register: "case".into(), record: id, scope: shirube_record::Scope::All, reason: "r".into() };
    scene.portal.app.store.submit(&Actor::owner(), erase).unwrap();
    let mut knowing = vec![];
    for visitor in scene.visitors.iter().filter(|v| v.kind != super::scene::Kind::Trial) {
        let all = visitor.clearance(true).rows("case") == shirube_access::Rows::All;
        if all {
            knowing.push(visitor.name);
        }
        for (method, address, body) in [
            (Method::Get, "/api/v1/registers/case/records/ID", ""),
            (Method::Get, "/api/v1/registers/case/records/ID/history", ""),
            (Method::Patch, "/api/v1/registers/case/records/ID", r#"{"_reason":"r","title":"mine"}"#),
            (Method::Post, "/api/v1/registers/case/records/ID/transitions/report", r#"{"_reason":"r"}"#),
            (Method::Post, "/api/v1/registers/case/records/ID/redactions", r#"{"_reason":"r","scope":"all"}"#),
            (Method::Get, "/registers/case/ID", ""),
            (Method::Get, "/registers/case/ID/amend", ""),
        ] {
            let told = |id: i64| {
                let mut headers: Vec<(&'static str, &str)> = visitor.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                headers.extend([("content-type", "application/json"), ("if-match", "\"1\"")]);
                let answer = scene.portal.ask(method, &address.replace("ID", &id.to_string()), &headers, body.to_string().into());
                let page = answer.as_ref().map(|reply| (reply.status(), reply.text()));
                format!("{page:?}").replace(&id.to_string(), "ID")
            };
            if !all {
                assert_eq!(told(id), told(999_999), "{} {method:?} {address}", visitor.name);
            } else if method == Method::Get && address.starts_with("/api") && !address.ends_with("history") {
                assert!(told(id).contains("redacted"), "{} {address}: {}", visitor.name, told(id));
            }
        }
    }
    assert!(knowing.iter().any(|name| name.starts_with("auditor")) && !knowing.iter().any(|name| name.starts_with("desk")), "{knowing:?}");
}

#[test]
fn files_references_and_keys_of_others_are_out_of_reach() {
    let scene = Scene::new();
    let reporter = scene.visitor("reporter-b");
    let create = |body: String, key: &str| {
        let mut headers: Vec<(&'static str, &str)> = reporter.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        headers.extend([("content-type", "application/json"), ("idempotency-key", key)]);
        scene.portal.ask(Method::Post, "/api/v1/registers/case/records", &headers, body.into())
    };
    let own = r#""company":"House B","company_number":"8000012010038""#;
    // Another house's partner may not be named.
    let partner = scene.records.iter().find(|r| r.register == "partner").unwrap().id;
    let named = create(format!("{{\"title\":\"x\",{own},\"partner\":{partner}}}"), "a").unwrap_err();
    let unknown = create(format!("{{\"title\":\"x\",{own},\"partner\":999999}}"), "b").unwrap_err();
    assert_eq!(format!("{named:?}").replace(&partner.to_string(), "999999"), format!("{unknown:?}"));
    // A value that must be unique is refused, without a word on whose it is.
    let title = scene.words.keys().next().unwrap();
    let Err(Error::Refused(taken)) = create(format!("{{\"title\":\"{title}\",{own}}}"), "c") else { panic!() };
    assert!(!format!("{taken:?}").contains("C-0"), "{taken:?}");
    // A record of another house is not made.
    let foreign = create(r#"{"title":"y","company":"House A","company_number":"7000012050002"}"#.to_string(), "d");
    assert!(matches!(foreign, Err(Error::Forbidden(_))), "{foreign:?}");
    // A key that somebody else has used makes a record of one's own.
    let body = format!("{{\"title\":\"keyed\",{own}}}");
    let mine = create(body.clone(), "k").unwrap();
    assert_eq!((mine.status(), create(body, "k").unwrap().status()), (201, 200));
    let other = r#"{"title":"of the secretariat"}"#;
    let secretariat = scene.visitor("secretariat-a");
    let mut headers: Vec<(&'static str, &str)> = secretariat.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    headers.extend([("content-type", "application/json"), ("idempotency-key", "k")]);
    let answer = scene.portal.ask(Method::Post, "/api/v1/registers/case/records", &headers, other.to_string().into());
    assert_eq!(answer.unwrap().status(), 201);
}

#[test]
fn who_knows_the_hash_of_a_file_cannot_have_it_by_naming_it() {
    let scene = Scene::new();
    let reporter = scene.visitor("reporter-b");
    let store = &scene.portal.app.store;
    let create = |title: &str, sha: &str, size: i64| {
        let mut headers: Vec<(&'static str, &str)> = reporter.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        headers.extend([("content-type", "application/json"), ("idempotency-key", title)]);
        let body = serde_json::json!({
            "title": title, "company": "House B", "company_number": "8000012010038",
            "flyer": "x.txt", "flyer_sha256": sha, "flyer_media": "text/plain", "flyer_size": size,
        });
        scene.portal.ask(Method::Post, "/api/v1/registers/case/records", &headers, body.to_string().into())
    };
    let refused = |answer: Result<crate::reply::Reply, Error>| matches!(&answer, Err(Error::Refused(why)) if why.code == "file-refused");
    // A confirmed case of another house, whose flyer everyone sees and whose contract is its own.
    let case = crate::tests::record(&scene.portal, "case", scene.records[2].id).content;
    let of = |column: &str| match (&case[&format!("{column}_sha256")], &case[&format!("{column}_size")]) {
        (Cell::Text(sha), Cell::Integer(size)) => (sha.clone(), *size),
        other => panic!("{other:?}"),
    };
    let ((flyer, flyer_size), (scan, scan_size)) = (of("flyer"), of("scan"));
    assert!(refused(create("named", &scan, scan_size)));
    assert_eq!(create("seen", &flyer, flyer_size).unwrap().status(), 201, "what one sees one may name");
    // What one has sent oneself, and nobody else.
    let field = scene.portal.app.pack.registers["case"].field("flyer").unwrap();
    let [own, other] = ["reporter-b", "reporter-a"].map(|name| Actor::person(scene.visitor(name).clearance(true).clone()));
    let mine = store.keep(&own, field, "x.txt", "text/plain", b"mine").unwrap();
    assert_eq!(create("mine", &mine, 4).unwrap().status(), 201);
    let theirs = store.keep(&other, field, "x.txt", "text/plain", b"theirs").unwrap();
    assert!(refused(create("theirs", &theirs, 6)));
    // What is said of it counts for nothing beside what was sent.
    let again = store.keep(&own, field, "x.csv", "text/csv", b"other").unwrap();
    let made = create("other", &again, 1_000_000).unwrap();
    let made: serde_json::Value = serde_json::from_slice(made.bytes_of()).unwrap();
    assert_eq!((made["flyer_media"].as_str(), made["flyer_size"].as_i64()), (Some("text/csv"), Some(5)));
}

/// What is left out of a form for being hidden is not lost when the form is sent.
#[test]
fn an_amendment_keeps_what_its_author_does_not_see() {
    let mut scene = Scene::new();
    let at = scene.case("confirmed", Some(0), false);
    let id = scene.records[at].id;
    let before = crate::tests::record(&scene.portal, "case", id).content;
    let desk = scene.visitor("desk-a");
    let form = get(&scene, desk, &format!("/en/registers/case/{id}/amend")).unwrap().text();
    assert!(form.contains("name=\"memo\"") && form.contains("stay as they are"));
    assert!(["price", "contact", "visits", "scan"].iter().all(|hidden| !form.contains(&format!("name=\"{hidden}"))));
    let body = format!(
        "_token={}&_version=1&_reason=r&title=other&year=2024&memo=new&code=c-1&company=House+A&company_number=7000012050002",
        desk.word
    );
    let sent = ask(&scene, desk, Method::Post, &format!("/registers/case/{id}/amend"), "application/x-www-form-urlencoded", &body).unwrap();
    assert_eq!(sent.status(), 303, "{}", sent.text());
    let after = crate::tests::record(&scene.portal, "case", id).content;
    assert_eq!(after["memo"], text("new"));
    for kept in ["price", "contact", "contact_email", "visits", "scan", "scan_sha256"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    // Nor can rows be sent past the form.
    let content = [("visits".to_string(), None)].into();
    let actor = Actor::person(desk.clearance(true).clone());
    let past = Command::Amend { register: "case".into(), record: id, version: 2, content, reason: Some("r".into()) };
    assert!(scene.portal.app.store.submit(&actor, past).is_err());
}

/// A right guess is answered as a wrong one: else whoever may amend a record would find out what they may not see.
#[test]
fn a_guess_at_a_hidden_value_tells_nothing() {
    let mut scene = Scene::new();
    let at = scene.case("confirmed", Some(0), false);
    let id = scene.records[at].id;
    let desk = scene.visitor("desk-a");
    let content = crate::tests::record(&scene.portal, "case", id).content;
    for column in ["price", "contact", "contact_email", "scan_sha256"] {
        let Cell::Text(right) = &content[column] else { panic!("{column}") };
        let guess = |value: serde_json::Value, more: Option<&str>| {
            let mut headers: Vec<(&'static str, &str)> = desk.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            headers.extend([("content-type", "application/json"), ("if-match", "\"1\"")]);
            let mut body = serde_json::json!({ "_reason": "r", column: value });
            body.as_object_mut().unwrap().extend(more.map(|memo| ("memo".to_string(), memo.into())));
            let address = format!("/api/v1/registers/case/records/{id}");
            format!("{:?}", scene.portal.ask(Method::Patch, &address, &headers, body.to_string().into()))
        };
        for more in [None, Some("new")] {
            let told = guess(right.as_str().into(), more);
            assert!(told.contains("Forbidden"), "{column}: {told}");
            // A wrong one has the form of a right one: what form a field has is no secret.
            let wrong = right.replacen(|first: char| first.is_ascii_alphanumeric(), if right.starts_with('1') { "2" } else { "1" }, 1);
            assert_eq!(told, guess(wrong.into(), more), "{column}");
            assert_eq!(told, guess(serde_json::Value::Null, more), "{column}");
        }
    }
    // By transitions neither.
    let at = scene.case("reported", Some(0), false);
    let (id, desk) = (scene.records[at].id, scene.visitor("desk-a"));
    let content = crate::tests::record(&scene.portal, "case", id).content;
    let actor = Actor::person(desk.clearance(true).clone());
    for value in [content["price"].clone(), text("zz")] {
        let content = [("price".to_string(), Some(value))].into();
        let (register, transition) = ("case".to_string(), "confirm".to_string());
        let moved = Command::Transition { register, record: id, version: 1, transition, content, reason: Some("r".into()) };
        let refused = scene.portal.app.store.submit(&actor, moved).unwrap_err();
        assert!(matches!(refused, shirube_store::StoreError::Denied { .. }), "{refused}");
    }
}
