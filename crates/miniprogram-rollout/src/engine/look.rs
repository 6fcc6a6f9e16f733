//! What a store knows about rollouts, for people: it only reads, and needs no platform.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use miniprogram_core::{AppId, Error, ErrorKind, Result, Timestamp, Vendor};
use miniprogram_store::rollouts::{
    LedgerEntry, PhaseCount, RolloutApp, RolloutFilter, RolloutRecord, UnreadableApp, UnreadableEntry,
};
use serde::{Deserialize, Serialize};

use super::advance::{Advance, VendorLook, quotas};
use super::control::{Control, Learned};
use super::live::state_of;
use super::status::RolloutStatus;
use super::{RolloutEngine, unreadable};
use crate::machine::{AppState, Cause, Entry, Mover, Need, Phase, Trouble, Verdict};
use crate::plan::{Forecast, Outlook, Settings, forecast};

/// How many rows are read at a time.
const PAGE: u32 = 500;
/// How many apps a [survey](RolloutEngine::survey) reads.
const LOOKED_AT: usize = 2000;
/// How many apps of a vendor that have ended it reads for the time in audit.
const SAMPLE: u32 = 100;

/// An app of a rollout, as its row says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AppLook {
    /// The vendor.
    pub vendor: Vendor,
    /// The app.
    pub app_id: AppId,
    /// Its wave, from 0.
    pub wave: u32,
    /// What is being done, or how it ended.
    pub phase: Phase,
    /// Whose move it is; none if the app is where it was to be, or out of the rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mover: Option<Mover>,
    /// What a person has to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
    /// Why it ended as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The last call that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// What the vendor last said about the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// When the phase began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When the vendor last told its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<Timestamp>,
    /// When there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Everything that is known.
    #[serde(skip)]
    pub state: AppState,
}

impl AppLook {
    fn new(row: RolloutApp) -> Result<Self> {
        let state = state_of(&row)?;
        let facts = state.facts.as_deref();
        Ok(Self {
            vendor: row.vendor,
            app_id: row.app,
            wave: row.wave,
            phase: state.phase,
            mover: state.mover(),
            need: state.need,
            cause: state.cause().cloned(),
            trouble: facts.and_then(|facts| facts.trouble.as_deref().cloned()),
            verdict: state.verdict().cloned(),
            since: state.since,
            known_at: state.known_at,
            due_at: row.progress.due_at,
            state,
        })
    }
}

/// A page of apps.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AppPage {
    /// The apps.
    pub apps: Vec<AppLook>,
    /// The rows among them that cannot be read, by the store or by this version.
    pub unreadable: Vec<UnreadableApp>,
    /// The id to continue after; none after the last page.
    pub next: Option<i64>,
}

/// A line of a ledger.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LedgerLine {
    /// Its id: the order of writing, across all apps.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The vendor of its app; none for a line about the rollout as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// Its app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// Its number among the lines of its app, from 1 without gaps.
    pub seq: i64,
    /// The kind.
    pub kind: String,
    /// The evidence; none if this version cannot read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

impl From<LedgerEntry> for LedgerLine {
    fn from(line: LedgerEntry) -> Self {
        let LedgerEntry { id, app, seq, entry, .. } = line;
        let (vendor, app_id) = app.unzip();
        let read = serde_json::from_str(entry.entry.expose()).ok();
        Self { id, at: entry.at, vendor, app_id, seq, kind: entry.kind, entry: read }
    }
}

/// A page of a ledger.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct LedgerLook {
    /// The lines.
    pub lines: Vec<LedgerLine>,
    /// The entries among them that the store cannot read.
    pub unreadable: Vec<UnreadableEntry>,
    /// The id to continue after; none after the last page.
    pub next: Option<i64>,
}

/// A rollout at a glance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// Where it is.
    #[serde(flatten)]
    pub status: RolloutStatus,
    /// The names of its waves.
    pub waves: Vec<String>,
    /// How many apps wait for whom.
    pub movers: BTreeMap<Mover, u64>,
    /// How many apps need a person, and what for.
    pub needs: BTreeMap<&'static str, u64>,
    /// Whether there were too many apps to read each of them: `needs` are those of the first 2,000 then, and a failed
    /// app that was not read counts as the platform's.
    pub partial: bool,
    /// When the next app is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due: Option<Timestamp>,
    /// The audits of each vendor, and its quota as the driver last knew it.
    pub vendors: Vec<VendorLook>,
    /// When it will have ended, if what needs a person or is halted goes on now; absent once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
}

