//! Figures on few persons: whoever may not see them exactly cannot tell two worlds apart that differ in nothing but
//! what is suppressed.

use super::accounts::{Browser, PASSWORD, founded, make, text};
use crate::{
    disclosed::{Calendar, Published},
    reply::Reply,
    routes::{Method, ROUTES},
    testing::{Portal, city},
    url,
};
use serde_json::Value;
use shirube_keyring::Account;
use shirube_record::Cell;

/// Volunteers by district and age: north and south, each young, middle, old.
type World = [usize; 6];
const CELLS: [(&str, &str); 6] =
    [("north", "young"), ("north", "middle"), ("north", "old"), ("south", "young"), ("south", "middle"), ("south", "old")];

/// They have the same totals, and the same cells are large enough to be shown.
const ONE: World = [3, 14, 16, 12, 11, 13];
const OTHER: World = [5, 12, 16, 10, 13, 13];
/// Who joins between the first and the second publication, and after it.
const LATER: World = [2, 0, 11, 0, 0, 0];

struct City {
    portal: Portal,
    /// The last events before each publication, and the last of all.
    published: Vec<i64>,
    now: i64,
}

impl City {
    fn new(first: World) -> City {
        let (mut portal, link) = Portal::with_accounts(city());
        founded(&portal, &link);
        let mut card = 0;
        let mut join = |world: World| {
            for ((district, age), count) in CELLS.iter().zip(world) {
                for _ in 0..count {
                    card += 1;
                    let columns = [
                        ("card", text(&format!("V-{card:03}"))),
                        ("district", text(district)),
                        ("age_group", text(age)),
                        ("joined_on", text("2025-05-01")),
                    ];
                    make(&portal, "volunteer", &columns);
                }
            }
            portal.app.store.whole(shirube_snapshot::AsOf::Head).unwrap().moment().seq
        };
        let published = vec![join(first), join(LATER)];
        let now = join(LATER);
        portal.app.published = Published::by(Calendar::After(published.clone()));
        City { portal, published, now }
    }

    /// What anyone gets at an address: body, headers that tell of it, or the error.
    fn told(&self, address: &str) -> String {
        match self.portal.get(address) {
            Ok(reply) => timeless(&format!("{} {:?} {}", reply.status(), reply.header("etag").is_some(), body(&reply))),
            Err(error) => error.problem_json(crate::text::L(shirube_plan::Lang::En), "").to_string(),
        }
    }

    fn values(&self, indicator: &str, query: &str) -> Value {
        let reply = self.portal.get(&format!("/api/v1/indicators/{indicator}/values{query}")).unwrap();
        serde_json::from_str(&reply.text()).unwrap()
    }
}

/// The text of an answer; of a workbook its sheets.
fn body(reply: &Reply) -> String {
    if !reply.bytes_of().starts_with(b"PK") {
        return reply.text();
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(reply.bytes_of())).unwrap();
    let mut all = String::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        if file.name().is_ok_and(|name| name.starts_with("xl/")) {
            std::io::Read::read_to_string(&mut file, &mut all).unwrap();
        }
    }
    all
}

/// Without times of day and digests, which differ from run to run.
fn timeless(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let digits = letters[at..].iter().take_while(|c| c.is_ascii_hexdigit()).count();
        let time = letters[at..].iter().take_while(|c| c.is_ascii_digit() || [':', '.'].contains(c)).collect::<String>();
        if time.matches(':').count() > 0 && time.len() >= 5 {
            at += time.chars().count();
        } else if digits >= 12 {
            at += digits;
        } else {
            kept.push(*letter);
            at += 1;
        }
    }
    kept
}

/// Everything there is for anyone to read in the city.
fn addresses(city: &City) -> Vec<String> {
    let pack = &city.portal.app.pack;
    let mut found = vec![];
    for route in ROUTES.iter().filter(|r| r.method == Method::Get && !r.path.starts_with("/assets") && !r.path.ends_with("health")) {
        let mut made = vec![String::new()];
        for segment in route.path.split('/').skip(1) {
            let texts = |all: &mut dyn Iterator<Item = &String>| all.map(|t| url::segment(t)).collect::<Vec<_>>();
            let ids = match (segment, route.name) {
                ("{register}", _) => vec!["tree".to_string(), "volunteer".to_string()],
                ("{id}", "node") => texts(&mut pack.periods.iter().flat_map(|p| p.nodes.iter().map(|n| &n.id))),
                ("{id}", name) if name.contains("indicator") || name.starts_with("api_values") || name == "api_derivation" => {
                    texts(&mut pack.indicators.keys())
                }
                ("{id}", "source") | ("{source}", _) => vec!["report".into()],
                ("{id}", _) => vec![city.published[0].to_string()],
                ("{*id}", _) => pack.figures.iter().map(|f| url::segment(&f.id)).collect(),
                ("{format}", _) => vec!["csv".into(), "xlsx".into(), "json".into()],
                ("{list}", _) => vec!["district".into(), "age_group".into()],
                ("{period}" | "{from}" | "{to}", _) => vec!["first".into()],
                (other, _) if other.starts_with('{') => vec!["none".into()],
                (fixed, _) => vec![fixed.to_string()],
            };
            made = made.iter().flat_map(|before| ids.iter().map(move |id| format!("{before}/{id}"))).collect();
        }
        for address in made {
            let language = if route.languages { &["", "/en"][..] } else { &[""] };
            found.extend(language.iter().map(|l| format!("{l}{address}")));
        }
    }
    found.extend(["/search?q=volunteers", "/api/v1/search?q=世話人", "/indicators/volunteers?rows=more"].map(url_encoded));
    found
}

