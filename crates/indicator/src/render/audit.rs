//! An audit.

use super::{code_label, compute::plain, say, table::Table};
use crate::{
    audit::{Audit, AuditLine, AuditVerdict, Counts, NotHeldBecause},
    format,
};
use shirube_plan::{Lang, Pack};

/// The counts, every difference, every broken guard and every indicator that fails; with `all`, every figure.
pub fn audit(pack: &Pack, audit: &Audit, all: bool, lang: Lang) -> String {
    let shown: Vec<&AuditLine> = audit.lines.iter().filter(|l| all || matches!(l.verdict, AuditVerdict::Differs { .. })).collect();
    let mut text = counts(pack, audit, lang);
    if !shown.is_empty() {
        text.push('\n');
        text.push_str(&lines(pack, &shown, lang));
    }
    for finding in audit.findings.iter().filter(|f| !f.holds) {
        let head = say(lang, "説明の前提が変わった", "the guard of a finding no longer holds");
        text.push_str(&format!("\n{}:{}: {head}: {}\n", finding.file, finding.line, finding.id));
        let expected = expectation(finding.expect_printed.as_deref(), finding.expect_computed);
        text.push_str(&format!("  {} {expected}\n", say(lang, "前提", "expected")));
        for seen in &finding.figures {
            let now = expectation(seen.printed.as_deref(), seen.computed);
            text.push_str(&format!("  {} {now}  {}\n", say(lang, "現在", "now"), seen.figure));
        }
    }
    for correction in audit.corrections.iter().filter(|c| !c.holds) {
        let head = say(lang, "訂正の前提が変わった", "the guard of a correction no longer holds");
        let (expected, now) = (&correction.expect, correction.printed.as_deref().unwrap_or("–"));
        text.push_str(&format!("\n{}:{}: {head}: {} ({expected} → {now})\n", correction.file, correction.line, correction.figure));
    }
    for failure in &audit.failures {
        let place = if failure.line == 0 { failure.file.clone() } else { format!("{}:{}", failure.file, failure.line) };
        text.push_str(&format!("\n{place}: {}; {}\n", failure.problem, failure.mend));
    }
    let verdict = if audit.ok {
        say(lang, "説明のない相違はない。", "No difference is left unexplained.")
    } else {
        say(
            lang,
            "説明のない相違、変わった前提、または計算できない指標がある。",
            "There are unexplained differences, broken guards or failing indicators.",
        )
    };
    text + "\n" + verdict + "\n"
}

fn counts(pack: &Pack, audit: &Audit, lang: Lang) -> String {
    let heads = [
        ("出典", "Source"),
        (">公表値", ">Figures"),
        (">一致", ">Match"),
        (">相違", ">Differ"),
        (">うち説明済", ">explained"),
        (">記録なし", ">Not held"),
    ];
    let mut table = Table::new(heads.iter().map(|(ja, en)| say(lang, ja, en)));
    let mut row = |name: String, c: &Counts| {
        table
            .row([name].into_iter().chain([c.figures, c.matches, c.differs, c.explained, c.not_held].map(|n| format::number(n as f64, 0))));
    };
    for (source, counts) in &audit.by_source {
        row(pack.source(source).map_or(source.clone(), |s| format!("{source} {}", s.label.get(lang))), counts);
    }
    row(say(lang, "計", "All").to_string(), &audit.counts);
    table.text()
}

fn lines(pack: &Pack, lines: &[&AuditLine], lang: Lang) -> String {
    let heads = [("判定", "Verdict"), ("公表値", "Figure"), (">印字", ">Printed"), (">計算", ">Computed"), ("説明", "Explanation")];
    let mut table = Table::new(heads.iter().map(|(ja, en)| say(lang, ja, en)));
    for line in lines {
        let series = pack.series.get(&line.series).map_or(line.series.as_str(), |s| s.label.get(lang));
        let dims: Vec<String> = line.dims.iter().map(|(d, c)| code_label(pack, d, c, lang)).collect();
        let what = [series, &format::period(&line.period, lang), &dims.join(say(lang, "・", ", "))].join(" ");
        let computed = match line.computed {
            None => line.computed_status.map_or(String::new(), |s| format::absence(Some(s), lang).to_string()),
            value => plain(value),
        };
        table.row([
            verdict(line, lang).to_string(),
            format!("{} ({})", what.trim_end(), line.source),
            line.printed.clone(),
            computed,
            why(line, lang),
        ]);
    }
    table.text()
}

/// The word for a line's verdict.
pub fn verdict(line: &AuditLine, lang: Lang) -> &'static str {
    match line.verdict {
        AuditVerdict::Match => say(lang, "一致", "match"),
        AuditVerdict::Differs { .. } if line.explained => say(lang, "相違（説明あり）", "differs (explained)"),
        AuditVerdict::Differs { .. } => say(lang, "相違", "differs"),
        AuditVerdict::NotHeld => say(lang, "記録なし", "not held"),
    }
}

/// The words for why records are not held.
pub fn because(because: NotHeldBecause, lang: Lang) -> &'static str {
    match because {
        NotHeldBecause::NoIndicator => say(lang, "再計算する指標がない", "no indicator recomputes it"),
        NotHeldBecause::NoObservation => say(lang, "該当する時点・内訳の値がない", "the indicator has no row of this period and breakdown"),
        NotHeldBecause::NoValue => say(lang, "値がない", "the indicator has no value"),
        NotHeldBecause::RepeatsPrint => say(lang, "指標は印字を写しただけ", "the indicator only repeats the print"),
        NotHeldBecause::Failed => say(lang, "指標を計算できない", "the indicator could not be computed"),
    }
}

fn why(line: &AuditLine, lang: Lang) -> String {
    match (&line.verdict, line.because) {
        (AuditVerdict::Differs { finding: Some(id) }, _) => id.clone(),
        (AuditVerdict::Differs { .. }, _) if line.corrected => say(lang, "訂正あり", "corrected").to_string(),
        (_, Some(reason)) => because(reason, lang).to_string(),
        _ => String::new(),
    }
}

fn expectation(printed: Option<&str>, computed: Option<f64>) -> String {
    format!("{} / {}", printed.unwrap_or("–"), computed.map_or("–".to_string(), |c| plain(Some(c))))
}
