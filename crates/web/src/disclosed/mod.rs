//! What is told of figures that count few persons or organisations. Whoever may not see exact figures gets those of
//! guarded indicators from here and from nowhere else.
//!
//! Such figures are published on set days only, all of them together, and each day's are decided on in the light of
//! all that was shown before (see [`shirube_disclosure`]). A day is past when it is published, so the same is told of
//! it ever after.

mod calendar;
mod tables;
mod telling;

pub use calendar::Calendar;
pub use telling::Telling;

use crate::{
    error::Error,
    state::{App, Whole},
};
use jiff::Timestamp;
use shirube_disclosure::{Fate, History};
use shirube_indicator::{Computed, IndicatorError, Mistake, Observation, Overrides};
use shirube_plan::{Absence, Disclosure, Indicator, Pack};
use shirube_snapshot::{AsOf, Moment};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tables::{Counted, Name, Tables};

/// Values of an indicator as they are told, or the mistake that is told instead.
pub type Told = Result<Arc<Computed>, IndicatorError>;

/// Everything published so far.
#[derive(Debug)]
pub struct Published {
    calendar: Calendar,
    /// When the first event happened, once it is known.
    first: OnceLock<i64>,
    issued: Mutex<Issued>,
}

#[derive(Clone, Debug, Default)]
struct Issued {
    /// The last redaction that it knows of.
    redaction: i64,
    shown: History<Name>,
    issues: Vec<Arc<Issue>>,
}

/// What was published on one day.
#[derive(Debug)]
pub struct Issue {
    /// The day.
    pub moment: Moment,
    /// By indicator; those that tell nothing have no rows.
    told: BTreeMap<String, Told>,
}

impl Published {
    /// Nothing yet.
    pub fn new(pack: &Pack) -> Published {
        Published::by(Calendar::Fiscal(pack.disclosing.every, pack.meta.fiscal_year_start))
    }

    /// Nothing yet, and published by this calendar.
    pub fn by(calendar: Calendar) -> Published {
        Published { calendar, first: OnceLock::new(), issued: Mutex::default() }
    }

    /// Forgets what was published, so that nothing erased stays in memory.
    pub fn clear(&self) {
        *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = Issued::default();
    }

    /// When the first event happened; it stays the first.
    fn first(&self, app: &App) -> Result<Option<i64>, Error> {
        if let Some(first) = self.first.get() {
            return Ok(Some(*first));
        }
        let first = app.store.whole(AsOf::Seq(1))?.moment();
        Ok((first.seq != 0).then(|| *self.first.get_or_init(|| first.at_ms)))
    }

    /// The last issue before a moment; none before the first. After a redaction, by whichever process, all of them are
    /// decided on anew.
    pub fn at(&self, app: &App, whole: &Whole) -> Result<Option<Arc<Issue>>, Error> {
        let due = match self.first(app)? {
            Some(first) => self.calendar.moments(first, Timestamp::now().as_millisecond()),
            None => vec![],
        };
        let (as_of, moment, redaction) = (whole.as_of(), whole.moment(), whole.last_redaction()?);
        // Others wait: each issue builds on the ones before.
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.redaction < redaction {
            *issued = Issued { redaction, ..Issued::default() };
        }
        while let Some(next) = due.get(issued.issues.len()) {
            let mut after = issued.clone();
            let issue = issue(app, *next, &mut after.shown)?;
            after.issues.push(Arc::new(issue));
            *issued = after;
        }
        let is_past = |issue: &&Arc<Issue>| as_of == AsOf::Head || (issue.moment.at_ms <= moment.at_ms && issue.moment.seq <= moment.seq);
        Ok(issued.issues.iter().rfind(is_past).cloned())
    }
}

impl Issue {
    /// Values of an indicator.
    pub fn told(&self, indicator: &Indicator) -> Told {
        self.told.get(&indicator.id).cloned().unwrap_or_else(|| Err(untold(indicator)))
    }
}

/// That something is wrong, without what.
pub fn untold(indicator: &Indicator) -> IndicatorError {
    IndicatorError { indicator: indicator.id.clone(), place: indicator.place.clone(), mistake: Box::new(Mistake::Untold) }
}

/// What is told before anything was published.
pub fn nothing(indicator: &Indicator, moment: Moment) -> Computed {
    Computed { indicator: indicator.id.clone(), as_of: moment.day(), fiscal_year: 0, seq: 0, columns: vec![], observations: vec![] }
}

/// The same rows without a number in them.
pub fn suppressed(computed: &Computed) -> Computed {
    let observations = computed.observations.iter().map(hide).collect();
    Computed { observations, ..computed.clone() }
}

fn hide(o: &Observation) -> Observation {
    if o.value.or(o.numerator).or(o.denominator).or(o.n).is_none() {
        return o.clone();
    }
    Observation { value: None, numerator: None, denominator: None, n: None, status: Some(Absence::Suppressed), ..o.clone() }
}

/// Computes everything guarded at a moment and decides what of it is shown.
fn issue(app: &App, as_of: AsOf, history: &mut History<Name>) -> Result<Issue, Error> {
    let whole = app.store.whole(as_of)?;
    let moment = whole.moment();
    let all: BTreeMap<&str, Told> = app
        .pack
        .indicators
        .values()
        .filter(|i| matches!(i.disclosure, Some(Disclosure::Counts(_))))
        .map(|i| (i.id.as_str(), app.results.compute(&whole, i, &Overrides::new()).map_err(|_| untold(i))))
        .collect();
    let counted = all.iter().filter_map(|(id, outcome)| match (&app.pack.indicators.get(*id)?.disclosure, outcome) {
        (Some(Disclosure::Counts(counts)), Ok(computed)) => {
            let threshold = counts.threshold.unwrap_or(app.pack.disclosing.threshold);
            Some((*id, Counted { counts, computed, threshold }))
        }
        _ => None,
    });
    let tables = Tables::of(&counted.collect());
    let fates = history.publish(&tables.edition);
    let shown: BTreeSet<&(String, usize)> =
        tables.rows.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Shown).map(|(row, _)| row).collect();
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for (id, outcome) in &all {
        let told_of = outcome.clone().map(|computed| {
            let keeps = |row: usize| shown.contains(&(id.to_string(), row));
            let rows = computed.observations.iter().enumerate();
            let observations = match tables.unfit.contains(*id) {
                true => vec![],
                false => rows.map(|(row, o)| if keeps(row) { o.clone() } else { hide(o) }).collect(),
            };
            Arc::new(Computed { seq: moment.seq, observations, ..Computed::clone(&computed) })
        });
        told.insert(id.to_string(), told_of);
    }
    Ok(Issue { moment, told })
}
