//! Who may come to which address, said again beside the program: by the name of the route, from the clearance alone.
//!
//! A route that is not named here fails the test, so that none is added without saying who may come there.

use super::scene::{Kind, Scene, Visitor};
use crate::routes::Route;
use shirube_access::{RecordAction, RegisterAction, Rows, SystemAction};
use shirube_plan::Sensitivity;

/// What one must be permitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Nothing.
    Open,
    /// Nothing, and nothing is there.
    Nowhere,
    Indicator,
    /// This to any record of the register.
    Any(RecordAction),
    Register(RegisterAction),
    /// This to the record.
    Record(RecordAction),
    File,
    Move,
    System(SystemAction),
    /// The installation, where it has accounts.
    Accounts,
    SomeOne,
    Account,
    Job,
}

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It came to its handler: it was answered, or refused for what was sent.
    Reached,
    SignIn,
    Forbidden,
    Missing,
}

pub fn rule(route: &Route) -> Rule {
    use RecordAction as R;
    match route.name {
        "home" | "plan" | "period" | "compare" | "node" | "indicators" | "audit" | "sources" | "source" | "codes" | "code_list"
        | "registers" | "register_fields" | "search" | "sign_in" | "forgot" | "forgot_send" | "sign_in_send" | "sign_in_code" | "about"
        | "api" | "api_document" | "api_health" | "api_pack" | "api_plan" | "api_codes" | "api_code_list" | "api_sources"
        | "api_source" | "api_figures" | "api_indicators" | "api_audit" | "api_search" | "api_registers" | "api_register" | "healthz"
        | "readyz" | "style" | "script" | "icon" => Rule::Open,
        // The scene has no provider.
        "figure" | "api_figure" | "sign_in_provider" | "sign_in_back" => Rule::Nowhere,
        // Where there are no accounts, links lead nowhere.
        "link" | "link_send" => Rule::Open,
        "indicator" | "indicator_download" | "api_indicator" | "api_values" | "api_derivation" => Rule::Indicator,
        "register" | "api_records" => Rule::Any(R::Read),
        "record_new" | "record_create" | "api_create" => Rule::Any(R::Create),
        "register_export" => Rule::Register(RegisterAction::Export),
        "import" | "import_send" | "template" => Rule::Register(RegisterAction::Import),
        "record" | "api_record" => Rule::Record(R::Read),
        "api_history" => Rule::Record(R::History),
        "record_file" | "api_file" => Rule::File,
        "record_amend" | "record_amend_send" | "api_amend" => Rule::Record(R::Amend),
        "record_redact" | "record_redact_send" | "api_redact" => Rule::Record(R::Redact),
        "record_transition" | "record_transition_send" | "api_transition" => Rule::Move,
        "record_access" | "people" | "person" | "person_send" | "outbox" | "outbox_send" => Rule::Accounts,
        "trail" | "trail_export" | "api_trail" => Rule::System(SystemAction::Trail),
        "api_verify" => Rule::System(SystemAction::Verify),
        "api_retention" | "api_retain" => Rule::System(SystemAction::Administer),
        "api_snapshot" => Rule::System(SystemAction::Snapshot),
        "jobs" => Rule::SomeOne,
        "job" | "job_steer" | "job_errors_csv" | "job_errors_xlsx" => Rule::Job,
        "me" | "me_send" | "sign_out" => Rule::Account,
        other => panic!("no expectation for the route “{other}”: say here who may come there"),
    }
}

/// What a request is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub register: String,
    /// Among the records of the scene; none if there is no such record.
    pub record: Option<usize>,
    pub other: String,
}

/// How somebody is to be answered.
pub fn expected(scene: &Scene, visitor: &Visitor, api: bool, rule: Rule, about: &About) -> Class {
    let clearance = visitor.clearance(api);
    let denied = if visitor.is_known(api) { Class::Forbidden } else { Class::SignIn };
    let only = |allowed: bool| if allowed { Class::Reached } else { denied };
    let any = |action| clearance.is_unlimited() || clearance.rows_for(action, &about.register) != Rows::None;
    let record = about.record.map(|at| &scene.records[at]);
    let readable = record.filter(|r| r.may(clearance, RecordAction::Read));
    let has_accounts = visitor.kind != Kind::Trial;
    match rule {
        Rule::Open => Class::Reached,
        Rule::Nowhere => Class::Missing,
        Rule::Indicator => {
            let reads = match about.other.as_str() {
                "open" => Sensitivity::Public,
                "inner" => Sensitivity::Internal,
                "secret" => Sensitivity::Commercial,
                _ => return Class::Missing,
            };
            if clearance.indicator(&about.other, reads) { Class::Reached } else { Class::Missing }
        }
        Rule::Any(action) => only(any(action)),
        Rule::Register(action) => only(clearance.register(action, &about.register)),
        Rule::Record(action) => match readable {
            _ if !any(action) => denied,
            None => Class::Missing,
            Some(record) => only(record.may(clearance, action)),
        },
        Rule::File => match readable {
            _ if !any(RecordAction::Read) => denied,
            Some(record) if record.register == "case" => {
                let view = record.now().view("case", clearance);
                let seen = match about.other.as_str() {
                    "flyer" => clearance.sees(view, Sensitivity::Public),
                    "scan" => clearance.sees(view, Sensitivity::Commercial),
                    _ => false,
                };
                if seen { Class::Reached } else { Class::Missing }
            }
            _ => Class::Missing,
        },
        Rule::Move => match readable {
            _ if !any(RecordAction::Read) => denied,
            None => Class::Missing,
            Some(record) => {
                let register = &scene.portal.app.pack.registers[&record.register];
                let Some(t) = register.transitions.iter().find(|t| t.name == about.other) else { return Class::Missing };
                let starts = record.now().state.as_ref().is_some_and(|s| t.from.contains(s));
                // Who reads the record sees its state and is told that it does not move from there.
                only(!starts || clearance.transition(record.now().view(&record.register, clearance), &t.name))
            }
        },
        Rule::System(action) => only(clearance.system(action)),
        Rule::Accounts if !has_accounts => Class::Missing,
        Rule::Accounts if !about.register.is_empty() && about.record.is_none() && clearance.system(SystemAction::Administer) => {
            Class::Missing
        }
        Rule::Accounts => only(clearance.system(SystemAction::Administer)),
        Rule::SomeOne => only(visitor.is_known(api)),
        Rule::Account => match visitor.kind {
            Kind::Person => Class::Reached,
            _ => denied,
        },
        Rule::Job => match scene.jobs.iter().find(|(id, _)| *id == about.other) {
            _ if !visitor.is_known(api) => denied,
            Some((_, actor)) if *actor == visitor.actor || clearance.system(SystemAction::Administer) => Class::Reached,
            _ => Class::Missing,
        },
    }
}
