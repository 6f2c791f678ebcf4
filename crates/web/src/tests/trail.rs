//! Readings are written down before they are shown, found again, and files are taken by their content.

use super::id_of;
use crate::testing::Portal;
use shirube_store::Store;

const TITLE: &str = "灯台の光を遠くまで届ける研究";

/// Somebody with the file and an SQLite shell.
fn break_trail(portal: &Portal) {
    let trail = rusqlite::Connection::open(portal.folder().join("trail.db")).unwrap();
    trail.execute_batch("DROP TABLE reading").unwrap();
}

#[test]
fn who_has_read_a_record_is_shown_and_leads_on() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", TITLE);
    let record = portal.page(&format!("/en/registers/project/{id}"));
    assert!(record.contains(&format!("/en/trail?register=project&amp;record={id}")), "the record leads to its readings");
    let page = portal.page(&format!("/en/trail?register=project&record={id}&only=readings"));
    assert!(page.contains(&format!("/en/registers/project/{id}")) && page.contains("owner"), "{page}");
    assert!(!portal.page("/en/trail?person=ann").contains(&format!("/en/registers/project/{id}")));
    let csv = portal.get("/trail/export/csv?only=readings").unwrap().text();
    let line = csv.lines().find(|line| line.contains(",record,")).unwrap();
    assert!(line.contains("owner") && line.contains("leader") && !csv.contains("灯台"), "{line}");
    let api: serde_json::Value = serde_json::from_slice(portal.get("/api/v1/trail?limit=5").unwrap().bytes_of()).unwrap();
    assert_eq!(api["acts"][0]["register"], "_trail", "looking is a reading itself");
    assert_eq!(api["acts"].as_array().unwrap().len(), 5);
    let next = portal.get(api["next"].as_str().unwrap()).unwrap();
    assert!(next.text().contains("acts"));
}

#[test]
fn what_cannot_be_written_down_is_not_shown_and_everything_else_is() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", TITLE);
    break_trail(&portal);
    for address in [format!("/registers/project/{id}"), format!("/api/v1/registers/project/records/{id}"), "/api/v1/snapshot".into()] {
        let refused = portal.get(&address).unwrap_err();
        assert_eq!(refused.status(), 503, "{address}");
        assert!(!format!("{refused:?}").contains("灯台"), "{refused:?}");
    }
    for open in ["/", "/registers", "/registers/hub", "/registers/project?columns=title,year", "/indicators"] {
        portal.page(open);
    }
}

#[test]
fn a_file_is_taken_by_its_content_and_refused_at_its_place() {
    let portal = Portal::desk();
    let fields = [("title", "x"), ("year", "2024"), ("stage", "basic")];
    for (name, bytes, found) in [
        ("a.txt", &b"<html><script>alert(1)</script>"[..], "text/html"),
        ("a.txt", b"MZ\x90\0", "executable"),
        ("a.txt", b"GIF89a......", "image/gif"),
    ] {
        let reply = portal.send_file("/en/registers/project/new", &fields, "report", name, bytes).unwrap();
        assert_eq!(reply.status(), 422, "{found}");
        assert!(reply.text().contains(found) && reply.text().contains("e-report"), "{found}: {}", reply.text());
    }
    let sent = portal.send_file("/en/registers/project/new", &fields, "report", "a.txt", b"plain words").unwrap();
    assert_eq!(sent.status(), 303);
}

#[test]
fn a_trail_of_what_was_asked_verifies() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", TITLE);
    (0..3).for_each(|_| drop(portal.page(&format!("/registers/project/{id}"))));
    let proof: serde_json::Value = serde_json::from_slice(portal.get("/api/v1/verify").unwrap().bytes_of()).unwrap();
    assert_eq!(proof["ok"], true);
    assert!(proof["readings"]["entries"].as_i64().unwrap() >= 3, "{proof}");
    let place = shirube_store::LogPlace::Folder;
    assert!(Store::verify_trail_beside(portal.folder(), &place, &shirube_store::Actor::owner()).unwrap().is_clean());
}