fn url_encoded(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { url::value(&c.to_string()) }).collect()
}

#[test]
fn what_is_suppressed_makes_no_difference_to_any_answer() {
    let (one, other) = (City::new(ONE), City::new(OTHER));
    assert_eq!(one.now, other.now);
    let first = format!("?as_of=seq:{}", one.published[0]);
    let values = one.values("volunteers", &first);
    let rows = values["observations"].as_array().unwrap();
    let suppressed = rows.iter().filter(|r| r["status"] == "suppressed").count();
    assert_eq!((rows.len(), suppressed), (12, 4), "no more than a square of cells: {values}");
    assert_eq!(values["observations"], other.values("volunteers", &first)["observations"]);
    assert!(rows.iter().any(|r| r["value"] == 16.0), "large counts are shown: {values}");
    let moments = [0, one.published[0] - 1, one.published[0], one.published[0] + 1, one.published[1], one.now - 1];
    let mut asked = 0;
    for address in addresses(&one) {
        for moment in std::iter::once(None).chain(moments.iter().map(Some)) {
            let mark = if address.contains('?') { '&' } else { '?' };
            let at = moment.map_or(address.clone(), |seq| format!("{address}{mark}as_of=seq:{seq}"));
            // Several moments of what does not show figures would only take time.
            let varies =
                ["indicator", "node", "audit", "figure", "values", "derivation"].iter().any(|w| address.contains(w)) || address == "/";
            if moment.is_none() || varies {
                let (a, b) = (one.told(&at), other.told(&at));
                let differs = a.chars().zip(b.chars()).position(|(x, y)| x != y).unwrap_or_default();
                let around = |text: &str| text.chars().skip(differs.saturating_sub(80)).take(160).collect::<String>();
                assert!(a == b, "{at}:\n{}\n{}", around(&a), around(&b));
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "{asked}");
}

/// Else the test above would say nothing.
#[test]
fn whoever_may_see_exact_figures_sees_the_difference() {
    let (one, other) = (City::new(ONE), City::new(OTHER));
    let desk = |city: &City| {
        let account = make(&city.portal, "office_account", &[("login", text("dee")), ("kind", text("person")), ("_state", text("active"))]);
        let house = make(&city.portal, "office_organisation", &[("name", text("Parks")), ("kind", text("other"))]);
        make(
            &city.portal,
            "office_membership",
            &[("account", Cell::Integer(account)), ("organisation", Cell::Integer(house)), ("role", text("desk"))],
        );
        let keyring = &city.portal.app.who.accounts().unwrap().keyring;
        keyring.set_password(Account(account), "dee", PASSWORD).unwrap();
        let mut browser = Browser::new(&city.portal);
        assert_eq!(browser.sign_in("dee", PASSWORD).status(), 303);
        let cookies: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let headers = [("cookie", cookies.join("; "))];
        let headers: Vec<(&'static str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let reply = city.portal.ask(Method::Get, "/api/v1/indicators/volunteers/values", &headers, Default::default());
        reply.unwrap().text()
    };
    let (a, b) = (desk(&one), desk(&other));
    assert!(!a.contains("suppressed"), "{a}");
    assert_ne!(a, b);
    assert!(a.contains("\"value\":7.0"), "three and twice two, as they are now: {a}");
}

/// Suppressed is its own thing on the page and in files, with the reason beside it.
#[test]
fn pages_and_files_say_what_is_suppressed_and_why() {
    let city = City::new(ONE);
    let at = format!("as_of=seq:{}", city.published[0]);
    let page = city.portal.page(&format!("/en/indicators/volunteers?{at}"));
    assert!(page.contains("absent suppressed"));
    assert!(page.contains("Counts of 1 to 9, and others from which these could be worked out, are suppressed."), "{page}");
    let csv = city.portal.page(&format!("/indicators/volunteers/download/csv?{at}"));
    let row = csv.lines().find(|l| l.contains("north") && l.contains("young")).unwrap();
    assert!(row.contains("suppressed") || row.contains("秘匿"), "{row}");
    let derivation = city.portal.get("/api/v1/indicators/volunteers/derivation?rows=100").unwrap().text();
    let json: Value = serde_json::from_str(&derivation).unwrap();
    assert!(json["steps"].as_array().unwrap().iter().all(|s| s["rows"].as_array().unwrap().is_empty()), "{derivation}");
}

/// Between publications nothing moves, and before the first there is nothing.
#[test]
fn figures_change_on_the_days_of_publication_only() {
    let city = City::new(ONE);
    let of = |seq: i64| city.values("volunteers", &format!("?as_of=seq:{seq}"));
    assert_eq!(of(city.published[0] - 1)["observations"], serde_json::json!([]));
    assert_eq!(of(city.published[0])["observations"], of(city.published[1] - 1)["observations"]);
    assert_eq!(of(city.published[1])["observations"], of(city.now)["observations"]);
    assert_ne!(of(city.published[0])["observations"], of(city.now)["observations"]);
}

/// The share of those who stay tells nothing that the counts do not: numerator, denominator and share go together.
#[test]
fn a_rate_goes_with_its_counts() {
    let city = City::new(ONE);
    let values = city.values("volunteers-staying", "");
    for row in values["observations"].as_array().unwrap() {
        let told = ["value", "numerator", "denominator", "n"].map(|column| !row[column].is_null());
        assert!(told == [true; 4] || told == [false; 4], "{row}");
    }
}
