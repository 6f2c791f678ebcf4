//! What all requests share.

use crate::{
    api::Keys,
    citations::{self, Use},
    ctx::Ctx,
    disclosed::{self, Published, Telling, Told},
    error::Error,
    form::Token,
    jobs::Jobs,
    layout::View,
    measures::{Measure, Measured, rank},
    meter::Meter,
    recent::Recent,
    site::Site,
    who::Who,
};
use shirube_indicator::{self as indicator, Audit, Derivation, IndicatorError, Overrides, tells_of_few};
use shirube_plan::{Disclosure, Indicator, Pack, Sensitivity};
use shirube_snapshot::{AsOf, Moment, PackTexts};
use shirube_store::{Reader, Store};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// Pages that are made at once.
const READERS: usize = 8;

/// The running portal.
#[derive(Debug)]
pub struct App {
    /// The pack.
    pub pack: Arc<Pack>,
    /// The records.
    pub store: Arc<Store>,
    /// Long work.
    pub jobs: Arc<Jobs>,
    /// How the portal stands in its network.
    pub site: Site,
    /// What was answered since the start.
    pub meter: Meter,
    /// Turns of those who read.
    pub(crate) reading: Arc<Semaphore>,
    /// How it finds out who asks.
    pub who: Who,
    /// What forms carry in a trial to show that they are ours.
    pub token: Token,
    /// When the end of the log was last found anchored; none if nobody anchors it.
    anchored: Mutex<Option<Instant>>,
    /// Keys of creations by the API.
    pub keys: Keys,
    /// Citations by source, gathered when first asked for.
    citations: OnceLock<BTreeMap<String, Vec<Use>>>,
    /// The pack's texts for searching, folded when first asked for.
    texts: OnceLock<PackTexts>,
    /// Exact results. Pages get them through [`App::measure`] alone.
    pub(crate) results: indicator::Cache,
    /// What was told of figures on few.
    pub published: Published,
    /// The moment of figures.
    pub(crate) recent: Recent,
}

/// Everything there is at a moment, to compute indicators from. Pages get no record out of it.
#[derive(Debug)]
pub struct Whole(Reader, AsOf);

impl Whole {
    /// The moment.
    pub fn moment(&self) -> Moment {
        self.0.moment()
    }

    /// The moment it was asked for.
    pub fn as_of(&self) -> AsOf {
        self.1
    }

    /// The last redaction of all, also one after the moment; 0 if there was none.
    pub fn last_redaction(&self) -> Result<i64, Error> {
        Ok(self.0.last_redaction()?)
    }
}

/// How an indicator comes to a reader who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// As it is computed.
    Exact,
    /// As it was last published, without what tells of few.
    Published,
    /// Not in figures.
    Closed,
}

/// The steps of an indicator and the names of those whose rows are withheld, or why it cannot be computed.
pub type Traced = Result<(Arc<Derivation>, BTreeSet<String>), IndicatorError>;

impl App {
    /// A portal over a store and its pack.
    pub fn new(store: Store, jobs: Jobs, site: Site, who: Who) -> App {
        // A job whose end is not known says so; the portal is of use without.
        if let Err(error) = jobs.settle(&store) {
            tracing::error!(%error, "jobs");
        }
        App {
            published: Published::new(store.pack()),
            pack: Arc::clone(store.pack()),
            store: Arc::new(store),
            jobs: Arc::new(jobs),
            site,
            meter: Meter::default(),
            reading: Arc::new(Semaphore::new(READERS)),
            who,
            token: Token::new(),
            anchored: Mutex::default(),
            keys: Keys::default(),
            citations: OnceLock::new(),
            texts: OnceLock::new(),
            results: indicator::Cache::default(),
            recent: Recent::default(),
        }
    }

