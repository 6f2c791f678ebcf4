//! What all reading pages keep, over the pack of Lighthouse City: form, languages, links, routes.

use super::html::{Piece, attributes, pieces, texts};
use crate::{
    routes::{Method, ROUTES},
    testing::{self, Portal},
    text::is_japanese,
};
use std::collections::{BTreeSet, VecDeque};

pub(super) fn portal() -> Portal {
    Portal::open(testing::pack())
}

/// One address of every reading route (records and jobs have their own tests).
const ADDRESSES: [&str; 22] = [
    "/",
    "/?period=b",
    "/plan",
    "/plan/b",
    "/compare/a/b",
    "/nodes/a-goal-1",
    "/nodes/a-goal-2",
    "/nodes/b-goal-1",
    "/indicators",
    "/indicators/lamps",
    "/indicators/lamps-by-place",
    "/indicators/lamps-goal?if.growth=7",
    "/audit",
    "/sources",
    "/sources/doc",
    "/figures/doc/lamps@2024",
    "/codes",
    "/codes/field",
    "/search?q=%E7%81%AF%E3%82%8A",
    "/search?q=lamps",
    "/about",
    "/trail",
];

fn english(address: &str) -> String {
    match address.strip_prefix("/?") {
        Some(query) => format!("/en?{query}"),
        None if address == "/" => "/en".into(),
        None => format!("/en{address}"),
    }
}

/// Both languages of all addresses.
fn pages(portal: &Portal) -> Vec<(String, String)> {
    let all = ADDRESSES.iter().flat_map(|a| [a.to_string(), english(a)]);
    all.map(|a| (a.clone(), portal.page(&a))).collect()
}

pub(super) fn has(page: &str, text: &str) -> bool {
    page.contains(text)
}

