use super::id_of;
use crate::{
    jobs::{Done, Left, Stage},
    testing::Portal,
};
use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

const HEAD: &str = "課題名,採択年度,段階,予算,人数\n";

/// Sends a file and waits until it is checked.
fn send(portal: &Portal, csv: &str) -> String {
    let reply =
        portal.send_file("/registers/project/import", &[("_reason", "年次の取り込み")], "file", "課題.csv", csv.as_bytes()).unwrap();
    assert_eq!(reply.status(), 303, "{}", reply.text());
    let address = reply.location().unwrap().to_string();
    settle(portal, &address);
    address
}

fn settle(portal: &Portal, address: &str) {
    let id = address.rsplit('/').next().unwrap();
    for _ in 0..1000 {
        let reply = portal.get(address).unwrap();
        let job = portal.app.jobs.get(id).unwrap();
        if !job.stage.under_way() {
            assert_eq!(portal.get(address).unwrap().header("refresh"), None, "a page that is done stands still");
            return;
        }
        assert!(reply.header("refresh").is_some() || !portal.app.jobs.get(id).unwrap().stage.under_way());
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the job does not end");
}

#[test]
fn two_bad_rows_stop_fifty_good_ones_until_they_are_mended() {
    let portal = Portal::desk();
    let before = portal.app.store.head_seq();
    let mut rows: Vec<String> = (1..=52).map(|n| format!("取り込み課題{n},令和6年度,基礎,1千円,{n}")).collect();
    rows[9] = "取り込み課題10,来年,基礎,1千円,10".into();
    rows[30] = "取り込み課題31,令和6年度,基礎,1千円,-5".into();
    let address = send(&portal, &format!("{HEAD}{}\n", rows.join("\n")));
    let page = portal.page(&address);
    assert!(
        page.contains("来年")
            && page.contains("-5")
            && page.contains("<td class=\"num\">11</td>")
            && page.contains("<td class=\"num\">32</td>"),
        "{page}"
    );
    assert!(!page.contains("value=\"write\""), "nothing to confirm while a row is wrong");
    assert_eq!(portal.app.store.head_seq(), before);
    let errors = portal.get(&format!("{address}/errors.csv")).unwrap();
    assert!(errors.text().contains("来年") && errors.text().contains("_errors"));
    assert!(portal.get(&format!("{address}/errors.xlsx")).unwrap().bytes_of().starts_with(b"PK"));
    portal.send(&address, &[("_do", "write")]).unwrap();
    assert_eq!(portal.app.store.head_seq(), before, "writing a file with mistakes is not possible by address either");

    // The error file itself, mended, is sent back.
    let mended = errors.text().replace("来年", "令和6年度").replace(",-5,", ",5,");
    let address = send(&portal, &mended);
    let page = portal.page(&address);
    assert!(page.contains("<b>52</b>") && page.contains("value=\"write\""), "{page}");
    assert!(!page.contains("取り込みません。"), "the column of mistakes is no loss: {page}");
    assert_eq!(portal.app.store.head_seq(), before, "nothing is written before it is confirmed");
    let reply = portal.send(&address, &[("_do", "write")]).unwrap();
    assert_eq!(reply.location(), Some(address.as_str()));
    settle(&portal, &address);
    assert_eq!(portal.app.store.head_seq(), before + 52);
    let page = portal.page(&address);
    assert!(page.contains("すべての行を取り込みました") && page.contains(&format!("f._seq.gt={before}&amp;f._seq.le={}", before + 52)));
    id_of(&portal, "project", "取り込み課題31");

    let again = send(&portal, &mended);
    assert!(portal.page(&again).contains("変更なし") && !portal.page(&again).contains("value=\"write\""), "the same file changes nothing");
    assert!(portal.page("/jobs").contains("課題.csv"));
}

#[test]
fn an_unknown_heading_is_put_to_a_column_by_hand() {
    let portal = Portal::desk();
    let address = send(&portal, "課題名,採択年度,段階,要員,よぶん\n手で合わせる,2024,基礎,7,x\n");
    let page = portal.page(&address);
    assert!(page.contains("要員") && page.contains("name=\"heading.3\""), "{page}");
    // Before all else it is told what is left out as things stand.
    let left_out = |page: &str| page.split("取り込みません。").nth(1).map(|rest| rest.split("</ul>").next().unwrap().to_string());
    let told = left_out(&page).unwrap();
    assert!(told.contains("<li>要員</li><li>よぶん</li>") && !told.contains("課題名"), "{page}");
    assert!(
        page.find("取り込みません。") < page.find("誤りがあります")
            && page.contains("href=\"#columns\"")
            && page.contains("id=\"columns\"")
    );
    assert!(portal.page(&format!("/en{address}")).contains("These columns of the file are not imported:"));
    let pairs = [
        ("_do", "check"),
        ("heading.0", "課題名"),
        ("column.0", "title"),
        ("heading.1", "採択年度"),
        ("column.1", "year"),
        ("heading.2", "段階"),
        ("column.2", "stage"),
        ("heading.3", "要員"),
        ("column.3", "people"),
        ("heading.4", "よぶん"),
        ("column.4", ""),
    ];
    portal.send(&address, &pairs).unwrap();
    settle(&portal, &address);
    let page = portal.page(&address);
    assert!(page.contains("value=\"write\""), "{page}");
    let told = left_out(&page).unwrap();
    assert!(told.contains("<li>よぶん</li>") && !told.contains("要員") && page.contains("id=\"columns\" open"), "still told: {page}");
    portal.send(&address, &[("_do", "write")]).unwrap();
    settle(&portal, &address);
    let id = id_of(&portal, "project", "手で合わせる");
    assert_eq!(super::record(&portal, "project", id).content["people"], shirube_record::Cell::Integer(7));
}

#[test]
fn what_a_file_lacks_and_columns_without_a_heading_are_told_before_all_else() {
    let portal = Portal::desk();
    let address = send(&portal, "課題名,段階,\n足りない,基礎,見出しのない値\n");
    let page = portal.page(&address);
    assert!(
        page.contains("次の列がありません。</p><ul><li>採択年度 (year)</li></ul>") && page.contains("<li>3列目（見出しがありません"),
        "{page}"
    );
    let english = portal.page(&format!("/en{address}"));
    assert!(english.contains("lacks columns that new records must have:</p><ul><li>Adopted in (year)</li></ul>"), "{english}");
    assert!(english.contains("<li>column 3 (it has no heading"), "{english}");
    let whole = send(&portal, &format!("{}\n足りている,2024,基礎,,,\n", HEAD.trim_end().to_string() + ","));
    let page = portal.page(&whole);
    assert!(page.contains("value=\"write\"") && !page.contains("取り込みません。") && !page.contains("次の列がありません"), "{page}");
}

#[test]
fn files_that_are_no_table_say_why_in_both_languages() {
    let portal = Portal::desk();
    let address = send(&portal, "\n\n");
    assert!(portal.page(&address).contains("行がありません"));
    assert!(portal.page(&format!("/en{address}")).contains("no rows"));
    let none = portal.send("/registers/project/import", &[]).unwrap();
    assert_eq!(none.status(), 422);
    assert!(none.text().contains("href=\"#f-file\""));
}

#[test]
fn an_import_that_was_interrupted_says_so_and_can_be_checked_again() {
    let portal = Portal::desk();
    let address = send(&portal, &format!("{HEAD}中断,2024,基礎,,\n"));
    let id = address.rsplit('/').next().unwrap();
    let mut job = portal.app.jobs.get(id).unwrap();
    job.stage = Stage::Interrupted;
    portal.app.jobs.write(&job).unwrap();
    assert!(portal.page(&address).contains("途中でプログラムが止まりました"));
    portal.send(&address, &[("_do", "check")]).unwrap();
    settle(&portal, &address);
    assert!(portal.page(&address).contains("value=\"write\""));
    portal.send(&address, &[("_do", "cancel")]).unwrap();
    assert!(portal.page(&address).contains("中止しました"));
    let stale =
        portal.ask(crate::routes::Method::Post, &address, &[("content-type", "application/x-www-form-urlencoded")], "_do=write".into());
    assert_eq!(stale.unwrap_err().slug(), "stale-page");
}

#[test]
fn an_import_that_was_being_written_says_whether_it_is() {
    let portal = Portal::desk();
    let rows = format!("{HEAD}一つ目,2024,基礎,,\n二つ目,2024,基礎,,\n");
    let address = send(&portal, &rows);
    let id = address.rsplit('/').next().unwrap().to_string();
    let jobs = &portal.app.jobs;
    let before = portal.app.store.head_seq();
    // As the program leaves it when it stops while writing, and what the next start makes of it.
    let stopped = |before: Option<i64>| {
        let mut job = jobs.get(&id).unwrap();
        (job.stage, job.before, job.left, job.events) = (Stage::Interrupted, before, None, None);
        jobs.write(&job).unwrap();
        jobs.settle(&portal.app.store).unwrap();
        (jobs.get(&id).unwrap().left, portal.page(&address), portal.page(&format!("/en{address}")))
    };
    let (left, page, english) = stopped(None);
    assert_eq!(left, Some(Left::Nothing), "stopped before the writing began");
    assert!(page.contains("何も登録されていません") && english.contains("Nothing was written.") && page.contains("value=\"check\""));
    assert_eq!(stopped(Some(before)).0, Some(Left::Nothing), "stopped before the transaction was kept");

    portal.send("/registers/project/new", &[("title", "ほかの人"), ("year", "2025"), ("stage", "basic")]).unwrap();
    assert_eq!(stopped(Some(before)).0, Some(Left::Nothing), "one event of another is not two of the file");
    std::thread::sleep(Duration::from_millis(5));
    portal.send("/registers/project/new", &[("title", "もう一人"), ("year", "2025"), ("stage", "basic")]).unwrap();
    let (left, page, english) = stopped(Some(before));
    assert_eq!(left, Some(Left::Unknown));
    assert!(page.contains("見分けられませんでした") && page.contains(&format!("f._seq.gt={before}&amp;sort=_seq")), "{page}");
    assert!(english.contains("Check it again to see"));

    let written = send(&portal, &rows);
    portal.send(&written, &[("_do", "write")]).unwrap();
    settle(&portal, &written);
    let other = jobs.get(written.rsplit('/').next().unwrap()).unwrap();
    assert_eq!((other.before, other.left), (Some(before + 2), None), "noted before the first row is written");
    let (left, page, english) = stopped(Some(before));
    assert_eq!((left, jobs.get(&id).unwrap().events), (Some(Left::Everything), Some((before + 2, before + 4))));
    assert!(page.contains("すべての行が登録されています") && english.contains("Every row was written."), "{page}");
    assert!(page.contains(&format!("f._seq.gt={}&amp;f._seq.le={}", before + 2, before + 4)) && !page.contains("value=\"check\""));
}

#[test]
fn the_template_is_what_the_import_reads() {
    let portal = Portal::desk();
    let template = portal.get("/registers/project/template.csv").unwrap().text();
    let head = template.trim_start_matches('\u{feff}').lines().next().unwrap().to_string();
    assert!(head.contains("課題名") && head.contains("交付 1 年度") && !head.contains("大型"));
    let row = head
        .split(',')
        .map(|h| match h {
            "課題名" => "見本から",
            "採択年度" => "2024",
            "段階" => "基礎",
            _ => "",
        })
        .collect::<Vec<_>>()
        .join(",");
    let address = send(&portal, &format!("{head}\n{row}\n"));
    assert!(portal.page(&address).contains("value=\"write\""), "{}", portal.page(&address));
}

#[test]
fn an_import_too_many_is_refused_with_what_to_do() {
    let portal = Portal::desk();
    let until = Arc::new(RwLock::new(()));
    let held = until.write().unwrap();
    for _ in 0..2 {
        let (job, until) = (portal.app.jobs.create("project", "owner", "a.csv", b"a").unwrap(), Arc::clone(&until));
        let wait = move |_: &_, _: &mut _| {
            drop(until.read());
            Done::at(Stage::Checked)
        };
        portal.app.jobs.start(job, Stage::Checking, wait).unwrap();
    }
    let refused = portal.send_file("/registers/project/import", &[], "file", "課題.csv", HEAD.as_bytes()).unwrap_err();
    assert_eq!((refused.status(), refused.slug(), refused.logged_as()), (429, "too-many-imports", Some("too-many-imports")));
    assert!(refused.problem().ja.contains("2件") && refused.mend().en.contains("Wait until one has ended"));
    assert_eq!(portal.app.jobs.list().unwrap().len(), 2);
    drop(held);
}
