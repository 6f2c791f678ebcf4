#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use shirube_plan::{Field, FieldKind, Pack, Register, Storage};
use shirube_snapshot::{RuleError, Snapshot};

fn cell() -> impl Strategy<Value = Cell> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Cell::Integer),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Cell::Real),
        any::<String>().prop_map(Cell::Text),
        Just(Cell::Missing { missing: "unknown".into() }),
    ];
    let list = prop::collection::vec(any::<String>(), 0..4).prop_map(Cell::List);
    let rows = prop::collection::vec(prop::collection::btree_map("[a-z]{1,4}", leaf.clone(), 0..3), 0..3).prop_map(Cell::Rows);
    prop_oneof![leaf, list, rows]
}

/// Amendments and transitions.
fn command() -> impl Strategy<Value = Command> {
    let changes = prop::collection::btree_map("[a-z_]{1,8}", prop::option::of(cell()), 0..6);
    (any::<i64>(), any::<i64>(), prop::option::of("[a-z]{1,5}"), changes).prop_map(|(record, version, transition, content)| {
        let (register, reason) = ("r".to_owned(), Some("why".to_owned()));
        match transition {
            Some(transition) => Command::Transition { register, record, version, transition, content, reason },
            None => Command::Amend { register, record, version, content, reason },
        }
    })
}

fn batch(commands: &[Command]) -> Batch {
    let mut batch = Batch::new("r", Some("why"));
    for command in commands {
        match command {
            Command::Amend { record, version, content, .. } => batch.amend(*record, *version, content),
            Command::Transition { record, version, transition, content, .. } => batch.transition(*record, *version, transition, content),
            _ => {}
        }
    }
    batch
}

fn pack(digest: &str) -> Arc<Pack> {
    let field = |name: &str, kind| Field {
        name: name.into(),
        label: Default::default(),
        help: None,
        kind,
        required: false,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    };
    let text = || FieldKind::LongText { max_length: 100_000 };
    let rows = FieldKind::Group { fields: vec![field("a", text()), field("b", FieldKind::Reference { register: "r".into() })] };
    let twice = FieldKind::Derived { sql: "n * 2".into(), stored_as: Storage::Integer };
    let number = FieldKind::Integer { min: None, max: None, unit: None };
    let fields = vec![field("n", number), field("t", text()), field("rows", rows), field("twice", twice)];
    let mut pack = Pack { digest: digest.into(), ..Pack::default() };
    pack.meta.fiscal_year_start = 4;
    pack.registers.insert("r".into(), Register { name: "r".into(), fields, ..Register::default() });
    Arc::new(pack)
}

fn content() -> impl Strategy<Value = Content> {
    let row =
        ("[a-zあ-ん]{1,8}", 1..i64::MAX).prop_map(|(a, b)| Content::from([("a".into(), Cell::Text(a)), ("b".into(), Cell::Integer(b))]));
    (any::<i32>(), prop::option::of("[a-zあ-ん]{1,20}"), prop::collection::vec(row, 0..3)).prop_map(|(n, t, rows)| {
        let mut content = Content::from([("n".into(), Cell::Integer(n.into()))]);
        content.extend(t.map(|t| ("t".into(), Cell::Text(t))));
        if !rows.is_empty() {
            content.insert("rows".into(), Cell::Rows(rows));
        }
        content
    })
}

fn judge(snapshot: &Snapshot, content: Content, state: Option<&str>) -> Judged {
    let rules = snapshot.rules("r").unwrap();
    let judged: Result<_, RuleError> = snapshot.judge(&rules, state, content, &[], |_, _| Ok(true));
    judged.unwrap().unwrap()
}

proptest! {
    #[test]
    fn commands_come_out_as_they_went_in(commands in prop::collection::vec(command(), 0..20)) {
        let batch = batch(&commands);
        prop_assert_eq!(batch.len(), commands.len());
        prop_assert_eq!(batch.take_up("").map(|asked| asked.command).collect::<Vec<_>>(), commands);
    }

    #[test]
    fn new_records_come_out_as_they_were_judged(contents in prop::collection::vec(content(), 0..8), origin: [Option<String>; 3], synthetic: bool, state: Option<bool>) {
        let snapshot = Snapshot::empty(pack("p")).unwrap();
        let [source, heading, quote] = origin;
        let origin = Origin { source, heading, quote, synthetic };
        let state = state.map(|s| if s { "draft" } else { "done" });
        let mut batch = Batch::new("r", None);
        contents.iter().for_each(|content| batch.create(judge(&snapshot, content.clone(), state), &origin));
        let found: Vec<Asked> = batch.take_up("p").collect();
        prop_assert_eq!(found.len(), contents.len());
        for (asked, mut content) in found.into_iter().zip(contents) {
            let Some(Cell::Integer(n)) = content.get("n").cloned() else { return Err(TestCaseError::fail("no n")) };
            prop_assert_eq!(asked.judged, Some(Evaluated { derived: [("twice".into(), Cell::Integer(n * 2))].into(), failed: vec![] }));
            content.extend(state.map(|s| ("_state".into(), Cell::Text(s.into()))));
            prop_assert_eq!(asked.command, Command::Create { register: "r".into(), content, origin: origin.clone() });
        }
    }
}

#[test]
fn a_judgement_counts_only_under_the_pack_it_was_made_by() {
    let judged = |digest: &str| {
        let snapshot = Snapshot::empty(pack(digest)).unwrap();
        judge(&snapshot, Content::from([("n".into(), Cell::Integer(1))]), None)
    };
    let counts = |judged: Vec<Judged>, in_force: &str| {
        let mut batch = Batch::new("r", None);
        judged.into_iter().for_each(|j| batch.create(j, &Origin::default()));
        batch.take_up(in_force).map(|asked| asked.judged.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(counts(vec![judged("p")], "p"), [true]);
    assert_eq!(counts(vec![judged("p")], "q"), [false]);
    assert_eq!(counts(vec![judged("")], ""), [false]);
    assert_eq!(counts(vec![judged("p"), judged("q"), judged("p")], "p"), [true, false, true]);
    let mut other = Batch::new("s", None);
    other.create(judged("p"), &Origin::default());
    assert_eq!(other.take_up("p").next().unwrap().judged, None, "judged for another register");
}

#[test]
fn many_parts_are_one_row_of_commands() {
    let one = |i: i64| Command::Amend {
        register: "r".into(),
        record: i,
        version: 1,
        content: [("text".to_owned(), Some(Cell::Text("x".repeat(PART / 3))))].into(),
        reason: Some("why".into()),
    };
    let commands: Vec<Command> = (0..10).map(one).collect();
    let (first, last) = commands.split_at(7);
    let (mut batch, mut rest) = (batch(first), batch(last));
    batch.append(&mut rest);
    assert_eq!((batch.len(), rest.len()), (10, 0));
    assert!(batch.parts.len() > 2);
    assert!(batch.take_up("").map(|asked| asked.command).eq(commands));
}
