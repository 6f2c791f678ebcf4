//! What-if: other values for an indicator's assumptions, in the address only, never stored.

use crate::{
    ctx::Ctx,
    fmt, judgement,
    layout::{View, hidden_as_of},
    measures::State,
    pages::indicator::Sheet,
    parts,
};
use maud::{Markup, html};
use shirube_indicator::{Judgement, Observation, Overrides, judge::TargetJudgement};
use shirube_plan::{Assumption, Indicator, Pack};

/// What the reader tries.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Inputs as typed, by assumption id.
    pub typed: Vec<(String, String)>,
    values: Overrides,
    /// Assumptions whose input cannot be used.
    pub wrong: Vec<String>,
}

/// Name of an input in the address.
fn input_name(id: &str) -> String {
    format!("if.{id}")
}

impl Trial {
    /// Reads the inputs of the assumptions the indicator offers. What equals the pack's value is no trial.
    pub fn of(cx: &Ctx, pack: &Pack, indicator: &Indicator) -> Trial {
        let mut trial = Trial::default();
        for assumption in offered(pack, indicator) {
            let name = input_name(&assumption.id);
            let Some(text) = cx.query.get(&name) else { continue };
            trial.typed.push((assumption.id.clone(), text.to_string()));
            let text = text.replace(['，', ','], "").replace('．', ".");
            match text.parse::<f64>() {
                Ok(value) if value == assumption.value => {}
                Ok(value) if (assumption.min..=assumption.max).contains(&value) => drop(trial.values.insert(assumption.id.clone(), value)),
                _ => trial.wrong.push(assumption.id.clone()),
            }
        }
        trial
    }

    /// The values to compute with, if anything differs and nothing is wrong.
    pub fn overrides(&self) -> Option<Overrides> {
        (!self.values.is_empty() && self.wrong.is_empty()).then(|| self.values.clone())
    }

    fn text(&self, id: &str) -> Option<&str> {
        self.typed.iter().find(|(k, _)| k == id).map(|(_, v)| v.as_str())
    }
}

fn offered<'a>(pack: &'a Pack, indicator: &'a Indicator) -> impl Iterator<Item = &'a Assumption> {
    indicator.assumptions.iter().filter_map(|id| pack.assumptions.iter().find(|a| &a.id == id))
}

/// The form and, when something is tried, both results side by side.
pub fn view(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let indicator = sheet.measured.indicator;
    html! {
        p { (l.t(
            "前提の値を変えて計算し直します。記録も公表の値も変わりません。入力はこの画面のアドレスにだけ残ります。",
            "Recomputes with other values. Records and published figures stay as they are; what you enter is kept in this page's address only.",
        )) }
        form class="filters" method="get" action={ (cx.form_action()) "#what-if" } {
            @for assumption in offered(v.pack, indicator) { (input(v, assumption, &sheet.trial)) }
            (hidden_as_of(v))
            button { (l.t("試算する", "Recompute")) }
            @if !sheet.trial.typed.is_empty() { a href=(cx.to(&format!("{}#what-if", cx.path))) { (l.t("もとの前提に戻す", "Back to the pack's values")) } }
        }
        @if let Some(varied) = &sheet.varied {
            @match (sheet.measured.measure(), varied.measure()) {
                (Ok(original), Ok(varied)) => {
                    (compared(v, indicator, &original.computed.observations, &varied.computed.observations))
                    (targets(v, indicator, &original.judgement, &varied.judgement))
                },
                (_, Err(error)) => div class="callout care" { p lang="en" { (error) } },
                (Err(_), _) => "",
            }
        }
    }
}

fn input(v: &View, assumption: &Assumption, trial: &Trial) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &assumption.unit);
    let wrong = trial.wrong.contains(&assumption.id);
    let (id, hint) = (format!("if-{}", assumption.id), format!("if-{}-hint", assumption.id));
    let range = |x: f64| fmt::value(l, x, unit);
    html! {
        label for=(id) {
            (l.p(&assumption.label)) @if let Some(unit) = unit { " (" (l.p(&unit.label)) ")" }
            input type="number" id=(id) name=(input_name(&assumption.id)) inputmode="decimal" min=(assumption.min) max=(assumption.max) step="any"
                value=(trial.text(&assumption.id).map_or_else(|| assumption.value.to_string(), str::to_string)) aria-describedby=(hint) aria-invalid=[wrong.then_some("true")];
            span id=(hint) class="small" {
                @if wrong { b class="wrong" { (l.t("この範囲の数で入力してください：", "Enter a number in this range: ")) } }
                (range(assumption.min)) (l.t("～", " to ")) (range(assumption.max)) (l.t("、もとは", "; originally ")) (range(assumption.value))
            }
            (parts::cites_folded(v, &assumption.cites))
        }
    }
}

