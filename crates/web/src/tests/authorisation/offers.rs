//! Pages offer what the reader may do, and say of hidden fields that they are hidden.

use super::{get, scene::Scene};

#[test]
fn pages_offer_what_the_reader_may_do() {
    let scene = Scene::new();
    let case = |state: &str| scene.records.iter().find(|r| r.register == "case" && r.now().state.as_deref() == Some(state)).unwrap().id;
    let page = |visitor: &str, address: &str| get(&scene, scene.visitor(visitor), address).unwrap().text();
    let confirmed = format!("/en/registers/case/{}", case("confirmed"));
    let ends = ["/amend\"", "/redact\"", "/access\"", "/transitions/"];
    let offered = |visitor: &str, address: &str| ends.map(|end| page(visitor, address).contains(end));
    assert_eq!(offered("public", &confirmed), [false; 4]);
    assert_eq!(offered("owner-a", &confirmed), [true, true, true, false]);
    assert_eq!(offered("secretariat-a", &confirmed), [true, true, false, false]);
    assert_eq!(offered("desk-a", &format!("/en/registers/case/{}", case("reported"))), [true, false, false, true]);
    let reported = format!("/en/registers/case/{}", case("reported"));
    assert!(page("public", &confirmed).contains("id=\"history\"") && !page("reader-a", &reported).contains("id=\"history\""));
    let (public, secretariat) = (page("public", &confirmed), page("secretariat-a", &confirmed));
    assert!(public.contains(">hidden<") && !public.contains("state a purpose"));
    assert!(secretariat.contains("state a purpose") && !page("secretariat-a on duty", &confirmed).contains(">hidden<"));
    let list = |visitor: &str| ["/case/new\"", "/case/import\"", "/export/csv"].map(|end| page(visitor, "/registers/case").contains(end));
    assert_eq!((list("public"), list("reporter-a"), list("desk-a")), ([false, false, true], [true, true, true], [true, true, true]));
    assert!(!page("public", "/registers").contains("/registers/partner") && page("reader-a", "/registers").contains("/registers/partner"));
    let account = scene.records.iter().find(|r| r.register == "office_account").unwrap().id;
    let account = |visitor: &str| page(visitor, &format!("/registers/office_account/{account}")).contains(&format!("/people/{account}\""));
    assert!(account("owner-a") && !account("auditor-a"));
}
