//! What reading pages say, over the pack of Lighthouse City.

use super::{
    html::{pieces, texts},
    reading::{has, plain, portal},
};
use crate::{
    ctx::Ctx,
    error,
    pages::errors,
    testing::{self, Portal},
    text::is_japanese,
};
use shirube_plan::Lang;

#[test]
fn an_earlier_moment_is_announced_with_a_way_back() {
    let portal = portal();
    let page = portal.page("/indicators/lamps?as_of=2020-01-01");
    assert!(has(&page, "2020-01-01 時点の表示"));
    assert!(has(&page, "href=\"/indicators/lamps\">現在の表示に戻る"));
    assert!(has(&page, "name=\"as_of\" value=\"2020-01-01\""));
    assert!(!has(&portal.page("/indicators/lamps"), "時点の表示"));
    // Before the first record the register is empty, and that is no zero.
    assert!(plain(&portal.page("/indicators/lamps-by-place?as_of=2020-01-01")).contains("まだ値がありません"));
    assert_eq!(portal.get("/?as_of=soon").unwrap_err().status(), 400);
}

#[test]
fn home_shows_each_goal_by_its_rule() {
    let page = portal().page("/");
    let text = plain(&page);
    assert!(text.contains("… 未収集 2025年") && text.contains("最後に分かる値： 15基 2024年"));
    // The latest year was not collected: nothing is judged over it, and no zero appears.
    assert!(text.contains("桟橋を整える ¶ 文章で報告"), "{text}");
    assert!(text.contains("2023年度 桟橋の一つを直した"));
    assert!(text.contains("転記できなかったもの 1件"));
    assert!(text.contains("相違（説明あり）"));
}

#[test]
fn what_limits_a_change_or_a_pace_stands_beside_it() {
    let mut pack = testing::pack();
    let targets = pack.indicators["lamps-goal"].targets.clone();
    let lamps = pack.indicators.get_mut("lamps").unwrap();
    lamps.sql = "SELECT '2015' AS period, 5.06 AS value UNION ALL SELECT '2024', 12.44".into();
    (lamps.breaks, lamps.targets) = (vec![], targets);
    let portal = Portal::open(pack);
    let two = "これまでの伸びは2015年と2024年の2つの値だけによるもの";
    let home = plain(&portal.page("/"));
    assert_eq!(home.matches("2015年と2024年の間に値のない年がある").count(), 2, "on the card and in the table: {home}");
    assert!(home.contains("このペースで到達") && home.contains(two), "{home}");
    assert!(home.contains("変化は丸める前の値の差です"), "5.1 to 12.4 is not 7.4: {home}");
    assert!(plain(&portal.page("/indicators/lamps")).contains(&format!("目標：このペースで到達 {two}")));
    let english = plain(&portal.page("/en"));
    assert!(english.contains("Years between 2015 and 2024 have no value") && english.contains("Changes are taken before rounding"));
    assert!(english.contains("The pace so far rests on two values alone"), "{english}");
}

#[test]
fn a_target_that_cannot_be_judged_yet_is_not_called_missed() {
    let mut pack = testing::pack();
    pack.indicators.get_mut("lamps-goal").unwrap().sql = "SELECT '2024' AS period, 15.0 AS value".into();
    let portal = Portal::open(pack);
    let page = plain(&portal.page("/indicators/lamps-goal"));
    assert!(page.contains("目標：期限前、まだ判定できない") && !page.contains("未達成"), "{page}");
    assert!(plain(&portal.page("/en/indicators/lamps-goal")).contains("target: not due, cannot be judged yet"));
}

