#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use shirube_plan::{Absence, Correction, Field, FieldKind, Figure, Pair, Register, Series};

fn pair(text: &str) -> Pair {
    Pair { ja: text.into(), en: text.into() }
}

fn pack() -> Pack {
    let mut pack = Pack::default();
    pack.meta.fiscal_year_start = 4;
    pack.series.insert("rate".into(), Series { id: "rate".into(), unit: "percent".into(), ..Series::default() });
    pack.figures = vec![
        Figure {
            id: "d/rate@2024".into(),
            series: "rate".into(),
            period: "2024".into(),
            printed: "3.8%".into(),
            value: Some(3.8),
            dims: [("stage".to_string(), "basic".to_string())].into(),
            ..Figure::default()
        },
        Figure {
            id: "d/rate@2025".into(),
            series: "rate".into(),
            period: "2025".into(),
            printed: "-".into(),
            status: Some(Absence::NotCollected),
            ..Figure::default()
        },
    ];
    pack.corrections =
        vec![Correction { figure: "d/rate@2024".into(), period: Some("2023".into()), value: Some(3.9), ..Correction::default() }];
    pack
}

#[test]
fn corrections_change_what_is_read_and_leave_the_print() {
    let snapshot = Snapshot::empty(Arc::new(pack())).unwrap();
    let row: (String, f64, String, String, String) = snapshot
        .connection()
        .query_row("SELECT period, value, printed, unit, dims ->> 'stage' FROM published_figure WHERE id = 'd/rate@2024'", [], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
        })
        .unwrap();
    assert_eq!(row, ("2023".into(), 3.9, "3.8%".into(), "percent".into(), "basic".into()));
}

#[test]
fn a_figure_without_a_number_says_why() {
    let snapshot = Snapshot::empty(Arc::new(pack())).unwrap();
    let row: (Option<f64>, String) = snapshot
        .connection()
        .query_row("SELECT value, status FROM published_figure WHERE period = '2025'", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap();
    assert_eq!(row, (None, "not_collected".into()));
}

#[test]
fn registers_and_child_tables_exist_even_with_names_that_sql_reserves() {
    let mut pack = pack();
    let field = |name: &str, kind| Field {
        name: name.into(),
        label: pair("順\n番"),
        help: None,
        kind,
        required: false,
        unique: false,
        sensitivity: Default::default(),
        place: Default::default(),
    };
    let grants =
        FieldKind::Group { fields: vec![field("amount", FieldKind::Money { currency: "JPY".into(), places: 0, min: None, max: None })] };
    pack.registers.insert(
        "order".into(),
        Register {
            name: "order".into(),
            label: pair("台帳"),
            fields: vec![
                field("group", FieldKind::Choice { codes: "country".into() }),
                field("from", FieldKind::Choices { codes: "country".into() }),
                field("grants", grants),
            ],
            ..Register::default()
        },
    );
    let snapshot = Snapshot::empty(Arc::new(pack)).unwrap();
    for sql in [
        "SELECT _id, _missing, \"group\" FROM \"order\"",
        "SELECT _id, position, value FROM order__from",
        "SELECT _id, position, amount, amount_currency FROM order__grants",
        "SELECT \"順\n番\" FROM v_order",
    ] {
        snapshot.connection().prepare(sql).unwrap();
    }
}

#[test]
fn an_open_snapshot_refuses_writes() {
    let snapshot = Snapshot::empty(Arc::new(pack())).unwrap();
    assert!(snapshot.connection().execute("DELETE FROM published_figure", []).is_err());
}
