use super::{id_of, record, sent_to};
use crate::testing::Portal;
use shirube_record::Cell;
use shirube_store::{Actor, Command};

const NEW: &[(&str, &str)] =
    &[("title", "新しい課題"), ("year", "R6"), ("stage", "basic"), ("budget", "1.5億"), ("budget_currency", "JPY")];

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

/// Creates a record and gives its id.
fn create(portal: &Portal, pairs: &[(&str, &str)]) -> i64 {
    let reply = portal.send("/registers/project/new", pairs).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    sent_to(reply.location())
}

/// The fields of a record's form as a browser would send them back.
fn form_of(page: &str) -> Vec<(String, String)> {
    let mut pairs = vec![];
    let value = |tag: &str, name: &str| {
        let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(tag[at..at + tag[at..].find('"')?].replace("&quot;", "\"").replace("&amp;", "&"))
    };
    let body = &page[page.find("class=\"record-form\"").unwrap()..];
    for tag in body.split('<').skip(1) {
        let Some(name) = value(tag, "name") else { continue };
        if tag.starts_with("input") && !name.starts_with("_token") {
            let kind = value(tag, "type").unwrap_or_default();
            if !["radio", "checkbox", "file"].contains(&kind.as_str()) || tag.contains(" checked") {
                pairs.push((name, value(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            pairs.push((name, tag[tag.find('>').unwrap() + 1..].trim_start_matches('\n').to_string()));
        }
    }
    pairs
}

fn set<'a>(pairs: &'a [(String, String)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = pairs.iter().filter(|(n, _)| !changes.iter().any(|(c, _)| c == n)).map(|(n, v)| (n.as_str(), v.as_str()));
    kept.chain(changes.iter().copied()).collect()
}

#[test]
fn a_form_creates_a_record_and_says_so() {
    let portal = Portal::desk();
    let blank = portal.page("/en/registers/project/new");
    assert!(blank.contains("Title") && blank.contains("name=\"grants.1.fiscal_year\""));
    let reply = portal.send("/en/registers/project/new", NEW).unwrap();
    let location = reply.location().unwrap();
    assert!(location.starts_with("/en/registers/project/") && location.ends_with("?done=created"), "{location}");
    let page = portal.page(location);
    assert!(
        page.contains("Saved, in its first state.") && page.contains("150,000,000") && page.contains("FY2024") && page.contains("P-"),
        "{page}"
    );
    let saved = record(&portal, "project", sent_to(Some(location)));
    assert_eq!((saved.state.as_deref(), saved.version), (Some("draft"), 1));
}

#[test]
fn what_the_codes_of_a_choice_mean_is_told_below_it() {
    let portal = Portal::desk();
    let page = portal.page("/en/registers/office_membership/new");
    let told = page.split("<details class=\"meanings\">").nth(1).unwrap().split("</details>").next().unwrap();
    assert!(told.contains("<dt>Reporter</dt><dd>Reports the records of their own organisation.</dd>"), "{told}");
    assert!(portal.page("/registers/office_membership/new").contains("<dd>自組織の記録を報告する。</dd>"));
    assert!(!portal.page("/registers/project/new").contains("class=\"meanings\""), "these lists say nothing");
}

#[test]
fn bad_input_keeps_everything_that_was_typed() {
    let portal = Portal::desk();
    let before = portal.app.store.head_seq();
    let typed = [
        ("title", ""),
        ("summary", "概要 <b>&amp;"),
        ("year", "去年"),
        ("started_on", "令和5年4月1日"),
        ("budget", "たくさん"),
        ("budget_currency", "USD"),
        ("people", "501"),
        ("joint", "1"),
        ("area", "e"),
        ("areas", "b"),
        ("areas", "g"),
        ("stage", "practice"),
        ("hub", "H-99"),
        ("leader", "試験 花子"),
        ("leader_email", "hanako"),
        ("_missing.share", "suppressed"),
        ("grants.1.fiscal_year", "2020"),
        ("grants.2.amount", "5円玉"),
    ];
    let reply = portal.send("/registers/project/new", &typed).unwrap();
    assert_eq!(reply.status(), 422);
    let page = reply.text();
    for id in ["title", "year", "budget", "people", "hub", "leader_email", "grants.2.amount", "grants.2.fiscal_year"] {
        assert!(page.contains(&format!("href=\"#f-{id}\"")), "the summary leads to {id}");
        assert!(page.contains(&format!("id=\"f-{id}\"")), "{id} is there to be led to");
        assert!(page.contains(&format!("id=\"e-{id}\"")), "{id} says what is wrong");
    }
    for kept in [
        "概要 &lt;b&gt;&amp;amp;",
        "value=\"去年\"",
        "value=\"令和5年4月1日\"",
        "value=\"たくさん\"",
        "value=\"USD\"",
        "value=\"501\"",
        "name=\"joint\" value=\"1\" checked",
        "value=\"e\" selected",
        "name=\"areas\" value=\"b\" checked",
        "name=\"areas\" value=\"g\" checked",
        "name=\"stage\" value=\"practice\" checked",
        "value=\"H-99\"",
        "value=\"試験 花子\"",
        "value=\"hanako\"",
        "value=\"suppressed\" selected",
        "name=\"grants.1.fiscal_year\" value=\"2020\"",
        "name=\"grants.2.amount\" value=\"5円玉\"",
    ] {
        assert!(page.contains(kept), "{kept} is lost");
    }
    assert_eq!(portal.app.store.head_seq(), before, "nothing was written");
}

#[test]
fn the_rules_only_the_store_knows_stand_at_their_field_too() {
    let portal = Portal::desk();
    let taken = [("title", "舟の揺れを抑える研究"), ("year", "2024"), ("stage", "basic")];
    let reply = portal.send("/registers/project/new", &taken).unwrap();
    assert_eq!(reply.status(), 422);
    assert!(reply.text().contains("id=\"e-title\""));
    let upside_down = [("title", "x"), ("year", "2024"), ("stage", "basic"), ("started_on", "2024-05-02"), ("ended_on", "2024-05-01")];
    let page = portal.send("/en/registers/project/new", &upside_down).unwrap().text();
    assert!(page.contains("id=\"e-ended_on\"") && page.contains("A project ends after it starts."));
}

#[test]
fn rows_are_added_and_removed_without_a_script() {
    let portal = Portal::desk();
    let with = |button: (&'static str, &'static str)| {
        let typed = [("title", "x"), ("grants.1.fiscal_year", "2020"), ("grants.2.fiscal_year", "2021"), button];
        portal.send("/registers/project/new", &typed).unwrap()
    };
    let added = with(("_add", "grants"));
    assert_eq!(added.status(), 200);
    assert!(added.text().contains("name=\"grants.3.fiscal_year\"") && added.text().contains("value=\"2021\""));
    let removed = with(("_remove", "grants.1")).text();
    assert!(!removed.contains("value=\"2020\"") && removed.contains("name=\"grants.1.fiscal_year\" value=\"2021\""));
    assert!(!removed.contains("name=\"grants.2.fiscal_year\""));
}

#[test]
fn a_reference_is_chosen_by_number_name_or_search() {
    let portal = Portal::desk();
    let hub = id_of(&portal, "hub", "東の拠点");
    for written in ["H-01", "東の拠点", "H-01 東の拠点", &format!("#{hub}")] {
        let id = create(&portal, &[("title", written), ("year", "2024"), ("stage", "basic"), ("hub", written)]);
        assert_eq!(record(&portal, "project", id).content["hub"], Cell::Integer(hub), "{written}");
    }
    let page = portal.send("/registers/project/new", &[("title", "x"), ("hub", "西"), ("_find", "hub")]).unwrap().text();
    assert!(page.contains("name=\"_take.hub\" value=\"H-02\"") && !page.contains("name=\"_take.hub\" value=\"H-01\""));
    let taken = portal.send("/registers/project/new", &[("title", "x"), ("hub", "西"), ("_take.hub", "H-02"), ("_add", "grants")]).unwrap();
    assert!(taken.text().contains("name=\"hub\" value=\"H-02\""));
}

#[test]
fn amending_needs_a_reason_and_keeps_what_it_said_before() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", "灯台の光を遠くまで届ける研究");
    let before = record(&portal, "project", id);
    let address = format!("/registers/project/{id}/amend");
    let form = form_of(&portal.page(&address));
    assert!(form.contains(&("budget".into(), "1,500".into())) && form.contains(&("hub".into(), "H-01".into())), "{form:?}");

    let unreasoned = portal.send(&address, &set(&form, &[("budget", "2,000")])).unwrap();
    assert_eq!(unreasoned.status(), 422);
    assert!(unreasoned.text().contains("href=\"#f-_reason\"") && unreasoned.text().contains("value=\"2,000\""));

    let unchanged = portal.send(&address, &set(&form, &[("_reason", "なし")])).unwrap();
    assert_eq!(unchanged.status(), 422, "a form sent back as it came changes nothing");

    let reply = portal.send(&address, &set(&form, &[("budget", "2,000"), ("_reason", "額の確定")])).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let after = record(&portal, "project", id);
    assert_eq!((after.version, &after.content["budget"]), (before.version + 1, &Cell::Integer(2000)));
    let others = |r: &shirube_snapshot::Record| {
        r.content.iter().filter(|(c, _)| *c != "budget" && *c != "rich").map(|(c, v)| (c.clone(), v.clone())).collect::<Vec<_>>()
    };
    assert_eq!(others(&after), others(&before));
    let page = portal.page(&format!("/registers/project/{id}"));
    assert!(page.contains("額の確定") && page.contains("1,500") && page.contains("2,000"));
    let then = portal.page(&format!("/registers/project/{id}?as_of=seq:{}", before.seq));
    assert!(!then.contains("額の確定") && !then.contains("2,000") && !then.contains("/amend\""));
}

#[test]
fn two_people_at_once_see_both_changes_and_lose_none() {
    let portal = Portal::desk();
    let id = id_of(&portal, "project", "灯台の光を遠くまで届ける研究");
    let address = format!("/registers/project/{id}/amend");
    let form = form_of(&portal.page(&address));
    portal.send(&address, &set(&form, &[("people", "12"), ("budget", "1,600"), ("_reason", "先に直した人")])).unwrap();

    let reply = portal.send(&address, &set(&form, &[("budget", "1,700"), ("summary", "私の概要"), ("_reason", "あとの人")])).unwrap();
    assert_eq!(reply.status(), 409);
    let page = reply.text();
    assert!(page.contains("先に直した人") && page.contains("双方が変更"));
    for kept in ["value=\"1,700\"", "私の概要", "value=\"12\"", "あとの人"] {
        assert!(page.contains(kept), "{kept} is lost");
    }
    let merged = form_of(&page);
    let reply = portal.send(&address, &set(&merged, &[])).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let after = record(&portal, "project", id).content;
    assert_eq!((&after["people"], &after["budget"], &after["summary"]), (&Cell::Integer(12), &Cell::Integer(1700), &text("私の概要")));
}

#[test]
fn a_transition_asks_for_what_it_requires() {
    let portal = Portal::desk();
    let id = create(&portal, NEW);
    let page = portal.page(&format!("/registers/project/{id}"));
    assert!(page.contains("採択する") && page.contains("終了する"));
    let close = format!("/registers/project/{id}/transitions/close");
    assert!(portal.page(&close).contains("name=\"ended_on\""));
    let without = portal.send(&close, &[("_version", "1")]).unwrap();
    assert_eq!(without.status(), 422);
    assert!(without.text().contains("id=\"e-ended_on\""));
    let reply = portal.send(&close, &[("_version", "1"), ("ended_on", "R7.3.31"), ("_reason", "完了")]).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let closed = record(&portal, "project", id);
    assert_eq!((closed.state.as_deref(), &closed.content["ended_on"]), (Some("closed"), &text("2025-03-31")));
    assert_eq!(closed.content["budget"], Cell::Integer(150_000_000), "other fields stay");
    let page = portal.page(&format!("/registers/project/{id}"));
    assert!(!page.contains("採択する\u{3c}") && page.contains("完了"));
    let stale = portal.send(&close, &[("_version", "1"), ("ended_on", "2025-04-01")]).unwrap();
    assert_eq!(stale.status(), 409);
    assert!(portal.get(&format!("/registers/project/{id}/transitions/fly")).is_err_and(|e| e.status() == 404));
}

#[test]
fn a_redaction_leaves_nothing_on_any_page() {
    let portal = Portal::desk();
    let pairs = [NEW, &[("leader", "秘密 太郎"), ("leader_email", "taro@example.jp"), ("summary", "消える概要")]].concat();
    let id = create(&portal, &pairs);
    let created = record(&portal, "project", id).seq;
    let address = format!("/registers/project/{id}/redact");
    let unsure = portal.send(&address, &[("_scope", "personal"), ("_reason", "本人の求め")]).unwrap();
    assert_eq!(unsure.status(), 422);
    assert!(unsure.text().contains("href=\"#f-_sure\"") && unsure.text().contains("本人の求め"));

    let reply = portal.send(&address, &[("_scope", "personal"), ("_reason", "本人の求め"), ("_sure", "1")]).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    for page in [format!("/registers/project/{id}"), format!("/registers/project/{id}?as_of=seq:{created}")] {
        let page = portal.page(&page);
        assert!(!page.contains("太郎") && !page.contains("taro@") && page.contains("消える概要"), "{page}");
    }
    assert!(portal.page(&format!("/registers/project/{id}")).contains("本人の求め"));

    let reply = portal.send(&address, &[("_scope", "all"), ("_reason", "誤登録"), ("_sure", "1")]).unwrap();
    assert_eq!(reply.location(), Some("/registers/project?done=redacted"));
    for page in [format!("/registers/project/{id}"), format!("/registers/project/{id}?as_of=seq:{created}")] {
        let text = match portal.get(&page) {
            Ok(reply) => {
                assert_eq!(reply.status(), 410);
                reply.text()
            }
            Err(error) => error.to_string(),
        };
        assert!(!text.contains("消える概要") && !text.contains("新しい課題"), "{text}");
    }
    assert!(portal.get(&format!("/registers/project/{id}")).unwrap().text().contains("誤登録"));
    assert!(portal.get(&format!("/registers/project/{id}/amend")).is_err());
}

#[test]
fn files_are_attached_shown_and_given_back() {
    let portal = Portal::desk();
    let broken = portal.send_file("/registers/project/new", &[("title", "x")], "report", "報告.txt", b"hello").unwrap();
    assert_eq!(broken.status(), 422);
    let form = form_of(&broken.text());
    assert!(form.contains(&("report".into(), "報告.txt".into())), "the file stays with a form that is drawn again");
    let reply = portal.send("/registers/project/new", &set(&form, &[("year", "2024"), ("stage", "basic")])).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let id = sent_to(reply.location());
    assert!(portal.page(&format!("/registers/project/{id}")).contains("報告.txt"));
    let file = portal.get(&format!("/registers/project/{id}/files/report")).unwrap();
    assert_eq!(file.bytes_of(), b"hello");
    assert!(portal.get(&format!("/registers/project/{id}/files/grants.1.report")).is_err_and(|e| e.status() == 404));

    let large =
        portal.send_file("/registers/project/new", &[("title", "y"), ("year", "2024"), ("stage", "basic")], "report", "a.bin", &[0; 1001]);
    let large = large.unwrap();
    assert_eq!(large.status(), 422);
    assert!(large.text().contains("e-report") || large.text().contains("1001"));
}

#[test]
fn a_file_that_goes_by_another_name_than_its_content_is_told_and_nothing_typed_is_lost() {
    let portal = Portal::desk();
    let typed = [("title", "y"), ("year", "2024"), ("stage", "basic")];
    let sent = portal.send_file("/en/registers/project/new", &typed, "report", "x.bat", b"del").unwrap();
    assert_eq!(sent.status(), 422);
    let page = sent.text();
    assert!(page.contains("id=\"e-report\"") && page.contains("ends in `.bat`") && page.contains("txt, csv"), "{page}");
    // Sent under its own name, it is not given another by the form either.
    let kept = portal.send_file("/registers/project/new", &typed[..2], "report", "x.txt", b"del").unwrap();
    let form = form_of(&kept.text());
    let renamed = portal.send("/registers/project/new", &set(&form, &[("stage", "basic"), ("report", "x.js")])).unwrap();
    assert!(renamed.status() == 422 && renamed.text().contains("「.js」") && renamed.text().contains("value=\"y\""), "{}", renamed.text());
    let saved = portal.send("/registers/project/new", &set(&form, &[("stage", "basic"), ("report_size", "1")])).unwrap();
    assert_eq!(saved.status(), 303, "{}", saved.text());
    assert_eq!(record(&portal, "project", sent_to(saved.location())).content["report_size"], Cell::Integer(3));
}

#[test]
fn a_form_from_before_a_restart_asks_to_be_sent_again_and_loses_nothing() {
    let portal = Portal::desk();
    let body = "_token=old&title=%E9%A1%8C&year=2024&stage=basic";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let reply = portal.ask(crate::routes::Method::Post, "/registers/project/new", &headers, body.into()).unwrap();
    assert_eq!(reply.status(), 422);
    assert!(reply.text().contains("value=\"題\"") && reply.text().contains(portal.app.token.word()));
}

#[test]
fn records_that_refer_and_indicators_that_read_are_named() {
    let portal = Portal::desk();
    let hub = id_of(&portal, "hub", "東の拠点");
    let page = portal.page(&format!("/registers/hub/{hub}"));
    assert!(page.contains("灯台の光を遠くまで届ける研究"));
    let project = id_of(&portal, "project", "灯台の光を遠くまで届ける研究");
    let page = portal.page(&format!("/en/registers/project/{project}"));
    assert!(page.contains("/en/indicators/projects") && page.contains(&format!("/en/registers/hub/{hub}")));
    assert!(page.contains("/en/sources/doc#c-2"), "the citation leads to its line");
}

#[test]
fn a_record_is_not_there_before_it_was_created() {
    let portal = Portal::desk();
    let before = portal.app.store.head_seq();
    let id = create(&portal, NEW);
    assert_eq!(portal.get(&format!("/registers/project/{id}?as_of=seq:{before}")).unwrap_err().status(), 404);
    assert_eq!(portal.get("/registers/project/999999").unwrap_err().status(), 404);
    assert_eq!(portal.get(&format!("/registers/hub/{id}")).unwrap_err().status(), 404, "ids belong to one register");
    assert_eq!(portal.get("/registers/nothing/1").unwrap_err().status(), 404);
}

#[test]
fn a_strange_version_in_a_form_is_a_conflict_not_a_fault() {
    let portal = Portal::desk();
    let id = create(&portal, NEW);
    let command = Command::Amend {
        register: "project".into(),
        record: id,
        version: 1,
        content: [("people".to_string(), Some(Cell::Integer(3)))].into(),
        reason: Some("x".into()),
    };
    portal.app.store.submit(&Actor::owner(), command).unwrap();
    let address = format!("/registers/project/{id}/amend");
    let form = form_of(&portal.page(&address));
    for version in ["1", "77"] {
        let reply = portal.send(&address, &set(&form, &[("_version", version), ("title", "別の題"), ("_reason", "r")])).unwrap();
        assert_eq!(reply.status(), 409, "{version}");
        assert!(reply.text().contains("value=\"別の題\""));
    }
}