#[test]
fn names_that_say_the_same_are_shown_once_and_numbers_in_the_page_s_language() {
    let mut pack = testing::pack();
    let goal = pack.periods.iter_mut().flat_map(|p| &mut p.nodes).find(|n| n.id == "a-goal-1").unwrap();
    goal.number = Some("重点5".into());
    let portal = Portal::open(pack);
    let english = plain(&portal.page("/en/indicators/lamps"));
    assert!(!english.contains("period period") && !english.contains("figure figure") && !english.contains("value value"), "{english}");
    assert!(plain(&portal.page("/indicators/lamps")).contains("時期 period"));
    for address in ["/en", "/en/plan/a", "/en/nodes/a-goal-1", "/en/indicators", "/en/indicators/lamps"] {
        let page = portal.page(address);
        assert!(plain(&page).contains("Goal 5") && !has(&page, "重点"), "{address}");
    }
    assert!(plain(&portal.page("/plan/a")).contains("ゴール重点5"), "as the document writes it");
}

#[test]
fn a_goal_shows_words_by_year_measures_and_registers() {
    let portal = portal();
    let words = plain(&portal.page("/nodes/a-goal-2"));
    assert!(words.contains("2023年度") && words.contains("桟橋の一つを直した"));
    let goal = plain(&portal.page("/nodes/a-goal-1"));
    assert!(goal.contains("灯りの点検") && goal.contains("灯りの台帳") && goal.contains("点灯率"), "{goal}");
    assert!(goal.contains("灯りを20基に"), "continued by the next plan");
}

#[test]
fn an_indicator_leads_to_its_citations_and_records() {
    let portal = portal();
    let page = portal.page("/indicators/lamps");
    assert!(has(&page, "href=\"/figures/doc/lamps@2022\""));
    assert!(plain(&page).contains("年報の値") && has(&page, "SELECT id AS figure"));
    assert!(plain(&page).contains("未収集") && plain(&page).contains("調査方法の変更"));
    let counted = portal.page("/indicators/lamps-by-place");
    assert!(has(&counted, "href=\"/registers/lamp/"), "rows lead to records");
    assert!(plain(&counted).contains("分野 × 段階"));
}

#[test]
fn missing_values_read_differently_from_zero_and_from_each_other() {
    let page = portal().page("/codes");
    for class in ["absent unknown", "absent not-collected", "absent not-applicable", "absent suppressed", "absent no-value"] {
        assert!(has(&page, class), "{class}");
    }
}

#[test]
fn a_trial_changes_the_comparison_and_nothing_else() {
    let portal = portal();
    let tried = plain(&portal.page("/indicators/lamps-goal?if.growth=10"));
    assert!(
        tried.contains("2030年の目標 20基 項目 もと 試算 目標までの差") && tried.contains("試算ではなく、もとの前提による計算"),
        "{tried}"
    );
    assert!(tried.contains("もとの前提と試算の比較") && tried.contains("26.6基"), "{tried}");
    assert!(!plain(&portal.page("/indicators/lamps-goal")).contains("26.6基"));
    let wrong = portal.page("/indicators/lamps-goal?if.growth=99");
    assert!(has(&wrong, "aria-invalid=\"true\"") && has(&wrong, "value=\"99\""), "what was typed stays");
    assert!(!plain(&wrong).contains("もとの前提と試算の比較"));
    // The pack's own value is no trial.
    assert!(!plain(&portal.page("/indicators/lamps-goal?if.growth=5")).contains("もとの前提と試算の比較"));
}

#[test]
fn the_audit_filters_and_explains() {
    let portal = portal();
    let rows = |address: &str| portal.page(address).matches("<th scope=\"row\"><a href=\"/figures/").count();
    assert_eq!(rows("/audit"), 6);
    assert_eq!(rows("/audit?verdict=explained"), 1);
    assert_eq!(rows("/audit?verdict=unexplained"), 0);
    assert_eq!(rows("/audit?q=点灯率"), 1);
    assert_eq!(rows("/audit?source=lost"), 0);
    let page = portal.page("/audit");
    assert!(has(&page, "id=\"finding-register-short\"") && plain(&page).contains("年報の後の号による"));
    let figure = plain(&portal.page("/figures/doc/lamps-register@2022"));
    assert!(
        figure.contains("10基") && figure.contains("3基") && figure.contains("相違（説明あり）") && figure.contains("3基しか載っていない"),
        "{figure}"
    );
}

