//! The frame around every page: head, navigation, banners, footer.

use crate::{assets, ctx::Ctx, routes, url, who::Visitor};
use maud::{DOCTYPE, Markup, html};
use shirube_access::SystemAction;
use shirube_plan::Pack;
use shirube_snapshot::Moment;

/// What a template draws from: the request and the pack.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The request.
    pub cx: &'a Ctx,
    /// The pack.
    pub pack: &'a Pack,
    /// The moment shown; none on pages that read no records (errors).
    pub moment: Option<Moment>,
}

/// A step of the way down to a page: its name and address.
pub type Crumb = (String, String);

/// A page of the portal. `nav` is the name of the route that is marked in the navigation.
pub fn page(v: &View, title: &str, nav: &str, crumbs: &[Crumb], body: Markup) -> Markup {
    let l = v.cx.l;
    html! {
        (DOCTYPE)
        html lang=(l.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title lang=[l.lang_of(title)] { (title) " | " (l.p(&v.pack.meta.label)) " | " (l.t("標 Shirube", "Shirube")) }
                link rel="icon" type="image/svg+xml" href=(assets::ICON.href());
                link rel="stylesheet" href=(assets::STYLE.href());
                link rel="alternate" hreflang=(l.other().code()) href=(v.cx.other_language());
                // Not deferred: a stored theme must be set before the first paint.
                script src=(assets::SCRIPT.href()) {}
            }
            body {
                a class="skip" href="#main" { (l.t("本文へ移動", "Skip to the content")) }
                (header(v, nav))
                (banners(v))
                main id="main" tabindex="-1" {
                    div class="wrap" {
                        @if !crumbs.is_empty() { (trail(v, crumbs, title)) }
                        (body)
                    }
                }
                (footer(v))
            }
        }
    }
}

fn header(v: &View, nav: &str) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let items = [
        ("home", l.t("計画の現状", "At a glance")),
        ("plan", l.t("計画", "Plan")),
        ("indicators", l.t("指標", "Indicators")),
        ("registers", l.t("台帳", "Registers")),
        ("audit", l.t("照合", "Audit")),
        ("sources", l.t("出典", "Sources")),
        ("codes", l.t("用語・区分", "Terms")),
        ("about", l.t("使い方", "Help")),
    ];
    let people = cx.asking.administers().then(|| ("people", l.t("利用者", "People")));
    html! {
        header class="site" {
            div class="wrap site-top" {
                a class="brand" href=(cx.to("/")) {
                    img src=(assets::ICON.href()) alt="" width="30" height="30";
                    span { b { (l.p(&v.pack.meta.label)) } span { (l.t("標 Shirube ― 根拠で動かす計画", "Shirube – the plan, run on evidence")) } }
                }
                div class="tools" {
                    form method="get" action=(cx.form_path("/search")) role="search" {
                        input type="search" name="q" aria-label=(l.t("検索語", "Search for")) placeholder=(l.t("検索", "Search"));
                        (hidden_as_of(v))
                        button class="quiet" { (l.t("検索", "Search")) }
                    }
                    form method="get" action=(cx.form_action()) {
                        label for="as_of" { (l.t("時点", "As of")) }
                        input type="date" id="as_of" name="as_of" value=(cx.as_of_text.as_deref().unwrap_or_default());
                        @for (name, value) in &cx.query_elsewhen().0 { input type="hidden" name=(name) value=(value); }
                        button class="quiet" { (l.t("表示", "Show")) }
                    }
                    @if cx.asking.actor.clearance().system(SystemAction::Trail) {
                        a href=(cx.to("/trail")) aria-current=[(nav == "trail").then_some("page")] { (l.t("閲覧と変更の記録", "Who read what")) }
                    }
                    (visitor(v))
                    a href=(cx.other_language()) hreflang=(l.other().code()) lang=(l.other().code()) { (l.t("English", "日本語")) }
                    button type="button" id="theme" class="quiet" hidden { (l.t("暗い配色", "Dark")) }
                }
            }
            nav class="wrap" aria-label=(l.t("主な画面", "Main pages")) {
                ul {
                    @for (name, word) in items.into_iter().chain(people) {
                        @if let Some(route) = routes::named(name) {
                            li { a href=(cx.to(route.path)) aria-current=[(name == nav).then_some("page")] { (word) } }
                        }
                    }
                }
            }
        }
    }
}

