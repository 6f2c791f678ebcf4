//! A small pack and commands for the tests of the store.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use shirube_access::{Clearance, Person, Policies};
use shirube_plan::{
    Check, Code, CodeList, Field, FieldKind, FileType, NumberPart, Numbering, Pack, Pair, Register, Sensitivity, State, Storage, Transition,
};
use shirube_record::{Cell, Content, Origin};
use shirube_store::{Actor, Command, LogPlace, Receipt, Store, StoreError};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command as Process, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

pub fn pair(ja: &str, en: &str) -> Pair {
    Pair { ja: ja.into(), en: en.into() }
}

pub fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        label: pair(&format!("{name}の欄"), name),
        help: None,
        kind,
        required: false,
        unique: false,
        sensitivity: Sensitivity::Public,
        place: Default::default(),
    }
}

pub fn text() -> FieldKind {
    FieldKind::Text { max_length: 300, pattern: None }
}

pub fn year() -> FieldKind {
    FieldKind::FiscalYear { min: None, max: None }
}

pub fn money() -> FieldKind {
    FieldKind::Money { currency: "JPY".into(), places: 0, min: Some(0.0), max: None }
}

/// The pack with projects that belong to organisations, and fields of these sensitivities in them.
pub fn owned(sensitivities: &[(&str, Sensitivity)]) -> Arc<Pack> {
    let mut pack = pack();
    let project = pack.registers.get_mut("project").unwrap();
    project.fields.push(field("organisation", FieldKind::Organisation));
    project.owner = Some("organisation".into());
    for (name, sensitivity) in sensitivities {
        project.fields.iter_mut().find(|field| field.name == *name).unwrap().sensitivity = *sensitivity;
    }
    project.raise_derived();
    Arc::new(pack)
}

/// Registers `hub` (numbered, keyed by name) and `project` with a field of every kind.
pub fn pack() -> Pack {
    let mut pack = Pack { digest: "digest-1".into(), ..Pack::default() };
    pack.meta.id = "test".into();
    pack.meta.version = "1".into();
    pack.meta.fiscal_year_start = 4;
    pack.sources = vec![shirube_plan::Source { id: "d1".into(), label: pair("振り返り", "Review"), ..Default::default() }];
    let list = |name: &str, codes: &[(&str, &str, &str)]| CodeList {
        name: name.into(),
        label: pair("一覧", "List"),
        codes: codes.iter().map(|(c, ja, en)| Code { code: c.to_string(), label: pair(ja, en), ..Code::default() }).collect(),
    };
    pack.code_lists.insert(
        "stage".into(),
        list(
            "stage",
            &[("basic", "基礎研究", "Basic research"), ("applied", "応用研究", "Applied research"), ("clinical", "臨床", "Clinical")],
        ),
    );
    pack.code_lists.insert("country".into(), list("country", &[("JP", "日本", "Japan"), ("US", "アメリカ合衆国", "United States")]));
    pack.registers.insert("hub".into(), hub());
    pack.registers.insert("project".into(), project());
    pack
}

fn hub() -> Register {
    let mut name = field("name", text());
    name.required = true;
    Register {
        name: "hub".into(),
        label: pair("拠点", "Hubs"),
        title: "name".into(),
        key: vec!["name".into()],
        number: Some(Numbering { parts: vec![NumberPart::Literal("H".into()), NumberPart::Seq(3)] }),
        fields: vec![name, field("country", FieldKind::Country)],
        ..Register::default()
    }
}

fn project() -> Register {
    let mut theme = field("theme", text());
    theme.required = true;
    let mut contact = field("contact", FieldKind::Person);
    contact.sensitivity = Sensitivity::Personal;
    let mut who = field("who", FieldKind::Person);
    who.sensitivity = Sensitivity::Personal;
    let mut code = field("code", text());
    code.unique = true;
    let grants = FieldKind::Group { fields: vec![field("year", year()), field("amount", money())] };
    let members = FieldKind::Group { fields: vec![who, field("role", text())] };
    let mut project = Register {
        name: "project".into(),
        label: pair("研究開発課題", "R&D projects"),
        title: "theme".into(),
        key: vec!["year".into(), "theme".into()],
        number: Some(Numbering {
            parts: vec![NumberPart::Literal("PRJ-".into()), NumberPart::Year, NumberPart::Literal("-".into()), NumberPart::Seq(4)],
        }),
        fields: vec![
            field("year", year()),
            theme,
            code,
            field("stage", FieldKind::Choice { codes: "stage".into() }),
            field("stages", FieldKind::Choices { codes: "stage".into() }),
            field("budget", money()),
            field("share", FieldKind::Decimal { places: 2, min: None, max: None, unit: None }),
            field("started_on", FieldKind::Date { min: None, max: None }),
            field("ended_on", FieldKind::Date { min: None, max: None }),
            field("approved_on", FieldKind::Date { min: None, max: None }),
            field("active", FieldKind::Boolean),
            field("hub", FieldKind::Reference { register: "hub".into() }),
            field("summary", FieldKind::LongText { max_length: 20_000 }),
            contact,
            field("grants", grants),
            field("members", members),
            field("report", FieldKind::Attachment { max_size: 1000, types: FileType::ALL.to_vec() }),
            field("initial", FieldKind::Derived { sql: "substr(contact, 1, 1)".into(), stored_as: Storage::Text }),
            field("big", FieldKind::Derived { sql: "budget >= 1000".into(), stored_as: Storage::Integer }),
            field(
                "kind",
                FieldKind::Derived { sql: "CASE WHEN big THEN 'big ' ELSE 'small ' END || stage".into(), stored_as: Storage::Text },
            ),
        ],
        checks: vec![Check {
            name: "end_after_start".into(),
            sql: "ended_on >= started_on".into(),
            field: Some("ended_on".into()),
            message: pair("終了日は開始日以後です", "the end is not before the start"),
            place: Default::default(),
        }],
        states: ["draft", "approved", "closed"].iter().map(|s| State { name: s.to_string(), label: pair(s, s) }).collect(),
        transitions: vec![
            Transition {
                name: "approve".into(),
                from: vec!["draft".into()],
                to: "approved".into(),
                require: vec!["approved_on".into()],
                ..Transition::default()
            },
            Transition {
                name: "close".into(),
                from: vec!["draft".into(), "approved".into()],
                to: "closed".into(),
                ..Transition::default()
            },
            Transition { name: "reopen".into(), from: vec!["closed".into()], to: "draft".into(), reason: true, ..Transition::default() },
        ],
        ..Register::default()
    };
    project.raise_derived();
    project
}