    /// Notes that the end of the log is anchored now, or that somebody has begun to anchor it.
    pub fn anchored(&self) {
        *self.anchored.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long ago that was.
    pub fn anchor_age(&self) -> Option<Duration> {
        self.anchored.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// The records as the request may see them, at its moment.
    pub fn open(&self, cx: &Ctx) -> Result<Reader, Error> {
        Ok(self.store.reader(&cx.asking.actor, cx.as_of)?)
    }

    /// What templates draw from, on pages that read no records.
    pub fn view<'a>(&'a self, cx: &'a Ctx) -> View<'a> {
        View { cx, pack: &self.pack, moment: None }
    }

    /// What indicators are computed from at the request's moment.
    pub fn whole(&self, cx: &Ctx) -> Result<Whole, Error> {
        let head = self.store.head_seq();
        let recent = || self.recent.seq(head, self.results.spent(), cx.asking.actor.clearance().login());
        let as_of = match cx.as_of {
            AsOf::Head => Some(recent()).filter(|seq| *seq < head).map_or(AsOf::Head, AsOf::Seq),
            earlier => earlier,
        };
        Ok(Whole(self.store.whole(as_of)?, cx.as_of))
    }

    /// What templates draw from, on pages that show a moment of the records.
    pub fn view_of<'a>(&'a self, cx: &'a Ctx, moment: Moment) -> View<'a> {
        View { moment: Some(moment), ..self.view(cx) }
    }

    /// An indicator that the reader may read.
    pub fn indicator(&self, cx: &Ctx, whole: &Whole, id: &str) -> Result<&Indicator, Error> {
        let indicator = self.pack.indicators.get(id).filter(|i| self.may_read(cx, whole, i));
        indicator.ok_or_else(|| Error::no("指標", "indicator", id))
    }

    /// The indicators that the reader may read.
    pub fn indicators<'a>(&'a self, cx: &'a Ctx, whole: &'a Whole) -> impl Iterator<Item = &'a Indicator> {
        self.pack.indicators.values().filter(|i| self.may_read(cx, whole, i))
    }

    /// Greatest sensitivity of the fields an indicator reads.
    pub fn sensitivity(&self, whole: &Whole, id: &str) -> Sensitivity {
        self.pack.indicators.get(id).map_or(Sensitivity::Personal, |i| self.results.sources(&whole.0, i).sensitivity)
    }

    fn may_read(&self, cx: &Ctx, whole: &Whole, indicator: &Indicator) -> bool {
        let clearance = cx.asking.actor.clearance();
        clearance.is_unlimited() || clearance.indicator(&indicator.id, self.results.sources(&whole.0, indicator).sensitivity)
    }

    /// How an indicator comes to the reader. One that counts what may be few and does not say what it may tell is closed.
    pub fn face(&self, cx: &Ctx, whole: &Whole, indicator: &Indicator) -> Face {
        let sources = || self.results.sources(&whole.0, indicator);
        let of_few = || sources().registers.iter().any(|r| self.pack.registers.get(r).is_some_and(tells_of_few));
        let face = match &indicator.disclosure {
            Some(Disclosure::Open(_)) => return Face::Exact,
            None if !of_few() => return Face::Exact,
            Some(Disclosure::Counts(_)) => Face::Published,
            Some(Disclosure::Closed(_)) | None => Face::Closed,
        };
        let clearance = cx.asking.actor.clearance();
        let exact = clearance.is_unlimited() || clearance.exact(&indicator.id, sources().sensitivity);
        if exact { Face::Exact } else { face }
    }

    /// The one place where figures leave for a reader: exact ones, or what was published of them.
    fn told(&self, cx: &Ctx, whole: &Whole, indicator: &Indicator, overrides: &Overrides) -> Told {
        let issue = match self.face(cx, whole, indicator) {
            Face::Exact => return self.results.compute(&whole.0, indicator, overrides),
            Face::Closed => None,
            Face::Published => self.published.at(self, whole).map_err(|error| {
                tracing::error!(%error, "published figures");
                disclosed::untold(indicator)
            })?,
        };
        let Some(issue) = issue else { return Ok(Arc::new(disclosed::nothing(indicator, whole.moment()))) };
        let told = issue.told(indicator)?;
        // Other assumptions would put other numbers beside the same counts.
        Ok(if overrides.is_empty() { told } else { Arc::new(disclosed::suppressed(&told)) })
    }

    /// What a reader must know beside figures that are not told exactly; none beside others.
    pub fn telling(&self, cx: &Ctx, whole: &Whole, indicator: &Indicator) -> Result<Option<Telling>, Error> {
        Ok(match self.face(cx, whole, indicator) {
            Face::Exact => None,
            Face::Closed => Some(Telling::Closed(match &indicator.disclosure {
                Some(Disclosure::Closed(reason)) => Some(reason.clone()),
                _ => None,
            })),
            Face::Published => {
                let own = indicator.disclosure.as_ref().and_then(|d| if let Disclosure::Counts(c) = d { c.threshold } else { None });
                let day = self.published.at(self, whole)?.map(|issue| issue.moment.day());
                Some(Telling::Published {
                    threshold: own.unwrap_or(self.pack.disclosing.threshold),
                    every: self.pack.disclosing.every,
                    day,
                })
            }
        })
    }