/// Returns whose move it is in a phase, unless something of the app itself says otherwise.
fn mover_in(phase: &str) -> Option<Mover> {
    let phase = Phase::ALL.iter().find(|known| known.as_str() == phase)?;
    AppState { phase: *phase, ..AppState::new() }.mover()
}

impl RolloutEngine {
    /// Lists the newest rollouts.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub async fn rollouts(&self, limit: u32) -> Result<Vec<RolloutStatus>> {
        let mut all = Vec::new();
        for record in self.0.store.rollouts(limit).await? {
            let counts = self.0.store.count_phases(record.id).await?;
            all.push(RolloutStatus::new(&record, counts)?);
        }
        Ok(all)
    }

    /// Lists the names of those of the newest rollouts that have not ended.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub async fn open(&self, newest: u32) -> Result<Vec<String>> {
        let all = self.0.store.rollouts(newest).await?.into_iter();
        Ok(all.filter(|record| record.ended_at.is_none()).map(|record| record.name).collect())
    }

    /// Lists those of the newest rollouts that have something to do and are not driven: complete, and not ended or with
    /// an order that nobody has acted on.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    pub async fn undriven(&self, newest: u32) -> Result<Vec<String>> {
        let now = self.0.clock.now();
        let mut names = Vec::new();
        for record in self.0.store.rollouts(newest).await? {
            let driven = record.driver.as_ref().is_some_and(|(_, until)| *until > now);
            if record.complete && !driven && !self.is_over(&record).await? {
                names.push(record.name);
            }
        }
        Ok(names)
    }

    /// Returns whether a rollout has ended, and no order waits for a driver.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn has_ended(&self, name: &str) -> Result<bool> {
        self.is_over(&self.record(name).await?).await
    }

    async fn is_over(&self, record: &RolloutRecord) -> Result<bool> {
        Ok(record.ended_at.is_some() && self.0.store.signals(record.id, 1).await?.is_empty())
    }

    /// Returns what the operator decided, apart from the merchants.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn settings(&self, name: &str) -> Result<Settings> {
        #[derive(Deserialize)]
        struct Stored {
            plan: String,
        }
        #[derive(Deserialize)]
        struct Whole {
            plan: Content,
        }
        #[derive(Deserialize)]
        struct Content {
            settings: Settings,
        }
        let record = self.record(name).await?;
        let text = self.0.store.rollout_plan(record.id).await?;
        let read = text.and_then(|text| {
            let stored: Stored = serde_json::from_str(text.expose()).ok()?;
            serde_json::from_str::<Whole>(&stored.plan).ok()
        });
        let whole = read.ok_or_else(|| unreadable("the plan of a rollout", "it is of another version"))?;
        Ok(whole.plan.settings)
    }

    /// Returns a rollout at a glance: how many apps wait for whom, and what needs a person.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn survey(&self, name: &str) -> Result<Survey> {
        let status = self.status(name).await?;
        let settings = self.settings(name).await?;
        let record = self.record(name).await?;
        let next_due = self.0.store.next_due_app(record.id, Timestamp::from_unix_millis(0)).await?;
        let mut progress = Advance::default();
        let (mut movers, mut needs) = (BTreeMap::<Mover, u64>::new(), BTreeMap::new());
        for count in &status.counts {
            if let Some(mover) = mover_in(&count.phase) {
                *movers.entry(mover).or_default() += count.apps;
            }
        }
        // What the phase alone does not say: the cause of a failure, and what needs a person.
        let told =
            |phase: &&Phase| **phase == Phase::Failed || !(phase.is_end() || **phase == Phase::Waiting);
        let mut left = LOOKED_AT;
        let mut partial = false;
        for phase in Phase::ALL.iter().filter(told).filter(|phase| status.count(phase.as_str()) > 0) {
            let mut filter = RolloutFilter::new(PAGE).in_phase(Some(phase.as_str().to_owned()));
            while left > 0 {
                let page = self.apps(name, &filter).await?;
                left = left.saturating_sub(page.apps.len());
                for app in &page.apps {
                    progress.take(app.wave, app.vendor, &app.state, self.0.clock.now());
                    if let Some(need) = app.need {
                        *needs.entry(need.as_str()).or_default() += 1;
                    }
                    let (by_phase, own) = (mover_in(phase.as_str()), app.mover);
                    if by_phase != own {
                        if let Some(before) = by_phase.and_then(|mover| movers.get_mut(&mover)) {
                            *before = before.saturating_sub(1);
                        }
                        *movers.entry(own.unwrap_or(Mover::Platform)).or_default() += 1;
                    }
                }
                match page.next {
                    Some(next) => filter = filter.after(next),
                    None => break,
                }
            }
            partial |= left == 0;
        }
        movers.retain(|_, apps| *apps > 0);
        let control = Control::read(&record.control)?;
        let measured = self.audit_times(name, &status, &mut progress).await?;
        let vendors = settings.vendors.iter().map(|own| {
            let learned = control.learned.get(&own.vendor);
            VendorLook::new(own, learned.unwrap_or(&Learned::default()), measured.get(&own.vendor).copied())
        });
        let vendors = vendors.collect();
        let forecast = status.ended_at.is_none().then(|| {
            let now = self.0.clock.now();
            let mut outlook = Outlook::new(now, progress.remaining(&status, now));
            outlook.measured = measured;
            outlook.quotas = quotas(&control);
            forecast(&settings, &outlook)
        });
        let waves = settings.waves.into_iter().map(|wave| wave.name).collect();
        Ok(Survey { status, waves, movers, needs, partial, next_due, vendors, forecast })
    }

    /// The median time in audit of each vendor, from the apps that have been read and some of those that have ended.
    async fn audit_times(
        &self,
        name: &str,
        status: &RolloutStatus,
        progress: &mut Advance,
    ) -> Result<BTreeMap<Vendor, Duration>> {
        let vendors: BTreeSet<Vendor> = status.counts.iter().map(|count| count.vendor).collect();
        for vendor in vendors {
            for phase in [Phase::Released, Phase::Rejected] {
                let filter = RolloutFilter::new(SAMPLE)
                    .of_vendor(Some(vendor))
                    .in_phase(Some(phase.as_str().to_owned()));
                let any = |count: &PhaseCount| count.vendor == vendor && count.phase == phase.as_str();
                if status.counts.iter().any(any) {
                    let page = self.apps(name, &filter).await?;
                    page.apps.iter().for_each(|app| progress.time(app.vendor, &app.state));
                }
            }
        }
        Ok(progress.medians())
    }

    /// Lists apps in the order of the plan.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn apps(&self, name: &str, filter: &RolloutFilter) -> Result<AppPage> {
        let id = self.record(name).await?.id;
        let page = self.0.store.rollout_apps(id, filter).await?;
        let mut looks = AppPage { apps: Vec::new(), unreadable: page.unreadable, next: page.next };
        for row in page.apps {
            let (id, vendor, app) = (row.id, row.vendor, row.app.clone());
            match AppLook::new(row) {
                Ok(look) => looks.apps.push(look),
                Err(error) => {
                    let reason = error.detail().unwrap_or_default().to_owned();
                    looks.unreadable.push(UnreadableApp::new(id, vendor, &app, reason));
                }
            }
        }
        Ok(looks)
    }

    /// Returns one app; without a vendor, that of whichever vendor has it.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout or it has no such app;
    /// [`Conflict`](ErrorKind::Conflict) if two vendors have an app of that id; [`Store`](ErrorKind::Store), also if it
    /// cannot be read.
    pub async fn app(&self, name: &str, vendor: Option<Vendor>, app: &AppId) -> Result<AppLook> {
        let filter = RolloutFilter::new(2).of_vendor(vendor).of_app(Some(app.clone()));
        let mut page = self.apps(name, &filter).await?;
        match (page.apps.pop(), page.apps.pop(), page.unreadable.pop()) {
            (Some(look), None, None) => Ok(look),
            (None, None, Some(row)) => Err(unreadable("the state of an app", &row.reason)),
            (None, None, None) => Err(Error::new(ErrorKind::NotFound, "rollout")
                .with_field("app")
                .with_detail(format!("{name} has no app {app}"))
                .with_advice("list its apps")),
            _ => Err(Error::new(ErrorKind::Conflict, "rollout")
                .with_field("vendor")
                .with_detail(format!("several vendors have an app {app} in {name}"))
                .with_advice("name the vendor")),
        }
    }

    /// Lists the ledger of an app, or of everything, in the order of writing, after an id.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store).
    pub async fn ledger(
        &self,
        name: &str,
        app: Option<(Vendor, AppId)>,
        after: i64,
        limit: u32,
    ) -> Result<LedgerLook> {
        let id = self.record(name).await?.id;
        let page = self.0.store.ledger_page(id, app, after, limit).await?;
        let lines = page.entries.into_iter().map(LedgerLine::from).collect();
        Ok(LedgerLook { lines, unreadable: page.unreadable, next: page.next })
    }
}
