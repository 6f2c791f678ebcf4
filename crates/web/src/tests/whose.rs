//! Records that their reporters may enter for their own organisation alone.

use super::{
    accounts::{Browser, PASSWORD, founded, make, member, text},
    sent_to,
};
use crate::{
    error::Error,
    jobs::Problem,
    routes::Method,
    testing::{self, Portal},
};
use axum::body::Bytes;
use shirube_keyring::Account;
use shirube_record::Cell;
use std::time::Duration;

const NEW: &str = "/registers/case/new";

/// A portal with `rob`, who reports for House R, which has a corporate number, and `sue`, whose house has none.
pub(super) fn portal() -> Portal {
    let (portal, link) = Portal::with_accounts(testing::guarded());
    founded(&portal, &link);
    member(&portal, "sue", Some("reporter"));
    let rob = make(&portal, "office_account", &[("login", text("rob")), ("kind", text("person")), ("_state", text("active"))]);
    let house = [("name", text("House R")), ("kind", text("other")), ("corporate_number", text("7000012050002"))];
    let house = make(&portal, "office_organisation", &house);
    let held = [("account", Cell::Integer(rob)), ("organisation", Cell::Integer(house)), ("role", text("reporter"))];
    make(&portal, "office_membership", &held);
    portal.app.who.accounts().unwrap().keyring.set_password(Account(rob), "rob", PASSWORD).unwrap();
    portal
}

pub(super) fn signed_in<'p>(portal: &'p Portal, login: &str) -> Browser<'p> {
    let mut browser = Browser::new(portal);
    browser.sign_in(login, PASSWORD);
    browser
}

#[test]
fn a_reporter_finds_their_organisation_filled_in_and_enters_no_other() {
    let portal = portal();
    let mut rob = signed_in(&portal, "rob");
    let me = rob.page("/me");
    assert!(me.contains("House R") && !me.contains("/registers/office_organisation"), "by its name, without a way that is closed: {me}");
    let blank = rob.page(NEW);
    assert!(blank.contains("name=\"company\" value=\"House R\"") && blank.contains("name=\"company_number\" value=\"7000012050002\""));
    let other = [("title", "Long to write"), ("company", "House B"), ("company_number", "8000012010038")];
    let refused = rob.send(NEW, NEW, &other).unwrap();
    assert_eq!(refused.status(), 422);
    let page = refused.text();
    assert!(page.contains("href=\"#f-company_number\"") && page.contains("自組織の記録だけです（House R 7000012050002）"), "{page}");
    assert!(page.contains("value=\"Long to write\"") && page.contains("value=\"8000012010038\""), "what was typed is kept");
    let own = [("title", "Long to write"), ("company", "House R"), ("company_number", "7000012050002")];
    let case = sent_to(rob.send(NEW, NEW, &own).unwrap().location());
    let amend = format!("/registers/case/{case}/amend");
    let away = [("title", "Long to write"), ("company_number", "8000012010038"), ("_reason", "r"), ("_version", "1")];
    assert_eq!(rob.send(&amend, &amend, &away).unwrap().status(), 422, "nor gives one away");
}