    /// An indicator at the moment.
    pub fn measure<'a>(&self, cx: &Ctx, whole: &Whole, indicator: &'a Indicator, overrides: &Overrides) -> Measured<'a> {
        let outcome = self.told(cx, whole, indicator, overrides).map(|computed| {
            let judgement = self.results.judge(&self.pack, indicator, &computed);
            Measure { computed, judgement }
        });
        Measured { indicator, outcome }
    }

    /// Indicators that read a register.
    pub fn readers_of<'a>(&'a self, cx: &'a Ctx, whole: &'a Whole, register: &str) -> Vec<&'a Indicator> {
        let readers = self.pack.indicators.values().filter(|i| self.results.sources(&whole.0, i).registers.contains(register));
        readers.filter(|i| self.may_read(cx, whole, i)).collect()
    }

    /// The steps of an indicator at the moment, with the first rows of each. Steps whose rows hold what the reader may
    /// not see come without rows, and are named.
    pub fn derivation(&self, cx: &Ctx, whole: &Whole, indicator: &Indicator, overrides: &Overrides, rows: usize) -> Result<Traced, Error> {
        let exact = self.face(cx, whole, indicator) == Face::Exact;
        let steps = match self.results.derive(&whole.0, indicator, overrides, rows) {
            Ok(steps) => steps,
            Err(error) => return Ok(Err(if exact { error } else { disclosed::untold(indicator) })),
        };
        let shown = self.open(cx)?;
        let sources = self.results.sources(&whole.0, indicator);
        let greatest = |steps: &Derivation| steps.steps.iter().filter(|step| !step.rows.is_empty()).map(|step| step.sensitivity).max();
        let noted = |steps: &Derivation| match greatest(steps).filter(|s| *s >= Sensitivity::Commercial) {
            Some(up_to) => sources.registers.iter().try_for_each(|register| shown.note_derived(register, up_to)),
            None => Ok(()),
        };
        if exact && !shown.is_narrowed() {
            noted(&steps)?;
            return Ok(Ok((steps, BTreeSet::new())));
        }
        let mut kept = Derivation::clone(&steps);
        let mut withheld = BTreeSet::new();
        // By sensitivity, of which steps have few.
        let mut all_seen: BTreeMap<Sensitivity, bool> = BTreeMap::new();
        for step in &mut kept.steps {
            let all = match all_seen.get(&step.sensitivity) {
                _ if !exact => false,
                Some(all) => *all,
                None => {
                    let mut all = true;
                    for register in &sources.registers {
                        all = all && shown.shows_all_of(&whole.0, register, step.sensitivity)?;
                    }
                    all_seen.insert(step.sensitivity, all);
                    all
                }
            };
            if !all {
                (step.rows, step.total_rows) = (vec![], 0);
                withheld.insert(step.name.clone());
            }
        }
        noted(&kept)?;
        Ok(Ok((Arc::new(kept), withheld)))
    }

    /// Every published figure against the records of the moment, as far as the reader may read the indicators.
    pub fn audit(&self, cx: &Ctx, whole: &Whole) -> Arc<Audit> {
        let guarded = self.pack.indicators.values().filter(|i| self.face(cx, whole, i) != Face::Exact);
        let told = guarded.map(|i| (i.id.as_str(), self.told(cx, whole, i, &Overrides::new()))).collect();
        let audit = self.results.audit(&whole.0, &told);
        let hidden: BTreeSet<&str> =
            self.pack.indicators.values().filter(|i| !self.may_read(cx, whole, i)).map(|i| i.id.as_str()).collect();
        if hidden.is_empty() { audit } else { Arc::new(audit.without(&hidden, &self.pack)) }
    }

    /// Forgets all results: after a redaction, what was erased need not stay in memory.
    pub fn forget(&self) {
        self.results.clear();
        self.published.clear();
    }

    /// The indicators of a plan node at the moment, those that count for it first.
    pub fn measures_of<'a>(&'a self, cx: &'a Ctx, whole: &'a Whole, node: &str) -> Vec<Measured<'a>> {
        let own = self.pack.indicators.values().filter(|i| rank(i.kind) < 4 && i.nodes.iter().any(|n| n == node));
        let mut own: Vec<&Indicator> = own.filter(|i| self.may_read(cx, whole, i)).collect();
        own.sort_by_key(|i| rank(i.kind));
        own.into_iter().map(|i| self.measure(cx, whole, i, &Overrides::new())).collect()
    }

    /// What cites a source, in its order.
    pub fn citations(&self, source: &str) -> &[Use] {
        self.citations.get_or_init(|| citations::all(&self.pack)).get(source).map_or(&[], Vec::as_slice)
    }

    /// The pack's texts, for searching.
    pub fn pack_texts(&self) -> &PackTexts {
        self.texts.get_or_init(|| PackTexts::new(&self.pack))
    }
}
