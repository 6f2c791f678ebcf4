use super::{id_of, record};
use crate::testing::Portal;

fn shown(page: &str, title: &str) -> bool {
    page[page.find("<tbody>").unwrap_or(page.len())..].contains(title)
}

#[test]
fn a_list_is_searched_filtered_and_ordered_by_its_address() {
    let portal = Portal::desk();
    let all = portal.page("/registers/project");
    assert!(all.contains("3件") && shown(&all, "灯台") && shown(&all, "舟") && shown(&all, "例示の課題"));
    assert!(all.contains("class=\"demonstration\""), "demonstration records are marked");
    for (query, found, not) in [
        ("q=%E8%88%9F", "舟の揺れ", "灯台の光"),
        ("f.stage=basic", "灯台の光", "舟の揺れ"),
        ("f.stage=%E5%9F%BA%E7%A4%8E", "灯台の光", "舟の揺れ"),
        ("f.stage=basic&f.stage=practice", "例示の課題", "舟の揺れ"),
        ("f.budget.ge=1%2C000", "灯台の光", "舟の揺れ"),
        ("f.year.le=R4", "灯台の光", "舟の揺れ"),
        ("f.budget=(%E4%B8%8D%E6%98%8E)", "舟の揺れ", "灯台の光"),
        ("f.budget.blank=1", "舟の揺れ", "灯台の光"),
        ("f._state=adopted", "灯台の光", "舟の揺れ"),
        ("f._synthetic=1", "例示の課題", "舟の揺れ"),
        ("f.grants.amount.ge=1000", "灯台の光", "舟の揺れ"),
        ("f.title=%E6%8F%BA%E3%82%8C", "舟の揺れ", "灯台の光"),
    ] {
        let page = portal.page(&format!("/registers/project?{query}"));
        assert!(shown(&page, found) && !shown(&page, not), "{query}");
        assert!(page.contains("class=\"chips conditions\""), "{query} is named");
    }
    let hub = id_of(&portal, "hub", "東の拠点");
    let page = portal.page(&format!("/registers/project?f.hub={hub}"));
    assert!(shown(&page, "灯台の光") && !shown(&page, "舟の揺れ") && page.contains("拠点：H-01 東の拠点"));
    let by_title = portal.page("/registers/project?sort=title");
    assert!(by_title.find("例示の課題") < by_title.find("灯台の光を"));
    assert!(by_title.contains("aria-sort=\"ascending\"") && by_title.contains("sort=-title"));
}

#[test]
fn an_unknown_column_is_a_message_not_a_guess() {
    let portal = Portal::desk();
    for query in
        ["f.nothing=1", "sort=nothing", "columns=nothing", "f.title%27%20OR%201--=1", "sort=title%3BDROP", "f._missing=x", "titel=1"]
    {
        let error = portal.get(&format!("/registers/project?{query}")).unwrap_err();
        assert_eq!(error.status(), 400, "{query}");
        assert!(!error.problem().ja.is_empty());
    }
    let error = portal.get("/registers/project?f.budget.ge=lots").unwrap_err();
    assert!(error.problem().ja.contains("予算"));
}

#[test]
fn columns_are_chosen_and_pages_turned() {
    let portal = Portal::desk();
    let page = portal.page("/registers/project?columns=title&columns=people,hub");
    let head = &page[page.find("<thead>").unwrap()..page.find("</thead>").unwrap()];
    assert!(head.contains("人数") && head.contains("拠点") && !head.contains("予算"));
    let first = portal.page("/registers/project?size=2&sort=title");
    assert!(first.contains("rel=\"next\"") && !first.contains("rel=\"prev\"") && !shown(&first, "舟の揺れ"));
    let second = portal.page("/registers/project?size=2&sort=title&page=2");
    assert!(second.contains("rel=\"prev\"") && !second.contains("rel=\"next\"") && shown(&second, "舟の揺れ"));
    let beyond = portal.page("/registers/project?size=2&page=9");
    assert!(beyond.contains("最初のページへ"));
    assert!(!second.contains("name=\"page\""), "another moment begins with its first page");
}

