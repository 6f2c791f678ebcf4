//! The one table of addresses. The router, the navigation, the API document and the tests read it.

use crate::{api, ctx::Ctx, error::Error, health, pages, reply::Reply, state::App};
use shirube_access::{RecordAction, RegisterAction, SystemAction};

/// What answers a request. Handlers are plain functions; they run on a thread that may wait for the disk.
pub type Handler = fn(&App, &Ctx) -> Result<Reply, Error>;

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a form, or begins something.
    Post,
    /// Changes parts of something.
    Patch,
}

/// What a request may bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: it reads.
    Nothing,
    /// A form, or JSON.
    Form,
    /// A form with files.
    Files,
}

/// What one must be permitted to come to an address at all. What is shown and done there is decided again on the
/// records themselves, by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: what is there is the pack's own, or narrowed to what the reader may see.
    Nothing,
    /// Reading some record of `{register}`.
    Reading,
    /// This to some record of `{register}`.
    Doing(RecordAction),
    /// This with `{register}` as a whole.
    Register(RegisterAction),
    /// Being signed in, or the owner in a trial.
    SomeOne,
    /// Being signed in by the pages, with an account of one's own.
    Account,
    /// This to the installation.
    System(SystemAction),
}

/// An address.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Pattern, `{name}` for one segment, `{*name}` for the rest.
    pub path: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// What is there: Japanese, English.
    pub summary: (&'static str, &'static str),
    /// Also under `/en`.
    pub languages: bool,
    /// Who may come here.
    pub needs: Needs,
    /// What its body may be.
    pub takes: Takes,
    /// What answers.
    pub handler: Handler,
}

const fn read(needs: Needs, path: &'static str, name: &'static str, summary: (&'static str, &'static str), handler: Handler) -> Route {
    Route { method: Method::Get, path, name, summary, languages: true, needs, takes: Takes::Nothing, handler }
}

const fn send(needs: Needs, path: &'static str, name: &'static str, summary: (&'static str, &'static str), handler: Handler) -> Route {
    Route { method: Method::Post, path, name, summary, languages: true, needs, takes: Takes::Form, handler }
}

const fn send_files(
    needs: Needs,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    Route { takes: Takes::Files, ..send(needs, path, name, summary, handler) }
}

const fn probe(needs: Needs, path: &'static str, name: &'static str, summary: (&'static str, &'static str), handler: Handler) -> Route {
    Route { languages: false, ..read(needs, path, name, summary, handler) }
}

const fn file(path: &'static str, name: &'static str, handler: Handler) -> Route {
    Route {
        method: Method::Get,
        path,
        name,
        summary: ("画面の部品", "Part of the pages"),
        languages: false,
        needs: Needs::Nothing,
        takes: Takes::Nothing,
        handler,
    }
}

const fn api(
    needs: Needs,
    method: Method,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    let takes = if matches!(method, Method::Get) { Takes::Nothing } else { Takes::Form };
    Route { method, path, name, summary, languages: false, needs, takes, handler }
}

