//! Journals, which keep the intents of effects: in a store, in memory, or nowhere.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::command::Command;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::{SubjectId, SubjectRef};
use crate::intent::{EarlierEffect, Intent, Settled};
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// A journal that records an intent before every effect and its outcome afterwards.
///
/// Implement it with the attribute [`async_trait`](macro@crate::async_trait), which this crate exports.
#[async_trait]
pub trait Journal: Debug + Send + Sync + 'static {
    /// Called before every attempt; the effect is sent only after this has returned `Ok`. A later attempt of the
    /// same effect replaces the earlier one.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); nothing is sent then.
    async fn open(&self, intent: &Intent) -> Result<()>;

    /// Called when the outcome is known. An intent that is never closed has to be settled.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); it is only logged, and the caller still receives the outcome.
    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()>;

    /// Returns the open intent of a subject, such as one left behind by a killed process. The next effect on the
    /// subject settles it first.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store); nothing is sent then.
    async fn pending(&self, vendor: Vendor, subject: &SubjectId) -> Result<Option<Intent>>;

    /// Returns the latest effect of a subject that was this very command and whose outcome became known at `since` or
    /// later. A caller that was killed between the call and the storing of its result finds the result here.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store).
    async fn settled(
        &self,
        vendor: Vendor,
        subject: &SubjectId,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<EarlierEffect>>;
}

/// A journal that records nothing: effects are settled within the process, and an unknown outcome is left to the
/// caller.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn open(&self, _intent: &Intent) -> Result<()> {
        Ok(())
    }

    async fn close(&self, _intent: &Intent, _settled: &Settled) -> Result<()> {
        Ok(())
    }

    async fn pending(&self, _vendor: Vendor, _subject: &SubjectId) -> Result<Option<Intent>> {
        Ok(None)
    }

    async fn settled(
        &self,
        _vendor: Vendor,
        _subject: &SubjectId,
        _command: &Command,
        _since: Timestamp,
    ) -> Result<Option<EarlierEffect>> {
        Ok(None)
    }
}

/// A journal in memory. A caller without a store can list open intents and settle them until the process ends.
/// Share one journal between several platform values so that each settles the intents that another left open.
///
/// The outcomes of the last 4,096 closed intents are kept too. It has no clock: an outcome counts as known since its
/// attempt began.
///
/// ```
/// use std::sync::Arc;
///
/// use miniprogram_core::AppId;
/// use miniprogram_core::journal::MemoryJournal;
///
/// let journal = Arc::new(MemoryJournal::new());
/// // ClientConfig::new(platform_id, tokens).with_journal(journal.clone())
/// assert!(journal.open_intents(&AppId::from("wx1")).is_empty());
/// ```
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    open: Vec<Intent>,
    closed: VecDeque<(Intent, Settled)>,
}

/// How many closed intents are kept.
const CLOSED: usize = 4096;

