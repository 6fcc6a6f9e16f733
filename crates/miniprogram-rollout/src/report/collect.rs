//! Reads a rollout, page by page.

use std::collections::{BTreeMap, HashMap};

use miniprogram_core::{AppId, Error, ErrorKind, Result, Timestamp, Vendor};
use miniprogram_store::RolloutStore;
use miniprogram_store::rollouts::{LedgerEntry, RolloutApp, RolloutFilter, RolloutId};
use serde::Deserialize;

use super::Report;
use super::failures::Failures;
use super::figures::{Audits, Kept, Line, Stage, Unreadable, UnreadableRow, VendorFigures};
use super::masking::Masking;
use super::timeline::Timeline;
use crate::engine::RolloutStatus;
use crate::machine::{AppState, Correction, Entry, Input, Move, Note, Phase, Why};

/// How many rows are read at a time.
const PAGE: u32 = 500;

pub(super) async fn collect(store: &dyn RolloutStore, name: &str, now: Timestamp) -> Result<Report> {
    let record = store.rollout(name).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "report").with_detail(format!("there is no rollout {name:?}"))
    })?;
    let plan = store.rollout_plan(record.id).await?;
    let masking = Masking::of(&plan.unwrap_or_else(|| miniprogram_store::rollouts::SealedText::new("")))?;
    let status = RolloutStatus::new(&record, store.count_phases(record.id).await?)?;
    let mut vendors: BTreeMap<Vendor, VendorFigures> = BTreeMap::new();
    for count in &status.counts {
        let phases = &mut vendors.entry(count.vendor).or_default().phases;
        *phases.entry(count.phase.clone()).or_default() += count.apps;
    }
    let apps = vendors.values().map(VendorFigures::apps).sum();
    let mut collecting = Collecting {
        vendors,
        timeline: Timeline::new(record.created_at, apps),
        failures: Failures::default(),
        ledger: Kept::default(),
        unreadable: Unreadable::default(),
        tracks: HashMap::new(),
        masking,
    };
    collecting.apps(store, record.id).await?;
    collecting.ledger(store, record.id).await?;
    Ok(collecting.finish(status, now))
}

/// What is remembered of an app between its entries.
#[derive(Default)]
struct Track {
    stage: Stage,
    gray: bool,
    /// When the open audit was submitted by us.
    submitted: Option<Timestamp>,
}

struct Collecting {
    vendors: BTreeMap<Vendor, VendorFigures>,
    timeline: Timeline,
    failures: Failures,
    ledger: Kept,
    unreadable: Unreadable,
    tracks: HashMap<(Vendor, AppId), Track>,
    masking: Masking,
}

impl Collecting {
    async fn apps(&mut self, store: &dyn RolloutStore, id: RolloutId) -> Result<()> {
        let mut after = Some(0);
        while let Some(last) = after {
            let page = store.rollout_apps(id, &RolloutFilter::new(PAGE).after(last)).await?;
            page.apps.iter().for_each(|row| self.app(row));
            for row in page.unreadable {
                let app = named(row.vendor.as_deref(), row.app.as_deref());
                self.unreadable.app(UnreadableRow { id: row.id, app, reason: row.reason });
            }
            after = page.next;
        }
        Ok(())
    }

    fn app(&mut self, row: &RolloutApp) {
        /// Of what a row keeps, what a report needs.
        #[derive(Deserialize)]
        struct Stored {
            state: AppState,
            #[serde(default)]
            correction: Correction,
        }
        match serde_json::from_str::<Stored>(row.progress.state.expose()) {
            Ok(Stored { state, correction }) => {
                self.masking.add(row.vendor, &row.app, &correction);
                self.failures.add(row.vendor, &row.app, &state, &self.masking);
            }
            Err(_) => self.unreadable.app(UnreadableRow {
                id: row.id,
                app: named(Some(row.vendor.as_str()), Some(row.app.as_str())),
                reason: ANOTHER_VERSION.to_owned(),
            }),
        }
    }

