//! Who is told according to a plan.

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::{Result, Secret, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::notice::{LogNotices, Notice, Notifier};
use super::Keys;
use super::post::Poster;
use super::program::Program;
use crate::plan::{Notification, NotifyBy, NotifyWhen};

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a message is sent until somebody has taken it.
const ATTEMPTS: u32 = 3;
/// How long after a failed attempt the next one follows.
const PAUSE: Duration = Duration::from_secs(2);
/// How many apps one message names.
const NAMED: usize = 100;
/// What introduces a key in base64.
const BASE64_KEY: &str = "whsec_";

/// Passes notices on to the programs and webhooks of a plan, and logs them.
///
/// The rollout does not wait: what comes meanwhile is one message, such as `{"event":"needs_person","rollout":"spring",
/// "at":…,"apps":[…],"more":0}`. `event` is `halted`, `ended` or `needs_person`. A webhook is signed as
/// [Standard Webhooks](https://www.standardwebhooks.com) says: `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`, HMAC-SHA256 with the bytes of the key, or with what follows `whsec_` in base64. A message is
/// sent up to three times; what nobody took is logged as an error.
pub struct PlanNotifier {
    targets: Arc<Vec<Target>>,
    worker: Mutex<Option<(mpsc::UnboundedSender<Told>, JoinHandle<()>)>>,
}

/// A notice, and when it came.
type Told = (String, Notice, Timestamp);

struct Target {
    on: Vec<NotifyWhen>,
    by: By,
}

enum By {
    Program(Program),
    Webhook { url: String, secret_env: String, poster: Poster, keys: Arc<Keys> },
}

impl Debug for PlanNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanNotifier").field("targets", &self.targets.len()).finish_non_exhaustive()
    }
}

impl PlanNotifier {
    pub(super) fn new(notify: &[Notification], withheld: &[String], keys: Arc<Keys>) -> Result<Self> {
        let target = |notification: &Notification| {
            let by = match &notification.by {
                NotifyBy::Command(line) => By::Program(Program::new(line, withheld)),
                NotifyBy::Webhook { url, secret_env } => By::Webhook {
                    url: url.clone(),
                    secret_env: secret_env.clone(),
                    poster: Poster::new()?,
                    keys: Arc::clone(&keys),
                },
            };
            Ok(Target { on: notification.on.clone(), by })
        };
        let targets = notify.iter().map(target).collect::<Result<_>>()?;
        Ok(Self { targets: Arc::new(targets), worker: Mutex::default() })
    }

    /// Waits until everything is passed on that was told so far. To be called before the process ends.
    pub async fn finish(&self) {
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((told, working)) = worker {
            drop(told);
            // A panic in it is in the log.
            let _ = working.await;
        }
    }
}

#[async_trait]
impl Notifier for PlanNotifier {
    async fn notify(&self, rollout: &str, notice: &Notice) {
        LogNotices.notify(rollout, notice).await;
        if self.targets.is_empty() {
            return;
        }
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, _) = worker.get_or_insert_with(|| {
            let (told, waiting) = mpsc::unbounded_channel();
            (told, tokio::spawn(work(Arc::clone(&self.targets), waiting)))
        });
        // The worker ends after its sender.
        let _ = told.send((rollout.to_owned(), notice.clone(), SystemClock.now()));
    }
}

async fn work(targets: Arc<Vec<Target>>, mut waiting: mpsc::UnboundedReceiver<Told>) {
    let mut told = Vec::new();
    while waiting.recv_many(&mut told, usize::MAX).await > 0 {
        for (when, message) in messages(&std::mem::take(&mut told)) {
            let body = message.to_string();
            for target in targets.iter().filter(|target| target.on.contains(&when)) {
                target.tell(when, &body).await;
            }
        }
    }
}

/// The messages of some notices: one for all apps that need a person.
fn messages(told: &[Told]) -> Vec<(NotifyWhen, Value)> {
    let mut messages = Vec::new();
    let mut needs: Vec<(&str, Timestamp, Vec<Value>)> = Vec::new();
    for (rollout, notice, at) in told {
        let whole = |when: NotifyWhen, fields: Value| {
            let mut message = json!({ "event": when.as_str(), "rollout": rollout, "at": at });
            if let (Some(message), Value::Object(fields)) = (message.as_object_mut(), fields) {
                message.extend(fields);
            }
            (when, message)
        };
        match notice {
            Notice::Halted(halt) => messages.push(whole(NotifyWhen::Halted, json!({ "halt": halt }))),
            Notice::SubmissionsHeld => {
                messages.push(whole(NotifyWhen::Halted, json!({ "submissions_held": true })));
            }
            Notice::Ended => messages.push(whole(NotifyWhen::Ended, json!({}))),
            Notice::Needs { vendor, app_id, need } => {
                let app = json!({ "vendor": vendor, "app_id": app_id, "need": need });
                match needs.iter_mut().find(|(of, ..)| of == rollout) {
                    Some((.., apps)) => apps.push(app),
                    None => needs.push((rollout, *at, vec![app])),
                }
            }
        }
    }
    for (rollout, at, mut apps) in needs {
        let more = apps.len().saturating_sub(NAMED);
        apps.truncate(NAMED);
        let when = NotifyWhen::NeedsPerson;
        let message =
            json!({ "event": when.as_str(), "rollout": rollout, "at": at, "apps": apps, "more": more });
        // Before the end of the rollout.
        messages.insert(0, (when, message));
    }
    messages
}

