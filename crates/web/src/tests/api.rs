use super::id_of;
use crate::{
    error::Error,
    reply::Reply,
    routes::Method,
    testing::{self, Portal},
    text::L,
};
use axum::body::Bytes;
use serde_json::{Value, json};
use shirube_plan::Lang;

fn get(portal: &Portal, address: &str) -> Value {
    serde_json::from_str(&portal.get(address).unwrap_or_else(|e| panic!("{address}: {e}")).text()).unwrap()
}

fn ask(portal: &Portal, method: Method, address: &str, headers: &[(&'static str, &str)], body: &Value) -> Result<Reply, Error> {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    portal.ask(method, address, &headers, Bytes::from(body.to_string()))
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.text()).unwrap()
}

/// Status, code and places of a problem.
fn problem(result: Result<Reply, Error>) -> (u16, String, Vec<String>) {
    let error = result.unwrap_err();
    let json = error.problem_json(L(Lang::En), "/api");
    for member in ["type", "title", "detail", "code", "mend"] {
        assert!(!json[member].as_str().unwrap().is_empty(), "{member}");
    }
    let places = json["errors"].as_array().map(|e| e.iter().map(|e| e["column"].as_str().unwrap().to_string()).collect());
    (error.status(), json["code"].as_str().unwrap().to_string(), places.unwrap_or_default())
}

const RECORDS: &str = "/api/v1/registers/project/records";

#[test]
fn a_record_is_created_read_amended_moved_and_erased() {
    let portal = Portal::desk();
    let new = json!({ "title": "API", "year": "令和6年度", "stage": "基礎", "budget": 1500, "areas": ["a", "舟"], "leader": "秘密 太郎", "hub": "H-01" });
    let reply = ask(&portal, Method::Post, RECORDS, &[], &new).unwrap();
    assert_eq!((reply.status(), reply.header("etag")), (201, Some("\"1\"")));
    let created = json_of(&reply);
    let here = format!("{RECORDS}/{}", created["_id"]);
    assert_eq!(reply.header("location"), Some(here.as_str()));
    assert_eq!(get(&portal, &here), created);
    assert_eq!((&created["year"], &created["areas"], &created["rich"]), (&json!(2024), &json!(["a", "b"]), &json!(1)));

    let change = json!({ "budget": 900, "summary": "概要", "areas": null, "_reason": "額の確定" });
    let amended = json_of(&ask(&portal, Method::Patch, &here, &[("if-match", "\"1\"")], &change).unwrap());
    assert_eq!((&amended["_version"], &amended["budget"], &amended["rich"]), (&json!(2), &json!(900), &json!(0)));
    assert!(amended.get("areas").is_none());

    let moved = ask(&portal, Method::Post, &format!("{here}/transitions/close"), &[("if-match", "2")], &json!({ "ended_on": "R7.3.31" }));
    assert_eq!(json_of(&moved.unwrap())["_state"], "closed");

    let history = get(&portal, &format!("{here}/history"));
    let kinds: Vec<&str> = history["versions"].as_array().unwrap().iter().map(|v| v["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["create", "amend", "transition"]);
    assert_eq!(history["versions"][1]["reason"], "額の確定");
    let earlier = get(&portal, &format!("{here}?as_of=seq:{}", created["_seq"]));
    assert_eq!(earlier["budget"], 1500);

    let personal = json!({ "scope": "personal", "_reason": "求め" });
    let erased = json_of(&ask(&portal, Method::Post, &format!("{here}/redactions"), &[], &personal).unwrap());
    assert!(erased.get("leader").is_none() && erased["summary"] == "概要");
    ask(&portal, Method::Post, &format!("{here}/redactions"), &[], &json!({ "scope": "all", "_reason": "誤り" })).unwrap();
    assert_eq!(problem(portal.get(&here)), (410, "redacted".into(), vec![]));
    assert!(!portal.get(&format!("{here}/history")).unwrap().text().contains("概要"));
    assert_eq!(get(&portal, "/api/v1/verify")["ok"], true);
}

#[test]
fn what_is_over_is_dropped_while_the_portal_runs_if_it_is_meant() {
    let mut pack = testing::desk();
    pack.registers.get_mut("project").unwrap().retention.personal = Some(0);
    let portal = Portal::open(pack);
    let new = json!({ "title": "期限", "year": 2024, "stage": "basic", "leader": "秘密 太郎", "summary": "概要" });
    let created = json_of(&ask(&portal, Method::Post, RECORDS, &[], &new).unwrap());
    let here = format!("{RECORDS}/{}", created["_id"]);
    std::thread::sleep(std::time::Duration::from_millis(5));
    let over = get(&portal, "/api/v1/retention");
    let records = over["personal"][0]["records"].as_u64().unwrap();
    assert!(over["personal"][0]["register"] == "project" && records > 0 && over["unfinished"] == false, "{over}");
    let drop = |body: Value| ask(&portal, Method::Post, "/api/v1/retention", &[], &body);
    for unmeant in [json!({}), json!({ "now": false }), json!({ "now": "true" })] {
        assert_eq!(problem(drop(unmeant)).0, 400);
    }
    assert_eq!(get(&portal, "/api/v1/retention"), over, "nothing was dropped");
    assert_eq!(json_of(&drop(json!({ "now": true })).unwrap()), over);
    let kept = get(&portal, &here);
    assert!(kept.get("leader").is_none() && kept["summary"] == "概要", "{kept}");
    assert_eq!(get(&portal, "/api/v1/retention"), json!({ "readings": [], "personal": [], "unfinished": false }));
    assert_eq!(get(&portal, "/api/v1/verify")["ok"], true);
}

#[test]
fn problems_have_a_stable_code_and_a_place() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", "舟の揺れを抑える研究");
    let here = format!("{RECORDS}/{id}");
    let patch = |headers: &[(&'static str, &str)], body: Value| problem(ask(&portal, Method::Patch, &here, headers, &body));
    let invalid = |places: &[&str]| (422, "invalid".to_string(), places.iter().map(|p| p.to_string()).collect::<Vec<_>>());

    assert_eq!(patch(&[], json!({ "people": 3, "_reason": "r" })).1, "if-match-required");
    assert_eq!(patch(&[("if-match", "\"9\"")], json!({ "people": 3, "_reason": "r" })).0, 412);
    assert_eq!(patch(&[("if-match", "W/x")], json!({ "people": 3, "_reason": "r" })).0, 400);
    assert_eq!(patch(&[("if-match", "\"1\"")], json!({ "people": 3 })).1, "reason-required");
    assert_eq!(patch(&[("if-match", "\"1\"")], json!({ "_reason": "r" })).1, "nothing-changed");
    assert_eq!(patch(&[("if-match", "\"1\"")], json!({ "people": 501, "nothing": 1, "_reason": "r" })), invalid(&["nothing"]));
    assert_eq!(patch(&[("if-match", "\"1\"")], json!({ "people": 501, "_reason": "r" })), invalid(&["people"]));
    let create = |body: Value| problem(ask(&portal, Method::Post, RECORDS, &[], &body));
    assert_eq!(create(json!({ "title": "x" })), invalid(&["year", "stage"]));
    assert_eq!(create(json!({ "title": "舟の揺れを抑える研究", "year": 2024, "stage": "basic" })), invalid(&["title"]));
    assert_eq!(create(json!({ "title": "x", "year": 2024, "stage": "basic", "_version": 1 })), invalid(&["_version"]));
    assert_eq!(create(json!([1])).0, 400);
    let text = portal.ask(Method::Post, RECORDS, &[("content-type", "text/plain")], Bytes::from_static(b"{}"));
    assert_eq!(problem(text), (415, "not-json".into(), vec![]));
    assert_eq!(problem(portal.get("/api/v1/registers/none/records/1")).0, 404);
    assert_eq!(problem(portal.get(&format!("{RECORDS}/0"))).0, 404);
    assert_eq!(problem(portal.get("/api/v1/figures?sorce=doc")).0, 400);
    assert_eq!(problem(portal.get("/api/v1/figures?limit=0")).0, 400);
    assert_eq!(problem(portal.get("/api/v1/figures?cursor=x")).0, 400);
    assert_eq!(problem(portal.get("/api/v1/pack?as_of=yesterday")).0, 400);
    assert_eq!(problem(portal.get("/api/v1/indicators/projects/values?if.growth=1")).0, 400);
}

#[test]
fn a_creation_sent_twice_with_one_key_creates_once() {
    let portal = Portal::desk();
    let new = json!({ "title": "一度だけ", "year": 2024, "stage": "basic" });
    let key = [("idempotency-key", "abc")];
    let first = ask(&portal, Method::Post, RECORDS, &key, &new).unwrap();
    let second = ask(&portal, Method::Post, RECORDS, &key, &new).unwrap();
    assert_eq!((first.status(), second.status()), (201, 200));
    assert_eq!(json_of(&first)["_id"], json_of(&second)["_id"]);
    let other = json!({ "title": "別", "year": 2024, "stage": "basic" });
    assert_eq!(problem(ask(&portal, Method::Post, RECORDS, &key, &other)).1, "key-reused");
}

#[test]
fn the_plan_and_its_figures_are_read_in_parts() {
    let portal = Portal::open(crate::testing::pack());
    assert_eq!(get(&portal, "/api/v1/pack")["id"], "lamp-city");
    assert_eq!(get(&portal, "/api/v1/plan")["periods"][0]["nodes"][0]["id"], "a-mission");
    assert_eq!(get(&portal, "/api/v1/codes/field")["codes"][0]["code"], "sea");
    assert!(get(&portal, "/api/v1/sources/doc")["text"].as_str().unwrap().contains("灯台市年報"));
    let mut ids = vec![];
    let mut next = Some("/api/v1/figures?limit=2".to_string());
    while let Some(address) = next {
        let page = get(&portal, &address);
        ids.extend(page["figures"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_string()));
        next = page["next"].as_str().map(str::to_string);
    }
    assert_eq!(ids.len(), portal.app.pack.figures.len());
    assert_eq!(get(&portal, "/api/v1/figures/doc/lamps-register@2022")["audit"]["verdict"], "differs");
    assert_eq!(get(&portal, "/api/v1/indicators?kind=kpi")["indicators"].as_array().unwrap().len(), 1);
    let values = get(&portal, "/api/v1/indicators/lamps-goal/values?if.growth=10");
    assert_eq!(values["overrides"]["growth"], 10.0);
    assert_ne!(values["observations"], get(&portal, "/api/v1/indicators/lamps-goal/values")["observations"]);
    assert_eq!(get(&portal, "/api/v1/indicators/lamps-check/derivation")["steps"][0]["name"], "lamps");
    assert!(get(&portal, "/api/v1/audit?verdict=differs")["lines"].as_array().unwrap().iter().all(|l| l["verdict"] == "differs"));
    assert_eq!(get(&portal, "/api/v1/registers")["registers"][0]["records"], 3);
    assert_eq!(get(&portal, "/api/v1/health")["status"], "ok");
}

#[test]
fn a_list_goes_on_at_the_moment_it_began() {
    let portal = Portal::desk();
    let first = get(&portal, &format!("{RECORDS}?limit=2&sort=title&columns=title,budget"));
    assert_eq!((&first["total"]["count"], &first["total"]["exact"]), (&json!(3), &json!(true)));
    assert!(first["records"][0].get("stage").is_none() && first["records"][0].get("_version").is_some());
    ask(&portal, Method::Post, RECORDS, &[], &json!({ "title": "あああ", "year": 2025, "stage": "basic" })).unwrap();
    let second = get(&portal, first["next"].as_str().unwrap());
    let titles: Vec<&str> =
        [&first, &second].iter().flat_map(|p| p["records"].as_array().unwrap()).map(|r| r["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["例示の課題", "灯台の光を遠くまで届ける研究", "舟の揺れを抑える研究"]);
    assert!(second["next"].is_null());
    assert_eq!(get(&portal, &format!("{RECORDS}?f.year.ge=R7&f.stage=%E5%9F%BA%E7%A4%8E"))["records"][0]["title"], "あああ");
    for query in ["f.nothing=1", "sort=nothing", "limit=1001", "cursor=5", "f.year.ge=x"] {
        assert_eq!(problem(portal.get(&format!("{RECORDS}?{query}"))).0, 400, "{query}");
    }
}

#[test]
fn search_and_snapshots_are_there_for_programs_too() {
    let portal = Portal::desk();
    let hits = get(&portal, "/api/v1/search?q=%E7%81%AF%E5%8F%B0")["hits"].clone();
    assert!(hits.as_array().unwrap().iter().any(|h| h["kind"] == "record" && h["register"] == "project"), "{hits}");
    let lines = get(&Portal::open(crate::testing::pack()), "/api/v1/search?q=%E6%A1%9F%E6%A9%8B")["hits"].clone();
    let kinds: Vec<&str> = lines.as_array().unwrap().iter().filter_map(|h| h["kind"].as_str()).collect();
    assert!(kinds.contains(&"progress") && kinds.contains(&"line"), "{lines}");
    assert_eq!(lines.as_array().unwrap().iter().find(|h| h["kind"] == "line").unwrap()["line"], 11);
    assert_eq!(problem(portal.get("/api/v1/search")).0, 400);
    let file = portal.get("/api/v1/snapshot").unwrap();
    assert!(file.bytes_of().starts_with(b"SQLite format 3"));
    assert!(
        !std::fs::read_dir(portal.folder().join("jobs")).unwrap().flatten().any(|e| e.file_name().to_string_lossy().contains("scratch"))
    );
}