/// Text of a page without its tags.
pub(super) fn plain(page: &str) -> String {
    pieces(page)
        .iter()
        .map(|p| if let Piece::Text(t) = p { t.clone() } else { " ".into() })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn pages_are_well_formed_and_their_headings_descend() {
    let portal = portal();
    for (address, page) in pages(&portal) {
        let pieces = pieces(&page);
        let levels: Vec<u32> = pieces
            .iter()
            .filter_map(|p| match p {
                Piece::Open(name, _) => name.strip_prefix('h').and_then(|n| n.parse().ok()),
                _ => None,
            })
            .collect();
        assert_eq!(levels.iter().filter(|n| **n == 1).count(), 1, "{address}");
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{address}: {levels:?}");
        let ids: Vec<&str> = attributes(&pieces, "id").into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{address}: an id twice");
        for (_, target) in attributes(&pieces, "aria-labelledby").into_iter().chain(attributes(&pieces, "aria-describedby")) {
            assert!(target.split(' ').all(|t| ids.contains(&t)), "{address}: {target}");
        }
        for (_, target) in attributes(&pieces, "for") {
            assert!(ids.contains(&target), "{address}: {target}");
        }
    }
}

#[test]
fn pages_keep_the_content_policy() {
    let portal = portal();
    for (address, page) in pages(&portal) {
        let pieces = pieces(&page);
        for piece in &pieces {
            let Piece::Open(name, attributes) = piece else { continue };
            assert!(!attributes.iter().any(|(n, _)| n == "style" || n.starts_with("on")), "{address}: {name}");
            assert!(name != "style", "{address}");
            assert!(name != "script" || attributes.iter().any(|(n, _)| n == "src"), "{address}");
        }
    }
}

#[test]
fn tables_name_themselves_and_their_columns() {
    let portal = portal();
    for (address, page) in pages(&portal) {
        let pieces = pieces(&page);
        for (i, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Open(name, _) if name == "table" => {
                    assert!(matches!(&pieces[i + 1], Piece::Open(n, _) if n == "caption"), "{address}: a table without caption")
                }
                Piece::Open(name, attributes) if name == "th" => {
                    assert!(attributes.iter().any(|(n, _)| n == "scope"), "{address}: a head without scope")
                }
                Piece::Open(name, attributes) if name == "svg" => {
                    let told = attributes.iter().any(|(n, v)| (n == "role" && v == "img") || (n == "aria-hidden" && v == "true"));
                    assert!(told, "{address}: a drawing that is neither described nor hidden");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn english_pages_hold_no_japanese_but_what_is_marked_as_such() {
    let portal = portal();
    for address in ADDRESSES {
        let page = portal.page(&english(address));
        for (lang, text) in texts(&pieces(&page)) {
            // Signs (？ ／ ■ ＼) are no words.
            assert!(lang == "ja" || !is_japanese(text), "{address}: “{text}” in {lang}");
        }
    }
}

#[test]
fn japanese_pages_use_the_japanese_labels_of_the_pack() {
    let portal = portal();
    for (address, page) in pages(&portal).into_iter().filter(|(a, _)| !a.starts_with("/en")) {
        for english in ["Number of lamps", "More lamps", "Lighthouse City", "First period"] {
            assert!(!has(&page, english), "{address}: {english}");
        }
        assert!(has(&page, "灯台市の計画"), "{address}");
    }
}

#[test]
fn a_fictional_pack_says_so_on_every_page() {
    let portal = portal();
    for (address, page) in pages(&portal) {
        assert!(has(&page, if address.starts_with("/en") { "Fictional plan" } else { "架空の計画" }), "{address}");
    }
}

/// Addresses a page links to, inside the portal.
fn links(page: &str) -> BTreeSet<String> {
    let pieces = pieces(page);
    let all = attributes(&pieces, "href");
    all.into_iter()
        .filter(|(element, href)| *element == "a" && href.starts_with('/'))
        .map(|(_, href)| href.split('#').next().unwrap_or_default().to_string())
        .collect()
}

#[test]
fn every_link_carries_language_and_moment_and_leads_somewhere() {
    let portal = portal();
    // A moment to come is refused; the last event is one that is past and holds everything.
    let moment = &format!("as_of=seq:{}", portal.app.store.head_seq());
    for start in [format!("/?{moment}"), format!("/en?{moment}")] {
        let in_english = start.starts_with("/en");
        let (mut waiting, mut seen) = (VecDeque::from([start]), BTreeSet::new());
        while let Some(address) = waiting.pop_front() {
            if !seen.insert(address.clone()) || seen.len() > 300 {
                continue;
            }
            let reply = portal.get(&address).unwrap_or_else(|e| panic!("{address}: {e}"));
            let page = reply.text();
            if !page.starts_with("<!DOCTYPE html>") {
                continue; // a file
            }
            let mut to_now = 0;
            for link in links(&page) {
                let switches_language = (link == "/en" || link.starts_with("/en?") || link.starts_with("/en/")) != in_english;
                // The API has no language; a record's history leads to other moments.
                to_now += usize::from(!link.contains("as_of=") && !link.starts_with("/api/"));
                if !switches_language && link.contains(moment.as_str()) {
                    waiting.push_back(link);
                }
            }
            assert!(to_now <= 1, "{address}: only the way back to now leaves the moment: {:?}", links(&page));
        }
        assert!(seen.len() > 40, "{}", seen.len());
    }
}

#[test]
fn anchors_lead_to_what_is_on_the_page() {
    let portal = portal();
    for (address, page) in pages(&portal) {
        let pieces = pieces(&page);
        let ids: BTreeSet<&str> = attributes(&pieces, "id").into_iter().map(|(_, id)| id).collect();
        for (_, href) in attributes(&pieces, "href").into_iter().filter(|(e, h)| *e == "a" && h.starts_with('#')) {
            assert!(ids.contains(&href[1..]), "{address}: {href}");
        }
    }
}

#[test]
fn what_a_filter_does_not_know_is_a_message_not_everything() {
    let portal = portal();
    for (address, known) in [
        ("/indicators?state=zzz", "better"),
        ("/indicators?kind=zzz", "kpi"),
        ("/indicators?node=zzz", "a-goal-1"),
        ("/audit?verdict=zzz", "not-held"),
        ("/audit?source=zzz", "doc"),
        ("/audit?goal=zzz", "a-goal-1"),
        ("/audit?page=abc", "1"),
        ("/audit?page=0", "1"),
        ("/audit?page=-1", "1"),
    ] {
        let error = portal.get(address).unwrap_err();
        assert_eq!(error.status(), 400, "{address}");
        let value = address.split_once('?').unwrap().1;
        assert!(error.problem().ja.contains(value) && error.problem().en.contains(value), "{address}");
        assert!(error.mend().ja.contains(known) && error.mend().en.contains(known), "{address}: {}", error.mend().en);
    }
    for address in ["/indicators?state=&kind=", "/indicators?state=target-unknown", "/audit?verdict=no-value&source=doc&page=1"] {
        portal.page(address);
    }
    let beyond = portal.page("/audit?page=77");
    assert!(beyond.contains("このページには公表値がありません") && beyond.contains("最初のページへ"));
}

#[test]
fn every_reading_route_is_covered_here() {
    // Pages of accounts have tests of their own.
    let own = [
        "style",
        "script",
        "icon",
        "indicator_download",
        "period",
        "sign_in",
        "sign_in_provider",
        "forgot",
        "outbox",
        "link",
        "me",
        "people",
        "person",
        "trail_export",
    ];
    let names: BTreeSet<&str> = ROUTES
        .iter()
        .filter(|r| r.method == Method::Get && r.languages && !own.contains(&r.name))
        .filter(|r| !r.path.starts_with("/registers") && !r.path.starts_with("/jobs") && !r.path.starts_with("/api"))
        .map(|r| r.name)
        .collect();
    let asked: BTreeSet<&str> = names
        .iter()
        .copied()
        .filter(|n| ROUTES.iter().any(|r| r.name == *n && ADDRESSES.iter().any(|a| shape(a) == shape(r.path))))
        .collect();
    assert_eq!(names, asked);
}

/// First segment and depth of a path: enough to tell our routes apart.
fn shape(path: &str) -> (String, usize) {
    let path = path.split('?').next().unwrap_or_default().replace("/figures/doc/", "/figures/");
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    (parts.first().unwrap_or(&"").to_string(), parts.len())
}

#[test]
fn routes_have_unique_names_and_addresses_and_say_what_they_are() {
    let names: BTreeSet<&str> = ROUTES.iter().map(|r| r.name).collect();
    assert_eq!(names.len(), ROUTES.len());
    let addresses: BTreeSet<(String, &str)> = ROUTES.iter().map(|r| (format!("{:?}", r.method), r.path)).collect();
    assert_eq!(addresses.len(), ROUTES.len());
    for route in ROUTES {
        assert!(!route.summary.0.is_empty() && !is_japanese(route.summary.1) && !route.summary.1.is_empty(), "{}", route.name);
    }
}