/// Who is signed in, or the way to it.
fn visitor(v: &View) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    match &cx.asking.visitor {
        Visitor::Owner | Visitor::Unknown | Visitor::Program(_) => html! {},
        Visitor::Public if cx.path.starts_with("/sign-in") => html! {},
        Visitor::Public => {
            html! { a href=(cx.form_path(&format!("/sign-in?to={}", url::value(&cx.to_with(&cx.path, cx.query.clone()))))) { (l.t("サインイン", "Sign in")) } }
        }
        Visitor::Person(signed) => html! {
            a href=(cx.form_path("/me")) { (signed.name) }
            form method="post" action=(cx.form_path("/sign-out")) {
                input type="hidden" name="_token" value=(cx.asking.word);
                button class="quiet" { (l.t("サインアウト", "Sign out")) }
            }
        },
    }
}

/// Carries the moment through a form that leads to another page.
pub fn hidden_as_of(v: &View) -> Markup {
    html! { @if let Some(text) = &v.cx.as_of_text { input type="hidden" name="as_of" value=(text); } }
}

fn banners(v: &View) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    html! {
        @if v.pack.meta.fictional {
            aside class="banner banner-fictional" aria-label=(l.t("架空の計画", "Fictional plan")) {
                div class="wrap" {
                    b { (l.t("架空の計画", "Fictional plan")) }
                    span { (l.t("この計画の内容と数値はすべて作り物です。", "Everything in this plan, figures included, is invented.")) }
                }
            }
        }
        @if matches!(cx.asking.visitor, Visitor::Owner) {
            aside class="banner banner-trial" aria-label=(l.t("試用", "Trial")) {
                div class="wrap" {
                    b { (l.t("試用", "Trial")) }
                    span { (l.t("この機械を使う人は、だれでもすべてを行えます。アカウントを使うには設定で accounts = \"on\" としてください。",
                                "Whoever reaches this machine may do everything. Set accounts = \"on\" to use accounts.")) }
                }
            }
        }
        @if cx.asking.lacks_factor() {
            aside class="banner banner-trial" aria-label=(l.t("認証アプリが必要です", "An authenticator app is needed")) {
                div class="wrap" {
                    b { (l.t("認証アプリが必要です", "An authenticator app is needed")) }
                    span { (l.t("認証アプリを設定するまで、公開されている内容だけを見られます。", "Until it is set up you see what is published, and no more.")) }
                    a href=(cx.form_path("/me")) { (l.t("設定する", "Set it up")) }
                }
            }
        }
        @if let Some(words) = cx.moment_words() {
            div class="banner banner-as-of" role="status" {
                div class="wrap" {
                    b { @if l.is_ja() { (words) " 時点の表示" } @else { "As of " (words) } }
                    span {
                        @if v.moment.is_some_and(|m| m.seq == 0) {
                            (l.t("この時点には、まだ何も記録されていません。値があるものは、文書に印刷された値だけから計算しています。",
                                 "Nothing was recorded yet. What has a value is computed from printed figures alone."))
                        } @else { (l.t("それより後の記録は表示していません。", "Nothing recorded later is shown.")) }
                    }
                    a href=(cx.now()) { (l.t("現在の表示に戻る", "Back to now")) }
                }
            }
        }
    }
}

fn trail(v: &View, crumbs: &[Crumb], here: &str) -> Markup {
    let l = v.cx.l;
    html! {
        nav class="crumbs" aria-label=(l.t("現在位置", "You are here")) {
            ol {
                li { a href=(v.cx.to("/")) { (l.t("計画の現状", "At a glance")) } }
                @for (name, href) in crumbs { li { a href=(href) { (l.foreign(name)) } } }
                li aria-current="page" { (l.foreign(here)) }
            }
        }
    }
}

fn footer(v: &View) -> Markup {
    let (cx, l, meta) = (v.cx, v.cx.l, &v.pack.meta);
    html! {
        footer {
            div class="wrap" {
                dl {
                    div { dt { (l.t("パック", "Pack")) } dd { (l.p(&meta.label)) " " (meta.version) " (" code { (v.pack.digest.get(..12).unwrap_or(&v.pack.digest)) } ")" } }
                    div { dt { (l.t("表示の時点", "Shown as of")) } dd { (cx.moment_words().unwrap_or_else(|| l.t("現在", "now").to_string())) } }
                    @if let Some(moment) = v.moment {
                        div { dt { (l.t("記録の番号", "Last event")) } dd { (moment.seq) } }
                    }
                }
                p { (l.p(&meta.description)) }
                p {
                    a href=(cx.to("/about")) { (l.t("この画面の読み方", "How to read these pages")) }
                    @if let Some(api) = routes::named("api") { a href=(cx.to(api.path)) { "API" } }
                }
            }
        }
    }
}