impl MemoryJournal {
    /// Creates an empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the open intents of an app, or of a platform itself: at most one per vendor.
    #[must_use]
    pub fn open_intents<'a>(&self, subject: impl Into<SubjectRef<'a>>) -> Vec<Intent> {
        let subject = subject.into();
        self.with(|entries| {
            entries
                .open
                .iter()
                .filter(|intent| SubjectRef::from(&intent.subject) == subject)
                .cloned()
                .collect()
        })
    }

    /// Returns the open intents of all subjects, oldest first.
    #[must_use]
    pub fn all_open_intents(&self) -> Vec<Intent> {
        self.with(|entries| entries.open.clone())
    }

    /// Returns the closed intents of an app, or of a platform itself, with their outcomes, oldest first.
    #[must_use]
    pub fn closed_intents<'a>(&self, subject: impl Into<SubjectRef<'a>>) -> Vec<(Intent, Settled)> {
        let subject = subject.into();
        let ours = |(intent, _): &&(Intent, Settled)| SubjectRef::from(&intent.subject) == subject;
        self.with(|entries| entries.closed.iter().filter(ours).cloned().collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, intent: &Intent) -> Result<()> {
        self.with(|entries| {
            let same = |open: &&mut Intent| (open.vendor, &open.subject) == (intent.vendor, &intent.subject);
            match entries.open.iter_mut().find(same) {
                Some(open) if (&open.target, &open.before) == (&intent.target, &intent.before) => {
                    *open = intent.clone();
                }
                Some(_) => {
                    return Err(Error::new(ErrorKind::Conflict, intent.operation.as_str())
                        .for_vendor(intent.vendor)
                        .with_detail(format!("another effect of {} is open", intent.subject.described()))
                        .with_advice("settle the open intent, then decide"));
                }
                None => entries.open.push(intent.clone()),
            }
            Ok(())
        })
    }

    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()> {
        self.with(|entries| {
            entries.open.retain(|open| open != intent);
            if entries.closed.len() == CLOSED {
                entries.closed.pop_front();
            }
            entries.closed.push_back((intent.clone(), settled.clone()));
        });
        Ok(())
    }

    async fn pending(&self, vendor: Vendor, subject: &SubjectId) -> Result<Option<Intent>> {
        let ours = |intent: &&Intent| intent.vendor == vendor && intent.subject == *subject;
        Ok(self.with(|entries| entries.open.iter().find(ours).cloned()))
    }

    async fn settled(
        &self,
        vendor: Vendor,
        subject: &SubjectId,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<EarlierEffect>> {
        let same = |(intent, _): &&(Intent, Settled)| {
            (intent.vendor, &intent.subject, &intent.target) == (vendor, subject, command)
                && intent.started_at >= since
        };
        let latest = self.with(|entries| entries.closed.iter().rev().find(same).cloned());
        Ok(latest.map(|(intent, settled)| EarlierEffect::new(intent, settled)))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::command::Command;
    use crate::command::EffectValue;
    use crate::id::AppId;
    use crate::intent::{Intent, Settled};
    use crate::outcome::Evidence;
    use crate::time::Timestamp;

    fn intent(app: &str, before: i64) -> Intent {
        let at = Timestamp::from_unix(before);
        Intent::new(Vendor::new("acme"), AppId::from(app), Command::CancelGrayRelease, json!(before), at)
    }

    fn open(journal: &MemoryJournal, intent: &Intent) -> Result<()> {
        journal.open(intent).now_or_never().unwrap()
    }

    fn close(journal: &MemoryJournal, intent: &Intent) {
        let settled = Settled::done(EffectValue::None, Evidence::Asked);
        journal.close(intent, &settled).now_or_never().unwrap().unwrap();
    }

    fn pending(journal: &MemoryJournal, vendor: &'static str, app: &str) -> Option<Intent> {
        journal.pending(Vendor::new(vendor), &AppId::from(app).into()).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn a_later_attempt_replaces_the_earlier_one() {
        let journal = MemoryJournal::new();
        let first = intent("1", 0);
        let mut second = first.clone();
        second.attempt = 2;
        second.started_at = Timestamp::from_unix(9);
        open(&journal, &first).unwrap();
        open(&journal, &second).unwrap();
        assert_eq!(journal.open_intents(&AppId::from("1")), [second.clone()]);
        close(&journal, &first);
        assert_eq!(pending(&journal, "acme", "1"), Some(second.clone()), "another attempt is not closed");
        close(&journal, &second);
        assert_eq!(pending(&journal, "acme", "1"), None);
    }

    #[test]
    fn a_second_effect_of_an_app_is_refused_while_one_is_open() {
        let journal = MemoryJournal::new();
        let first = intent("1", 0);
        open(&journal, &first).unwrap();
        let mut of_method = first.clone();
        of_method.target = Command::SetMinLibraryVersion { version: "1".to_owned() };
        for second in [intent("1", 1), of_method] {
            let error = open(&journal, &second).unwrap_err();
            assert_eq!((error.kind(), error.vendor()), (ErrorKind::Conflict, Some(Vendor::new("acme"))));
            assert_eq!(error.detail(), Some("another effect of app 1 is open"));
        }
        let mut elsewhere = intent("1", 2);
        elsewhere.vendor = Vendor::new("other");
        open(&journal, &elsewhere).unwrap();
        open(&journal, &intent("2", 3)).unwrap();
        assert_eq!(journal.open_intents(&AppId::from("1")), [first.clone(), elsewhere.clone()]);
        assert_eq!(journal.all_open_intents(), [first.clone(), elsewhere.clone(), intent("2", 3)]);
        assert_eq!(pending(&journal, "acme", "1"), Some(first));
        assert_eq!(pending(&journal, "other", "1"), Some(elsewhere));
        assert_eq!(pending(&journal, "other", "2"), None);
    }

    #[test]
    fn the_latest_outcome_of_a_command_is_found() {
        let journal = MemoryJournal::new();
        let settled = |subject: &str, since: i64| {
            let (vendor, subject) = (Vendor::new("acme"), SubjectId::App(subject.into()));
            let since = Timestamp::from_unix(since);
            let found = journal.settled(vendor, &subject, &Command::CancelGrayRelease, since);
            found.now_or_never().unwrap().unwrap().map(|effect| effect.intent)
        };
        for begun in [5, 7] {
            open(&journal, &intent("1", begun)).unwrap();
            assert_eq!(settled("1", begun), None, "it is open");
            close(&journal, &intent("1", begun));
        }
        assert_eq!(settled("1", 5), Some(intent("1", 7)));
        assert_eq!((settled("1", 8), settled("2", 0)), (None, None));
    }

    #[test]
    fn what_came_of_the_last_4096_is_kept() {
        let journal = MemoryJournal::new();
        for number in 0..4097 {
            let intent = intent(if number % 2 == 0 { "even" } else { "odd" }, number);
            open(&journal, &intent).unwrap();
            close(&journal, &intent);
        }
        let [even, odd] = ["even", "odd"].map(|app| journal.closed_intents(&AppId::from(app)));
        assert_eq!((even.len(), odd.len()), (2048, 2048));
        assert_eq!((&even[0].0, &odd[0].0), (&intent("even", 2), &intent("odd", 1)), "oldest first");
        assert_eq!(even[0].1, Settled::done(EffectValue::None, Evidence::Asked));
    }
}
