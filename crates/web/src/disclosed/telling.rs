//! What readers are told beside figures that are not told exactly.

use crate::{error::pair, text::L};
use maud::{Markup, html};
use serde_json::{Value, json};
use shirube_plan::{Every, Pair};

/// How an indicator's figures are told, where they are not told exactly.
#[derive(Clone, Debug)]
pub enum Telling {
    /// Not in figures, for this reason.
    Closed(Option<Pair>),
    /// As they were last published, without what tells of few.
    Published {
        /// Counts from 1 to one less are small.
        threshold: u32,
        /// How often figures are published.
        every: Every,
        /// The day of these; none before the first.
        day: Option<String>,
    },
}

impl Telling {
    /// In words.
    pub fn words(&self) -> Pair {
        match self {
            Telling::Closed(Some(reason)) => pair(
                format!("この指標の値は公表していません。{}", reason.ja),
                format!("Figures of this indicator are not published. {}", reason.en),
            ),
            Telling::Closed(None) => pair("この指標の値は公表していません。", "Figures of this indicator are not published."),
            Telling::Published { threshold, every, day } => {
                let (often_ja, often) = match every {
                    Every::Month => ("月ごと", "month"),
                    Every::Quarter => ("四半期ごと", "quarter"),
                    Every::Year => ("年度ごと", "fiscal year"),
                };
                let (day_ja, day) = match day {
                    Some(day) => (format!("ここにあるのは{day}までの記録による値です。"), format!("These are of the records up to {day}.")),
                    None => ("まだ公表された値はありません。".to_string(), "None are published yet.".to_string()),
                };
                let most = threshold - 1;
                pair(
                    format!("値は{often_ja}に公表します。{day_ja}1～{most}の数と、それを逆算できる数は「秘匿」とします。"),
                    format!(
                        "Figures are published at the end of each {often}. {day} Counts of 1 to {most}, and others from which these could be worked out, are suppressed."
                    ),
                )
            }
        }
    }

    /// As a note on a page.
    pub fn note(&self, l: L) -> Markup {
        html! { p class="callout" role="note" { (l.p(&self.words())) } }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let words = self.words();
        let note = json!({ "ja": words.ja, "en": words.en });
        match self {
            Telling::Closed(_) => json!({ "closed": true, "note": note }),
            Telling::Published { threshold, day, .. } => json!({ "closed": false, "threshold": threshold, "published": day, "note": note }),
        }
    }
}