#[test]
fn an_empty_list_says_why() {
    let portal = Portal::desk();
    assert!(portal.page("/registers/note").contains("まだ記録がありません"));
    assert!(portal.page("/registers/project?q=nothing-like-it").contains("条件に合う記録はありません"));
    assert!(portal.page("/en/registers/project?as_of=seq:0").contains("There were no records at this moment"));
}

#[test]
fn a_list_as_of_before_is_the_list_it_was() {
    let portal = Portal::desk();
    let rows = |page: &str| page[page.find("<tbody>").unwrap()..page.find("</tbody>").unwrap()].to_string();
    let seq = portal.app.store.head_seq();
    let address = "/registers/project?sort=title&columns=title,budget,_state,_version";
    let then = rows(&portal.page(address));
    let id = id_of(&portal, "project", "舟の揺れを抑える研究");
    portal.send(&format!("/registers/project/{id}/transitions/adopt"), &[("_version", "1")]).unwrap();
    portal.send("/registers/project/new", &[("title", "後から"), ("year", "2025"), ("stage", "basic")]).unwrap();
    let now = rows(&portal.page(address));
    assert_ne!(now, then);
    let again = rows(&portal.page(&format!("{address}&as_of=seq:{seq}")));
    assert_eq!(again.replace(&format!("?as_of=seq:{seq}"), ""), then);
    assert_eq!(record(&portal, "project", id).version, 2);
}

#[test]
fn search_finds_records_and_the_plan_and_says_where() {
    let portal = Portal::desk();
    let page = portal.page("/search?q=%E7%81%AF%E5%8F%B0");
    assert!(page.contains("<mark>灯台</mark>") && page.contains("/registers/project/"), "{page}");
    let page = portal.page("/search?q=%E7%A0%94%E7%A9%B6");
    for kind in ["/nodes/goal-1", "/indicators/projects", "/registers/project/", "/registers/hub\""] {
        assert!(page.contains(kind), "{kind}");
    }
    let id = id_of(&portal, "project", "舟の揺れを抑える研究");
    let _ = portal.send(&format!("/registers/project/{id}/transitions/adopt"), &[("_version", "1")]).unwrap();
    let page = portal.page("/search?q=%E5%BF%9C%E7%94%A8");
    assert!(page.contains("段階：<mark>応用</mark>"), "found by a field, which is named: {page}");
    assert!(portal.page("/en/search?q=zzzz").contains("Nothing found"));
    assert!(portal.page("/search").contains("name=\"q\""));
    let id = id_of(&portal, "project", "灯台の光を遠くまで届ける研究");
    portal.send(&format!("/registers/project/{id}/redact"), &[("_scope", "all"), ("_reason", "x"), ("_sure", "1")]).unwrap();
    assert!(!portal.page("/search?q=%E7%81%AF%E5%8F%B0%E3%81%AE%E5%85%89").contains(&format!("/registers/project/{id}")));
}

#[test]
fn what_is_on_screen_is_what_is_exported() {
    let portal = Portal::desk();
    let query = "f.stage=basic&f.stage=applied&sort=-title&columns=title,budget,hub,_state&size=1";
    let csv = portal.get(&format!("/registers/project/export/csv?{query}")).unwrap().text();
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 3, "all records of the list, not the page alone: {csv}");
    assert!(lines[0].starts_with("課題名,予算") && lines[0].contains("拠点") && !lines[0].contains("採択年度"), "{csv}");
    assert!(lines[1].starts_with("舟の揺れ") && lines[1].contains("(不明)") && lines[2].contains("東の拠点"), "{csv}");
    let english = portal.get(&format!("/en/registers/project/export/csv?{query}")).unwrap().text();
    assert!(english.contains("Title,Budget") && english.contains("(unknown)"));
    assert!(portal.get(&format!("/registers/project/export/xlsx?{query}")).unwrap().bytes_of().starts_with(b"PK"));
    let json: serde_json::Value =
        serde_json::from_str(&portal.get(&format!("/registers/project/export/json?{query}")).unwrap().text()).unwrap();
    assert!(json.to_string().contains("灯台の光"));
    for bad in ["export/pdf", "export/csv?f.nothing=1"] {
        assert_eq!(portal.get(&format!("/registers/project/{bad}")).unwrap_err().status(), 400, "{bad}");
    }
}