fn compared(v: &View, indicator: &Indicator, original: &[Observation], varied: &[Observation]) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &indicator.unit);
    let other = |o: &Observation| varied.iter().find(|p| p.period == o.period && p.dims == o.dims);
    let changed: Vec<(&Observation, &Observation)> =
        original.iter().filter_map(|o| Some((o, other(o)?))).filter(|(a, b)| a.value != b.value).collect();
    let cell = |o: &Observation| match o.value {
        Some(value) => html! { (fmt::value(l, value, unit)) },
        None => fmt::absence(l, o.status),
    };
    html! {
        p role="status" {
            span class="tag note" { (l.t("試算", "Trial")) } " "
            @if changed.is_empty() { (l.t("値は変わりません。", "No value changes.")) } @else { (fmt::counted(l, changed.len(), "件の値が変わります。", "value changes.", "values change.")) }
        }
        @if !changed.is_empty() {
            div class="scroll" {
                table {
                    caption { (l.t("もとの前提と試算の比較", "The pack's assumptions against the trial")) }
                    (parts::thead(&[
                        (l.t("時期", "Period"), false),
                        (l.t("内訳", "Breakdown"), false),
                        (l.t("もとの値", "Original"), true),
                        (l.t("試算", "Trial"), true),
                        (l.t("差", "Difference"), true),
                    ]))
                    tbody {
                        @for (a, b) in &changed {
                            tr {
                                th scope="row" { (fmt::period(l, &a.period)) }
                                td { (parts::dims(v, &a.dims)) }
                                td class="num" { (cell(a)) }
                                td class="num" { b { (cell(b)) } }
                                td class="num" { @if let (Some(x), Some(y)) = (a.value, b.value) { (fmt::change(l, y - x, unit)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the indicator stands against its targets, before and after.
fn targets(v: &View, indicator: &Indicator, original: &Judgement, varied: &Judgement) -> Markup {
    let l = v.cx.l;
    let unit = parts::unit(v, &indicator.unit);
    fn of(judgement: &Judgement) -> &[TargetJudgement] {
        judgement.headline().map_or(&[], |s| s.targets.as_slice())
    }
    let gap =
        |t: &TargetJudgement| html! { @match t.gap { Some(gap) => (fmt::value(l, gap, unit)), None => (l.t("分からない", "not known")) } };
    let needed = |t: &TargetJudgement| html! { @if let Some(pace) = &t.pace { (judgement::pace_words(v, t.method, pace.needed, unit)) } };
    let so_far = |t: &TargetJudgement| {
        html! {
            @match t.pace.as_ref().and_then(|p| p.so_far) { Some(pace) => (judgement::pace_words(v, t.method, pace, unit)), None => (l.t("分からない", "not known")) }
        }
    };
    html! {
        @for (a, b) in of(original).iter().zip(of(varied)) {
            div class="scroll" {
                table {
                    caption { @if l.is_ja() { (fmt::period(l, &a.period)) "の目標 " } @else { "Target for " (fmt::period(l, &a.period)) ": " } (fmt::value(l, a.value, unit)) }
                    (parts::thead(&[(l.t("項目", "What"), false), (l.t("もと", "Original"), true), (l.t("試算", "Trial"), true)]))
                    tbody {
                        tr { th scope="row" { (l.t("目標までの差", "Gap")) } td class="num" { (gap(a)) } td class="num" { b { (gap(b)) } } }
                        tr { th scope="row" { (l.t("判定", "State")) } td class="num" { (State::Target(a.state).tag(l)) } td class="num" { (State::Target(b.state).tag(l)) } }
                        @if a.pace.is_some() || b.pace.is_some() {
                            tr { th scope="row" { (l.t("必要な伸び（年）", "Pace needed, a year")) } td class="num" { (needed(a)) } td class="num" { b { (needed(b)) } } }
                            tr { th scope="row" { (l.t("これまでの伸び（年）", "Pace so far, a year")) } td class="num" { (so_far(a)) } td class="num" { (so_far(b)) } }
                        }
                    }
                }
            }
        }
    }
}