#[test]
fn a_source_marks_what_is_cited_and_escapes_the_rest() {
    let page = portal().page("/sources/doc");
    assert!(has(&page, "id=\"c-4\"") && !has(&page, "id=\"c-2\""), "blank lines have no anchor");
    assert!(has(&page, "<mark>2022年に 10基、2023年に</mark>") || has(&page, "<mark>灯りは、2022年に 10基、2023年に</mark>"));
    assert!(has(&page, "&lt;見取り図&gt;"));
    assert!(plain(&page).contains("灯りの地図"), "what was lost is listed");
    // Records cite as well.
    assert!(plain(&page).contains("灯り：東の灯"));
}

#[test]
fn search_groups_what_it_finds_and_leads_there() {
    let portal = portal();
    let page = portal.page("/search?q=%E6%9D%B1%E3%81%AE%E7%81%AF"); // 東の灯
    assert!(plain(&page).contains("記録：灯り") && has(&page, "<mark>東の灯</mark>"), "{}", plain(&page));
    assert!(has(&page, "href=\"/registers/lamp/"));
    let page = portal.page("/en/search?q=More%20lamps");
    assert!(has(&page, "href=\"/en/nodes/a-goal-1\"") && plain(&page).contains("“More lamps”: 1 found"), "{}", plain(&page));
    // 桟橋: a report in words on a goal, and lines of the document with their number.
    let found = portal.page("/search?q=%E6%A1%9F%E6%A9%8B");
    assert!(has(&found, "href=\"/nodes/a-goal-2\"") && plain(&found).contains("2023年度の実施状況"), "{}", plain(&found));
    assert!(has(&found, "href=\"/sources/doc#c-11\"") && plain(&found).contains("11行目"), "{}", plain(&found));
    // 2023年に12基: over the end of a line.
    let broken = portal.page("/search?q=2023%E5%B9%B4%E3%81%AB12%E5%9F%BA");
    assert!(has(&broken, "href=\"/sources/doc#c-4\""), "{}", plain(&broken));
    // 灯: a kind alone, and back.
    let lines = portal.page("/en/search?q=%E7%81%AF&kind=line");
    assert!(plain(&lines).contains("Lines of sources (4)") && !has(&lines, "/registers/lamp/"), "{}", plain(&lines));
    assert!(has(&lines, "href=\"/en/search?q=%E7%81%AF\">Search all kinds"));
    assert_eq!(portal.get("/search?q=x&kind=zzz").unwrap_err().status(), 400);
    assert!(plain(&portal.page("/search?q=zzzz")).contains("「zzzz」は見つかりませんでした"));
    assert!(plain(&portal.page("/search")).contains("すべての台帳の記録から探します"));
}

#[test]
fn errors_speak_both_languages_and_hide_our_faults() {
    let pack = testing::pack();
    for error in error::samples() {
        for lang in [Lang::Ja, Lang::En] {
            let page = errors::view(&Ctx::plain(lang, "/x"), &pack, &error).into_string();
            let text = plain(&page);
            assert!(text.contains(&error.title().ja) && text.contains(&error.title().en), "{text}");
            assert!(!text.contains("/dev/sda"));
            let pieces = pieces(&page);
            assert!(texts(&pieces).iter().all(|(lang, text)| lang != "en" || !is_japanese(text)));
        }
    }
    assert_eq!(portal().get("/nodes/nothing").unwrap_err().status(), 404);
    assert_eq!(portal().get("/indicators/lamps/download/pdf").unwrap_err().status(), 400);
}

#[test]
fn files_carry_values_reasons_and_their_origin() {
    let portal = portal();
    let csv = portal.get("/indicators/lamps/download/csv").unwrap().text();
    assert!(csv.contains("2024,15") && csv.contains("2025,"), "{csv}");
    assert!(csv.contains("未収集"), "a reason is no blank: {csv}");
    let json = portal.get("/en/indicators/lamps/download/json").unwrap().text();
    assert!(json.contains("Number of lamps") && json.contains("pack_digest"), "{json}");
}