    async fn ledger(&mut self, store: &dyn RolloutStore, id: RolloutId) -> Result<()> {
        let mut after = Some(0);
        while let Some(last) = after {
            let page = store.ledger_page(id, None, last, PAGE).await?;
            page.entries.into_iter().for_each(|entry| self.entry(entry));
            for row in page.unreadable {
                let app = named(row.vendor.as_deref(), row.app.as_deref());
                self.unreadable.entry(UnreadableRow { id: row.id, app, reason: row.reason });
            }
            after = page.next;
        }
        Ok(())
    }

    fn entry(&mut self, stored: LedgerEntry) {
        let LedgerEntry { id, app, seq, entry: stored, .. } = stored;
        let read = serde_json::from_str::<Entry>(stored.entry.expose()).ok().map(Box::new);
        let entry = match (app.clone(), read) {
            (Some((vendor, app)), Some(mut entry)) => {
                self.follow(vendor, app.clone(), &entry);
                self.masking.entry(vendor, &app, &mut entry);
                Some(entry)
            }
            (Some((vendor, app)), None) => {
                let app = named(Some(vendor.as_str()), Some(app.as_str()));
                return self.unreadable.entry(UnreadableRow { id, app, reason: ANOTHER_VERSION.to_owned() });
            }
            (None, _) => None,
        };
        self.ledger.keep(Line { at: stored.at, app, seq, kind: stored.kind, entry });
    }

    /// Counts what an entry says.
    fn follow(&mut self, vendor: Vendor, app: AppId, entry: &Entry) {
        let figures = self.vendors.entry(vendor).or_default();
        let track = self.tracks.entry((vendor, app)).or_default();
        for taken in &entry.moves {
            self.timeline.record(entry.at, taken);
            track.stage = track.stage.max(Stage::of(taken));
            track.gray |= taken.why == Why::GrayStarted;
            audited(&mut figures.audits, track, taken, entry.at);
        }
        if let (Input::Begin(started), false) = (&entry.input, entry.moves.is_empty()) {
            let version = (started.template.to_string(), started.version.clone());
            *figures.versions.entry(version).or_default() += 1;
        }
        figures.audits.delays += entry.notes.iter().filter(|note| **note == Note::Delayed).count() as u64;
    }

    fn finish(mut self, status: RolloutStatus, now: Timestamp) -> Report {
        for ((vendor, _), track) in &self.tracks {
            let Some(figures) = self.vendors.get_mut(vendor) else { continue };
            for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Planned) {
                figures.reached[stage as usize] += u64::from(track.stage >= stage);
            }
            figures.gray += u64::from(track.gray);
            figures.audits.open += u64::from(track.submitted.is_some());
        }
        for figures in self.vendors.values_mut() {
            figures.reached[Stage::Planned as usize] = figures.apps();
            figures.audits.times.sort_unstable();
        }
        let end = status.ended_at.unwrap_or(now);
        Report {
            status,
            made_at: now,
            names: BTreeMap::new(),
            vendors: self.vendors,
            samples: self.timeline.finish(end),
            failures: self.failures.sorted(),
            ledger: self.ledger,
            unreadable: self.unreadable,
        }
    }
}

/// Follows an audit from its submission to its verdict, or to where it ended without one.
fn audited(audits: &mut Audits, track: &mut Track, taken: &Move, at: Timestamp) {
    match taken.why {
        Why::Submitted => track.submitted = Some(at),
        Why::Approved | Why::Rejected => {
            match taken.why {
                Why::Approved => audits.approved += 1,
                _ => audits.rejected += 1,
            }
            match track.submitted.take() {
                Some(submitted) => {
                    let time = at.since(submitted).as_millis();
                    audits.times.push(u64::try_from(time).unwrap_or(u64::MAX));
                }
                None => audits.untimed += 1,
            }
        }
        Why::Withdrawn => track.submitted = None,
        _ if taken.to.is_end() || taken.to == Phase::Preflight => track.submitted = None,
        _ => {}
    }
}

const ANOTHER_VERSION: &str = "it is of another version, or damaged";

/// A vendor and an app, as far as they are readable.
fn named(vendor: Option<&str>, app: Option<&str>) -> String {
    format!("{} {}", vendor.unwrap_or("?"), app.unwrap_or("?"))
}
