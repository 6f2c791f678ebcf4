#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;

fn value(value: f64) -> Point {
    Point::Value { value, text: crate::fmt::plain(value), small: false, projected: false }
}

fn ticks(labels: &[&str]) -> Vec<Tick> {
    place_periods(labels.iter().copied(), str::to_string)
}

/// A frame with everything a chart can meet: a gap, a break, small n, zero, a second series.
fn frame() -> Frame {
    Frame {
        id: "lag".into(),
        title: "デバイスラグの推移".into(),
        desc: "2021年から2025年まで。2023年は未収集。".into(),
        x: ticks(&["2021", "2022", "2023", "2024", "2025"]),
        series: vec![
            Series {
                label: "新医療機器".into(),
                points: vec![
                    value(4.1),
                    value(2.0),
                    Point::Absent { sign: "…", word: "未収集".into() },
                    value(0.4),
                    Point::Value { value: 0.0, text: "0".into(), small: true, projected: false },
                ],
            },
            Series { label: "改良医療機器".into(), points: vec![Point::Blank, value(3.0), value(2.5), value(-0.5), Point::Blank] },
        ],
        axis: Axis { scale: 1.0, unit: "年".into() },
        breaks: vec![(4, "調査方法の変更".into())],
        path: None,
    }
}

/// Compares with a file beside the tests; `BLESS=1` writes it anew after a look at the picture.
fn golden(name: &str, drawn: &Markup) {
    let path = format!("{}/tests/golden/{name}.svg", env!("CARGO_MANIFEST_DIR"));
    let drawn = drawn.0.replace("><", ">\n<") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "{name} is drawn differently; look at it, then run the tests with BLESS=1");
}

#[test]
fn a_line_with_gap_break_and_small_n() {
    golden("line", &line(&frame()));
}

#[test]
fn a_line_with_a_path_to_its_target() {
    let frame = Frame {
        id: "kgi".into(),
        title: "KGI".into(),
        desc: "2040年の目標".into(),
        x: ticks(&["2022", "2024", "2040"]),
        series: vec![Series {
            label: "輸出額".into(),
            points: vec![value(9e12), value(10e12), Point::Value { value: 25e12, text: "25兆円".into(), small: false, projected: true }],
        }],
        axis: Axis { scale: 1e12, unit: "兆円".into() },
        breaks: vec![],
        path: Some(Path { label: "目標 28兆円".into(), points: vec![(2024.0, 10e12), (2032.0, 17e12), (2040.0, 28e12)] }),
    };
    golden("target", &line(&frame));
}

#[test]
fn upright_bars() {
    golden("columns", &columns(&frame()));
}

#[test]
fn lying_bars() {
    golden("bars", &bars(&frame()));
}

#[test]
fn a_matrix_with_totals_the_indicator_gave() {
    let cell = |v: f64| Cell { content: maud::PreEscaped(v.to_string()), value: Some(v) };
    let m = Matrix {
        caption: "2024年".into(),
        row_head: "重点分野".into(),
        column_head: "ステージ".into(),
        rows: vec!["予防".into(), "診断".into()],
        columns: vec!["基礎".into(), "応用".into()],
        cells: vec![vec![cell(1.0), cell(0.0)], vec![cell(7.0), Cell::default()]],
        column_totals: Some(vec![cell(8.0), cell(0.0)]),
        row_totals: None,
        total: None,
        total_word: "計".into(),
    };
    golden("matrix", &matrix(&m, 7.0));
}

#[test]
fn a_sparkline_keeps_its_gap() {
    golden("spark", &spark(&[Some(1.0), Some(3.0), None, Some(2.0), Some(2.5)], "1, 3, なし, 2, 2.5"));
}

#[test]
fn nothing_is_drawn_without_numbers() {
    let empty = Frame {
        series: vec![Series { label: "x".into(), points: vec![Point::Blank, Point::Absent { sign: "…", word: "未収集".into() }] }],
        x: ticks(&["2021", "2022"]),
        ..Frame::default()
    };
    for drawn in [line(&empty), columns(&empty), bars(&empty), spark(&[None, Some(1.0)], "x")] {
        assert_eq!(drawn.0, "");
    }
}

#[test]
fn values_across_a_break_are_not_joined() {
    let mut whole = frame();
    whole.series.truncate(1);
    whole.series[0].points = vec![value(1.0); 5];
    let lines = |f: &Frame| line(f).0.matches("class=\"line ").count();
    assert_eq!(lines(&whole), 1); // the last point stands alone behind the break
    whole.breaks = vec![(2, "x".into())];
    assert_eq!(lines(&whole), 2);
    whole.breaks.clear();
    assert_eq!(lines(&whole), 1);
}