/// Someone whom no policy permits anything.
pub fn stranger(pack: &Arc<Pack>) -> Actor {
    let mut pack = Pack::clone(pack);
    // Lists that every pack has which comes from files.
    for (name, code) in [("role", "owner"), ("purpose", "duty")] {
        let codes = vec![Code { code: code.into(), label: pair(code, code), ..Code::default() }];
        pack.code_lists.insert(name.into(), CodeList { name: name.into(), label: pair(name, name), codes });
    }
    let policies = Arc::new(Policies::new(Arc::new(pack)).unwrap());
    Actor::person(Clearance::new(&policies, Person::new("stranger", vec![]), None).unwrap())
}

pub fn open(folder: &Path) -> Store {
    open_with(folder, Arc::new(pack())).unwrap()
}

/// A store on the log that the tests run on.
pub fn open_with(folder: &Path, pack: Arc<Pack>) -> Result<Store, StoreError> {
    // A child that another test begins just now has the lock of a store that was closed until it becomes its program.
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        match Store::open_at(folder, place(folder), pack.clone()) {
            Err(StoreError::InUse(_)) if Instant::now() < until => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
}

/// The database of the tests (`tests/postgres.sh` makes one); none when they run on SQLite.
pub fn server() -> Option<String> {
    std::env::var("SHIRUBE_TEST_POSTGRES").ok()
}

/// A connection of the tests' own.
pub fn connect(server: &str) -> shirube_net::postgres::Client {
    server.parse::<shirube_net::Server>().unwrap().connect().unwrap()
}

/// Where a folder's log is: in the folder, or in a schema of the folder's own.
pub fn place(folder: &Path) -> LogPlace {
    server().map_or(LogPlace::Folder, |server| schema_place(&server, &schema(folder)))
}

/// A schema's log.
pub fn schema_place(server: &str, schema: &str) -> LogPlace {
    let mut client = connect(server);
    // Two that come first at once would both make it.
    client
        .batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(1); SET LOCAL client_min_messages = error; CREATE SCHEMA IF NOT EXISTS {schema}; COMMIT"
        ))
        .unwrap();
    format!("{server}?options=-c%20search_path%3D{schema}").parse().unwrap()
}

fn schema(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_string_lossy();
    format!("t{}", name.bytes().map(|b| format!("{b:02x}")).collect::<String>())
}

/// A connection to a folder's log in a database, as someone with a shell has it.
pub fn client(server: &str, folder: &Path) -> shirube_net::postgres::Client {
    let mut client = connect(server);
    client.batch_execute(&format!("SET search_path = {}", schema(folder))).unwrap();
    client
}

pub fn t(text: &str) -> Cell {
    Cell::Text(text.into())
}

pub fn n(n: i64) -> Cell {
    Cell::Integer(n)
}

pub fn content(columns: &[(&str, Cell)]) -> Content {
    columns.iter().map(|(c, v)| (c.to_string(), v.clone())).collect()
}

pub fn changes(columns: &[(&str, Option<Cell>)]) -> BTreeMap<String, Option<Cell>> {
    columns.iter().map(|(c, v)| (c.to_string(), v.clone())).collect()
}

pub fn create(register: &str, columns: &[(&str, Cell)]) -> Command {
    Command::Create { register: register.into(), content: content(columns), origin: Origin::default() }
}

pub fn amend(register: &str, record: i64, version: i64, columns: &[(&str, Option<Cell>)]) -> Command {
    Command::Amend { register: register.into(), record, version, content: changes(columns), reason: Some("because".into()) }
}

/// Keeps a text for the field of projects that takes files.
pub fn keep(store: &Store, actor: &Actor, bytes: &[u8]) -> Result<String, StoreError> {
    store.keep(actor, project().field("report").unwrap(), "r.txt", "text/plain", bytes)
}

pub fn submit(store: &Store, command: Command) -> Receipt {
    store.submit(&Actor::owner(), command).unwrap()
}

pub fn refusal(store: &Store, command: Command) -> StoreError {
    store.submit(&Actor::owner(), command).unwrap_err()
}

/// Names of the mistakes of a refusal, with their columns.
pub fn mistakes(error: &StoreError) -> Vec<(String, &'static str)> {
    match error {
        StoreError::Invalid(errors) => errors.iter().map(|e| (e.column.clone(), e.mistake.code())).collect(),
        other => panic!("{other}"),
    }
}

/// Starts a test of this program as a child with a variable set, kills it some milliseconds after it has said a word, and
/// says whether it was done.
pub fn killed(test: &str, (variable, value): (&str, &str), (word, wait): (&str, u64)) -> bool {
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(variable, value)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(word)));
    std::thread::sleep(Duration::from_millis(wait));
    child.kill().unwrap();
    child.wait().unwrap();
    word == "done" || lines.any(|line| line.contains("done"))
}