/// Every address.
pub const ROUTES: &[Route] = &[
    read(Needs::Nothing, "/", "home", ("計画の現状", "The plan at a glance"), pages::home::show),
    read(Needs::Nothing, "/plan", "plan", ("計画の体系（既定の期）", "The plan's tree (default period)"), pages::plan::default_period),
    read(Needs::Nothing, "/plan/{period}", "period", ("計画の体系", "The plan's tree"), pages::plan::period),
    read(Needs::Nothing, "/compare/{from}/{to}", "compare", ("期と期の比較", "Two periods compared"), pages::compare::show),
    read(Needs::Nothing, "/nodes/{id}", "node", ("ゴールなど計画の項目", "A goal or another node of the plan"), pages::node::show),
    read(Needs::Nothing, "/indicators", "indicators", ("指標の一覧", "Indicators"), pages::indicators::list),
    read(Needs::Nothing, "/indicators/{id}", "indicator", ("指標", "An indicator"), pages::indicator::show),
    read(
        Needs::Nothing,
        "/indicators/{id}/download/{format}",
        "indicator_download",
        ("指標の値のファイル", "An indicator's values as a file"),
        pages::download::send,
    ),
    read(Needs::Nothing, "/audit", "audit", ("公表値との照合", "Published figures against the records"), pages::audit::show),
    read(Needs::Nothing, "/sources", "sources", ("出典の一覧", "Sources"), pages::sources::list),
    read(Needs::Nothing, "/sources/{id}", "source", ("出典の本文と引用", "A source's text and what cites it"), pages::source::show),
    read(Needs::Nothing, "/figures/{*id}", "figure", ("公表値", "A published figure"), pages::figure::show),
    read(Needs::Nothing, "/codes", "codes", ("用語・区分の一覧", "Terms and code lists"), pages::codes::list),
    read(Needs::Nothing, "/codes/{list}", "code_list", ("区分表", "A code list"), pages::codes::show),
    read(Needs::Nothing, "/registers", "registers", ("台帳の一覧", "All registers"), pages::registers::list),
    read(Needs::Reading, "/registers/{register}", "register", ("台帳の記録", "Records of a register"), pages::list::show),
    read(
        Needs::Register(RegisterAction::Export),
        "/registers/{register}/export/{format}",
        "register_export",
        ("記録の書き出し", "Records as a file"),
        pages::list::export,
    ),
    read(
        Needs::Nothing,
        "/registers/{register}/fields",
        "register_fields",
        ("台帳の項目の説明", "Fields of a register"),
        pages::register_fields::show,
    ),
    read(
        Needs::Doing(RecordAction::Create),
        "/registers/{register}/new",
        "record_new",
        ("新しい記録の入力", "Form for a new record"),
        pages::form::new,
    ),
    send_files(
        Needs::Doing(RecordAction::Create),
        "/registers/{register}/new",
        "record_create",
        ("新しい記録を登録", "Creates a record"),
        pages::form::create,
    ),
    read(
        Needs::Register(RegisterAction::Import),
        "/registers/{register}/import",
        "import",
        ("ファイルの取り込み", "Import of a file"),
        pages::import::show,
    ),
    send_files(
        Needs::Register(RegisterAction::Import),
        "/registers/{register}/import",
        "import_send",
        ("取り込むファイルを送る", "Takes a file to import"),
        pages::import::sent,
    ),
    read(
        Needs::Register(RegisterAction::Import),
        "/registers/{register}/template.csv",
        "template",
        ("見出しだけのCSV", "CSV with the headings"),
        pages::import::template,
    ),
    read(Needs::Reading, "/registers/{register}/{id}", "record", ("記録", "A record"), pages::record::show),
    read(
        Needs::Reading,
        "/registers/{register}/{id}/files/{column}",
        "record_file",
        ("添付ファイル", "An attached file"),
        pages::record::file,
    ),
    read(
        Needs::Doing(RecordAction::Amend),
        "/registers/{register}/{id}/amend",
        "record_amend",
        ("記録の修正", "Form to amend a record"),
        pages::form::amend,
    ),
    send_files(
        Needs::Doing(RecordAction::Amend),
        "/registers/{register}/{id}/amend",
        "record_amend_send",
        ("記録を修正", "Amends a record"),
        pages::form::amend_sent,
    ),
    read(
        Needs::Reading,
        "/registers/{register}/{id}/transitions/{transition}",
        "record_transition",
        ("状態を移す", "Form to move a record"),
        pages::transition::show,
    ),
    send_files(
        Needs::Reading,
        "/registers/{register}/{id}/transitions/{transition}",
        "record_transition_send",
        ("状態を移す", "Moves a record"),
        pages::transition::sent,
    ),
    read(
        Needs::System(SystemAction::Administer),
        "/registers/{register}/{id}/access",
        "record_access",
        ("だれに見え、なぜか", "Who can see a record, and why"),
        pages::people::who,
    ),
    read(
        Needs::Doing(RecordAction::Redact),
        "/registers/{register}/{id}/redact",
        "record_redact",
        ("内容の消去", "Form to erase content"),
        pages::redact::show,
    ),
    send(
        Needs::Doing(RecordAction::Redact),
        "/registers/{register}/{id}/redact",
        "record_redact_send",
        ("内容を消去", "Erases content"),
        pages::redact::sent,
    ),
    read(Needs::Nothing, "/search", "search", ("検索", "Search"), pages::search::show),
    read(Needs::SomeOne, "/jobs", "jobs", ("処理の一覧", "Jobs"), pages::jobs::list),
    read(Needs::SomeOne, "/jobs/{job}", "job", ("処理の様子", "A job"), pages::jobs::show),
    send(Needs::SomeOne, "/jobs/{job}", "job_steer", ("処理を進める・止める", "Steers a job"), pages::jobs::steer),
    read(
        Needs::SomeOne,
        "/jobs/{job}/errors.csv",
        "job_errors_csv",
        ("誤りの一覧（CSV）", "Mistakes of a file (CSV)"),
        pages::jobs::errors_csv,
    ),
    read(
        Needs::SomeOne,
        "/jobs/{job}/errors.xlsx",
        "job_errors_xlsx",
        ("誤りの一覧（XLSX）", "Mistakes of a file (XLSX)"),
        pages::jobs::errors_xlsx,
    ),
    read(Needs::Nothing, "/sign-in", "sign_in", ("サインイン", "Sign in"), pages::sign_in::show),
    send(Needs::Nothing, "/sign-in", "sign_in_send", ("サインインする", "Signs in"), pages::sign_in::send),
    send(Needs::Nothing, "/sign-in/code", "sign_in_code", ("確認コードを送る", "Takes the second factor"), pages::sign_in::code),
    read(
        Needs::Nothing,
        "/sign-in/provider",
        "sign_in_provider",
        ("ほかのサービスでサインイン", "Sign-in by another provider"),
        pages::provider::go,
    ),
    probe(
        Needs::Nothing,
        pages::provider::BACK,
        "sign_in_back",
        ("ほかのサービスからの返事", "The provider's answer"),
        pages::provider::back,
    ),
    read(Needs::Nothing, "/sign-in/forgot", "forgot", ("パスワードを忘れた場合", "Forgotten password"), pages::forgot::show),
    send(
        Needs::Nothing,
        "/sign-in/forgot",
        "forgot_send",
        ("再設定のリンクを頼む", "Asks for a link to a new password"),
        pages::forgot::send,
    ),
    send(Needs::Account, "/sign-out", "sign_out", ("サインアウト", "Signs out"), pages::sign_in::out),
    read(Needs::Nothing, "/links/{purpose}/{link}", "link", ("招待・再設定など", "What a one-time link leads to"), pages::links::show),
    send(Needs::Nothing, "/links/{purpose}/{link}", "link_send", ("招待などに答える", "Uses a one-time link"), pages::links::send),
    read(Needs::Account, "/me", "me", ("自分のアカウント", "One's own account"), pages::me::show),
    send(Needs::Account, "/me", "me_send", ("自分のアカウントを変える", "Changes one's own account"), pages::me::send),
    read(
        Needs::System(SystemAction::Administer),
        "/people/{account}",
        "person",
        ("利用者に見えるもの・できること", "What an account can see and do"),
        pages::people::show,
    ),
    send(
        Needs::System(SystemAction::Administer),
        "/people/{account}",
        "person_send",
        ("利用者の入口を変える", "Changes how an account comes in"),
        pages::people::send,
    ),
    read(Needs::System(SystemAction::Trail), "/trail", "trail", ("閲覧と変更の記録", "Who read and changed what"), pages::trail::show),
    read(
        Needs::System(SystemAction::Trail),
        "/trail/export/{format}",
        "trail_export",
        ("閲覧と変更の記録のファイル", "Who read and changed what, as a file"),
        pages::trail::export,
    ),
    read(
        Needs::System(SystemAction::Administer),
        "/outbox",
        "outbox",
        ("通知の送信", "Notices that wait, failed or were given up"),
        pages::outbox::show,
    ),
    send(
        Needs::System(SystemAction::Administer),
        "/outbox",
        "outbox_send",
        ("通知を再送する・やめる", "Retries or drops notices"),
        pages::outbox::send,
    ),
    read(Needs::Nothing, "/about", "about", ("使い方", "Help"), pages::about::show),
    read(Needs::Nothing, "/api", "api", ("APIの案内", "What the API offers"), pages::api::show),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/openapi.json",
        "api_document",
        ("OpenAPI 3.1 の記述", "OpenAPI 3.1 description"),
        api::openapi::send,
    ),
    api(Needs::Nothing, Method::Get, "/api/v1/health", "api_health", ("動いているか", "Whether the program answers"), api::system::health),
    api(
        Needs::System(SystemAction::Verify),
        Method::Get,
        "/api/v1/verify",
        "api_verify",
        ("出来事の連鎖の検証", "Proof of the event chain"),
        api::system::verify,
    ),
    api(
        Needs::System(SystemAction::Trail),
        Method::Get,
        "/api/v1/trail",
        "api_trail",
        ("閲覧と変更の記録", "Who read and changed what"),
        api::system::trail,
    ),
    api(
        Needs::System(SystemAction::Administer),
        Method::Get,
        "/api/v1/retention",
        "api_retention",
        ("保存期間を過ぎたもの", "What the pack keeps no longer"),
        api::system::retention,
    ),
    api(
        Needs::System(SystemAction::Administer),
        Method::Post,
        "/api/v1/retention",
        "api_retain",
        ("保存期間を過ぎたものを消去", "Drops what the pack keeps no longer"),
        api::system::retain,
    ),
    api(Needs::Nothing, Method::Get, "/api/v1/pack", "api_pack", ("パック", "The pack"), api::plan::pack),
    api(Needs::Nothing, Method::Get, "/api/v1/plan", "api_plan", ("計画の体系", "The plan's periods and nodes"), api::plan::plan),
    api(Needs::Nothing, Method::Get, "/api/v1/codes", "api_codes", ("区分表の一覧", "Code lists"), api::plan::codes),
    api(Needs::Nothing, Method::Get, "/api/v1/codes/{list}", "api_code_list", ("区分表", "A code list"), api::plan::code_list),
    api(Needs::Nothing, Method::Get, "/api/v1/sources", "api_sources", ("出典の一覧", "Sources"), api::plan::sources),
    api(Needs::Nothing, Method::Get, "/api/v1/sources/{source}", "api_source", ("出典の本文", "A source with its text"), api::plan::source),
    api(Needs::Nothing, Method::Get, "/api/v1/figures", "api_figures", ("公表値の一覧", "Published figures"), api::plan::figures),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/v1/figures/{*id}",
        "api_figure",
        ("公表値と照合", "A published figure and its audit"),
        api::plan::figure,
    ),
    api(Needs::Nothing, Method::Get, "/api/v1/indicators", "api_indicators", ("指標の一覧", "Indicators"), api::indicators::list),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/v1/indicators/{id}",
        "api_indicator",
        ("指標の定義", "An indicator's definition"),
        api::indicators::get,
    ),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/v1/indicators/{id}/values",
        "api_values",
        ("指標の値と判定", "An indicator's values and judgement"),
        api::indicators::values,
    ),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/v1/indicators/{id}/derivation",
        "api_derivation",
        ("指標の導出", "An indicator's derivation"),
        api::indicators::derivation,
    ),
    api(Needs::Nothing, Method::Get, "/api/v1/audit", "api_audit", ("公表値の照合", "Audit of published figures"), api::indicators::audit),
    api(Needs::Nothing, Method::Get, "/api/v1/search", "api_search", ("検索", "Search"), api::lists::search),
    api(
        Needs::System(SystemAction::Snapshot),
        Method::Get,
        "/api/v1/snapshot",
        "api_snapshot",
        ("ある時点のSQLiteファイル", "A moment as a SQLite file"),
        api::system::snapshot,
    ),
    api(Needs::Nothing, Method::Get, "/api/v1/registers", "api_registers", ("台帳の一覧", "Registers"), api::records::registers),
    api(
        Needs::Nothing,
        Method::Get,
        "/api/v1/registers/{register}",
        "api_register",
        ("台帳の定義", "A register's fields"),
        api::records::get_register,
    ),
    api(
        Needs::Reading,
        Method::Get,
        "/api/v1/registers/{register}/records",
        "api_records",
        ("記録の一覧", "Records of a register"),
        api::lists::list,
    ),
    api(
        Needs::Doing(RecordAction::Create),
        Method::Post,
        "/api/v1/registers/{register}/records",
        "api_create",
        ("記録の登録", "Creates a record"),
        api::records::create,
    ),
    api(Needs::Reading, Method::Get, "/api/v1/registers/{register}/records/{id}", "api_record", ("記録", "A record"), api::records::get),
    api(
        Needs::Doing(RecordAction::Amend),
        Method::Patch,
        "/api/v1/registers/{register}/records/{id}",
        "api_amend",
        ("記録の修正", "Amends a record"),
        api::records::amend,
    ),
    api(
        Needs::Doing(RecordAction::History),
        Method::Get,
        "/api/v1/registers/{register}/records/{id}/history",
        "api_history",
        ("記録の履歴", "A record's versions"),
        api::records::history,
    ),
    api(
        Needs::Reading,
        Method::Get,
        "/api/v1/registers/{register}/records/{id}/files/{column}",
        "api_file",
        ("添付ファイル", "An attached file"),
        api::records::file,
    ),
    api(
        Needs::Reading,
        Method::Post,
        "/api/v1/registers/{register}/records/{id}/transitions/{transition}",
        "api_transition",
        ("状態を移す", "Moves a record"),
        api::records::transition,
    ),
    api(
        Needs::Doing(RecordAction::Redact),
        Method::Post,
        "/api/v1/registers/{register}/records/{id}/redactions",
        "api_redact",
        ("内容を消去", "Erases content"),
        api::records::redact,
    ),
    probe(Needs::Nothing, "/healthz", "healthz", ("動いているか", "Whether the program is alive"), health::alive),
    probe(Needs::Nothing, "/readyz", "readyz", ("仕事ができるか", "Whether it can do its work"), health::ready),
    file("/assets/app.css", "style", pages::assets::style),
    file("/assets/app.js", "script", pages::assets::script),
    file("/assets/icon.svg", "icon", pages::assets::icon),
];

/// The route with this name.
pub fn named(name: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|r| r.name == name)
}