#[test]
fn a_program_is_told_whose_records_it_may_enter() {
    let portal = portal();
    let rob = signed_in(&portal, "rob");
    let cookies = rob.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    let headers = [("cookie", cookies.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let create = |body: &str| portal.ask(Method::Post, "/api/v1/registers/case/records", &headers, Bytes::from(body.to_string()));
    for body in
        [r#"{ "title": "Long to write", "company": "House B", "company_number": "8000012010038" }"#, r#"{ "title": "Long to write" }"#]
    {
        let Err(Error::Forbidden(told)) = create(body) else { panic!("{body}") };
        assert_eq!(
            told.en,
            "You may enter records of your own organisation only (House R 7000012050002). Enter its name and corporate number."
        );
        assert!(told.ja.contains("自組織の記録だけです（House R 7000012050002）"), "{}", told.ja);
    }
    let own = create(r#"{ "title": "Long to write", "company": "House R", "company_number": "7000012050002" }"#).unwrap();
    assert_eq!(own.status(), 201);
    let place = own.header("location").unwrap().to_string();
    let headers = [&headers[..], &[("if-match", "\"1\"")]].concat();
    let amend = |body: &str| portal.ask(Method::Patch, &place, &headers, Bytes::from(body.to_string()));
    for body in [
        r#"{ "_reason": "r", "company": "House B", "company_number": "8000012010038" }"#,
        r#"{ "_reason": "r", "company": null, "company_number": null }"#,
    ] {
        let Err(Error::Forbidden(told)) = amend(body) else { panic!("{body}") };
        assert!(told.en.starts_with("You may enter records of your own organisation only (House R 7000012050002)."), "{}", told.en);
        assert!(told.ja.contains("自組織の記録だけです（House R 7000012050002）"), "{}", told.ja);
    }
    // What is in the way of another change is not whose the record is.
    let Err(Error::Forbidden(told)) = amend(r#"{ "_reason": "r", "contact": "new" }"#) else { panic!() };
    assert!(!told.en.contains("House R"), "{}", told.en);
    assert_eq!(amend(r#"{ "_reason": "r", "title": "Shorter" }"#).unwrap().status(), 200);
}

#[test]
fn a_reporter_without_a_corporate_number_is_told_whom_to_ask_before_filling_in_the_form() {
    let portal = portal();
    let mut sue = signed_in(&portal, "sue");
    let note = |page: &str| page.contains("House of sue") && page.contains("no corporate number") && page.contains("(Owner, Secretariat)");
    assert!(note(&sue.page(&format!("/en{NEW}"))));
    let refused = sue.send(&format!("/en{NEW}"), &format!("/en{NEW}"), &[("title", "Long to write")]).unwrap();
    let page = refused.text();
    assert_eq!(refused.status(), 422);
    assert!(note(&page) && page.contains("by who may (Owner, Secretariat)") && page.contains("value=\"Long to write\""), "{page}");
}

/// Sends a file of cases and has it checked: the page, what is wrong, and where the page is.
fn checked(browser: &mut Browser<'_>, login: &str, rows: &[String]) -> (String, Vec<Problem>, String) {
    let portal = browser.portal;
    let jobs = &portal.app.jobs;
    let file = format!("件名,company,company_number,連絡先,相手先,_number\n{}\n", rows.join("\n"));
    let job = jobs.create("case", &format!("person:{login}"), "a.csv", file.as_bytes()).unwrap().id;
    let at = format!("/en/jobs/{job}");
    browser.send(&at, &at, &[("_do", "check")]).unwrap();
    jobs.wait(&job, Duration::from_secs(20));
    (browser.page(&at), jobs.problems(&job).unwrap(), at)
}

#[test]
fn the_check_of_a_file_names_rows_that_one_may_not_write_and_nothing_of_records_that_one_may_not_read() {
    let portal = portal();
    let theirs = [("title", text("Theirs already")), ("company", text("House B")), ("company_number", text("8000012010038"))];
    let hidden = make(&portal, "case", &theirs);
    let hidden = super::record(&portal, "case", hidden).number.unwrap();
    make(&portal, "partner", &[("name", text("Quiet"))]);
    let mut rob = signed_in(&portal, "rob");
    let before = portal.app.store.head_seq();
    let (ours, theirs) = ("House R,7000012050002", "House B,8000012010038");
    let rows = [
        format!("Ours,{ours},,,"),
        format!("Theirs,{theirs},,,"),
        format!("Theirs already,{ours},,,"),
        format!("By its number,{ours},,,{hidden}"),
        format!("With a person,{ours},Somebody,,"),
        format!("With a partner,{ours},,Quiet,"),
    ];
    let (page, problems, _) = checked(&mut rob, "rob", &rows);
    let told: Vec<(usize, Option<&str>, &str)> = problems.iter().map(|p| (p.row, p.column.as_deref(), p.problem.en.as_str())).collect();
    assert_eq!(
        told,
        [
            (3, None, "you may not write this record: it is another organisation’s, or may not be changed in its state"),
            (4, Some("件名"), "a record that you may not see already has the same: Title"),
            (6, Some("連絡先"), "you may not see “Contact” in this record, so you may not write it"),
            (7, Some("相手先"), "there is no record “Quiet”"),
        ]
    );
    assert!(page.contains(told[0].2) && page.contains("make it your own organisation’s"), "row, reason and mend: {page}");
    assert!(!page.contains("No mistakes") && !page.contains("value=\"write\"") && !page.contains(&hidden), "{page}");
    assert_eq!(portal.app.store.head_seq(), before);

    let (page, problems, at) = checked(&mut rob, "rob", &rows[..1]);
    assert!(problems.is_empty() && page.contains("No mistakes") && page.contains("value=\"write\""), "{page}");
    rob.send(&at, &at, &[("_do", "write")]).unwrap();
    portal.app.jobs.wait(at.rsplit('/').next().unwrap(), Duration::from_secs(20));
    assert_eq!(portal.app.store.head_seq(), before + 1, "what the check lets pass is written");

    // Nor do they give a record away, or change one that has gone on to a state in which they may not.
    let confirmed = [("title", text("Done")), ("memo", text("m")), ("_state", text("confirmed"))];
    let ours_too = [("company", text("House R")), ("company_number", text("7000012050002"))];
    make(&portal, "case", &[&confirmed[..], &ours_too].concat());
    let given = checked(&mut rob, "rob", &[format!("Done,{ours},,,"), format!("Ours,{theirs},,,")]);
    let changed = checked(&mut rob, "rob", &["Done,House R renamed,7000012050002,,,".to_string()]);
    let denied = |problems: &[Problem]| problems.iter().map(|p| (p.row, p.column.is_none())).collect::<Vec<_>>();
    assert_eq!((denied(&given.1), denied(&changed.1)), (vec![(3, true)], vec![(2, true)]), "what stays as it is is no change");

    // A value they do not see is not found out by giving it; a blank in its place says nothing.
    let held = [("title", text("Held")), ("memo", text("m")), ("contact", text("Somebody")), ("_state", text("draft"))];
    let ours_too = [("company", text("House R")), ("company_number", text("7000012050002"))];
    make(&portal, "case", &[&held[..], &ours_too].concat());
    let mut told = |contact: &str| {
        let problems = checked(&mut rob, "rob", &[format!("Held,{ours},{contact},,")]).1;
        problems.iter().map(|p| (p.row, p.column.clone(), p.problem.en.clone())).collect::<Vec<_>>()
    };
    let right = told("Somebody");
    assert_eq!(right, [(2, Some("連絡先".to_string()), "you may not see “Contact” in this record, so you may not write it".to_string())]);
    assert_eq!((right, vec![]), (told("Somebody else"), told("")));
}

#[test]
fn the_page_of_an_account_names_the_organisations_whose_records_are_its_own() {
    let portal = portal();
    let mut ann = signed_in(&portal, "ann");
    let at = |login: &str| format!("/people/{}", portal.app.store.people().unwrap().by_login(login).unwrap().id);
    let page = ann.page(&at("rob"));
    assert!(page.contains("<td>House R</td>") && !page.contains("7000012050002"), "{page}");
    assert!(ann.page(&format!("/en{}", at("rob"))).contains("in this person’s name"), "what a token is for there");
    make(&portal, "office_account", &[("login", text("feed")), ("kind", text("service")), ("_state", text("active"))]);
    assert!(ann.page(&format!("/en{}", at("feed"))).contains("with the rights of this account"));
}

#[test]
fn who_may_enter_records_of_anybody_is_not_asked_for_their_own() {
    let portal = portal();
    member(&portal, "dan", Some("secretariat"));
    let mut dan = signed_in(&portal, "dan");
    assert!(!dan.page(NEW).contains("自組織"));
    assert_eq!(dan.send(NEW, NEW, &[("title", "Anybody's")]).unwrap().status(), 303);
}
