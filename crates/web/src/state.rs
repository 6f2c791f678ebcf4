//! What all requests share.

use crate::{
    api::Keys,
    citations::{self, Use},
    ctx::Ctx,
    error::Error,
    form::Token,
    jobs::Jobs,
    layout::View,
    measures::{Measure, Measured, rank},
    meter::Meter,
    site::Site,
};
use shirube_indicator::{self as indicator, Audit, Derivation, IndicatorError, Overrides, judge};
use shirube_plan::{Indicator, Pack};
use shirube_snapshot::{PackTexts, Snapshot};
use shirube_store::{Reader, Store};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

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
    /// What forms carry to show that they are ours.
    pub token: Token,
    /// When the end of the log was last found anchored; none if nobody anchors it.
    anchored: Mutex<Option<Instant>>,
    /// Keys of creations by the API.
    pub keys: Keys,
    /// Citations by source, gathered when first asked for.
    citations: OnceLock<BTreeMap<String, Vec<Use>>>,
    /// The pack's texts for searching, folded when first asked for.
    texts: OnceLock<PackTexts>,
    results: indicator::Cache,
}

impl App {
    /// A portal over a store and its pack.
    pub fn new(store: Store, jobs: Jobs, site: Site) -> App {
        // A job whose end is not known says so; the portal is of use without.
        if let Err(error) = jobs.settle(&store) {
            tracing::error!(%error, "jobs");
        }
        App {
            pack: Arc::clone(store.pack()),
            store: Arc::new(store),
            jobs: Arc::new(jobs),
            site,
            meter: Meter::default(),
            token: Token::new(),
            anchored: Mutex::default(),
            keys: Keys::default(),
            citations: OnceLock::new(),
            texts: OnceLock::new(),
            results: indicator::Cache::default(),
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
        Ok(self.store.reader(&cx.actor, cx.as_of)?)
    }

    /// What templates draw from, on pages that read no records.
    pub fn view<'a>(&'a self, cx: &'a Ctx) -> View<'a> {
        View { cx, pack: &self.pack, moment: None }
    }

    /// What templates draw from, on pages that show a moment of the records.
    pub fn view_of<'a>(&'a self, cx: &'a Ctx, snapshot: &Snapshot) -> View<'a> {
        View { moment: Some(snapshot.moment()), ..self.view(cx) }
    }

    /// An indicator at the snapshot's moment.
    pub fn measure<'a>(&self, snapshot: &Snapshot, indicator: &'a Indicator, overrides: &Overrides) -> Measured<'a> {
        let outcome = self.results.compute(snapshot, indicator, overrides).map(|computed| {
            let judgement = judge(&self.pack, indicator, &computed);
            Measure { computed, judgement }
        });
        Measured { indicator, outcome }
    }

    /// Indicators that read a register.
    pub fn readers_of(&self, snapshot: &Snapshot, register: &str) -> Vec<&Indicator> {
        self.pack.indicators.values().filter(|i| self.results.registers(snapshot, i).contains(register)).collect()
    }

    /// The steps of an indicator at the snapshot's moment, with the first rows of each.
    pub fn derivation(
        &self,
        snapshot: &Snapshot,
        indicator: &Indicator,
        overrides: &Overrides,
        rows: usize,
    ) -> Result<Arc<Derivation>, IndicatorError> {
        self.results.derive(snapshot, indicator, overrides, rows)
    }

    /// Every published figure against the records of the snapshot's moment.
    pub fn audit(&self, snapshot: &Snapshot) -> Arc<Audit> {
        self.results.audit(snapshot)
    }

    /// Forgets all results. Needed after a redaction, which alone changes moments that are past.
    pub fn forget(&self) {
        self.results.clear();
    }

    /// The indicators of a plan node at the snapshot's moment, those that count for it first.
    pub fn measures_of(&self, snapshot: &Snapshot, node: &str) -> Vec<Measured<'_>> {
        let mut own: Vec<&Indicator> =
            self.pack.indicators.values().filter(|i| i.nodes.iter().any(|n| n == node) && rank(i.kind) < 4).collect();
        own.sort_by_key(|i| rank(i.kind));
        own.into_iter().map(|i| self.measure(snapshot, i, &Overrides::new())).collect()
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