impl Target {
    /// Tells it, up to three times.
    async fn tell(&self, when: NotifyWhen, body: &str) {
        let mut attempt = 1;
        while let Err(why) = self.by.tell(body).await {
            if attempt == ATTEMPTS {
                tracing::error!(event = when.as_str(), why, "nobody took a notification");
                return;
            }
            attempt += 1;
            SystemClock.deadline(PAUSE).await;
        }
    }
}

impl By {
    async fn tell(&self, body: &str) -> std::result::Result<(), String> {
        match self {
            Self::Program(program) => {
                let ended = program.run(body, PATIENCE).await?;
                if ended.status.success() {
                    Ok(())
                } else {
                    Err(format!("the program ended with {}", ended.status))
                }
            }
            Self::Webhook { url, secret_env, poster, keys } => {
                let key = keys(secret_env).ok_or_else(|| {
                    format!("the environment has no {secret_env}, with which the message is to be signed")
                })?;
                let headers = signed(body, &key, SystemClock.now())?;
                match poster.post(url, &headers, body.to_owned(), PATIENCE).await? {
                    (200..=299, _) => Ok(()),
                    (status, _) => Err(format!("HTTP status {status}")),
                }
            }
        }
    }
}

/// The headers of a signed message. Its id depends on its content alone, so that a repeated one is recognized.
fn signed(
    body: &str,
    key: &Secret,
    now: Timestamp,
) -> std::result::Result<[(&'static str, String); 3], String> {
    let key = match key.expose().strip_prefix(BASE64_KEY) {
        Some(key) => STANDARD.decode(key).map_err(|_| format!("what follows {BASE64_KEY} is not base64"))?,
        None => key.expose().as_bytes().to_vec(),
    };
    let id = format!("msg_{}", crate::plan::hex(&Sha256::digest(body)[..16]));
    let timestamp = (now.as_unix_millis() / 1000).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "the key cannot sign".to_owned())?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    Ok([("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)])
}

#[cfg(test)]
mod tests {
    use miniprogram_core::{AppId, Vendor};

    use super::*;
    use crate::machine::Need;

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // Computed with `printf '%s' "$id.$timestamp.$body" | openssl dgst -sha256 -hmac key -binary | base64`.
        let headers = signed("{}", &Secret::new("key"), Timestamp::from_unix(1_700_000_000)).unwrap();
        let [(_, id), (_, timestamp), (_, signature)] = &headers;
        assert_eq!((id.as_str(), timestamp.as_str()), ("msg_44136fa355b3678a1146ad16f7e8649e", "1700000000"));
        assert_eq!(signature, "v1,AeWVeoQAUUyQAI5yQi9ZYpIRVhj0T+okPrVKmRuswso=");
        let same = signed("{}", &Secret::new("whsec_a2V5"), Timestamp::from_unix(1_700_000_000)).unwrap();
        assert_eq!(same, headers, "the key in base64");
        assert!(signed("{}", &Secret::new("whsec_!"), Timestamp::from_unix(0)).is_err());
    }

    #[test]
    fn apps_that_need_a_person_are_one_message() {
        let need = |app: usize| Notice::Needs {
            vendor: Vendor::new("acme"),
            app_id: AppId::from(app.to_string()),
            need: Need::Failing,
        };
        let at = Timestamp::from_unix(1_700_000_000);
        let mut told: Vec<_> = (0..102).map(|app| ("spring".to_owned(), need(app), at)).collect();
        told.push(("spring".to_owned(), Notice::Ended, at));
        let messages = messages(&told);
        let events: Vec<_> = messages.iter().map(|(when, _)| when.as_str()).collect();
        assert_eq!(events, ["needs_person", "ended"]);
        let (_, first) = &messages[0];
        assert_eq!((first["apps"].as_array().unwrap().len(), &first["more"]), (100, &json!(2)));
        assert_eq!(first["apps"][0], json!({ "vendor": "acme", "app_id": "0", "need": "failing" }));
    }
}
