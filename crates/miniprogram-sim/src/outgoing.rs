//! Prepares pushes for delivery: faults, order, sealing.

use std::time::Duration;

use miniprogram_core::vendor_api::frame::FrameKey;
use miniprogram_core::{AppId, Timestamp};
use serde_json::Value;

use crate::call::Object;
use crate::error::SimError;
use crate::faults::PushFault;
use crate::pushes::{HELD, Push};
use crate::truth::SentPush;
use crate::wechat::push::About;
use crate::world::{Out, Planned, World};
use crate::{BAIDU, baidu};

impl World {
    /// Sends a push, or applies its fault.
    pub(crate) fn send(&mut self, mut push: Push, now: Timestamp) {
        if push.vendor == BAIDU {
            push.number = self.platform.baidu.sent.add(&push, now);
        }
        let Some(app_id) = push.about().cloned() else { return self.dispatch(push, now) };
        let Some(app) = self.apps.get_mut(&app_id) else { return };
        app.pushes_made += 1;
        let generation = app.generation;
        push.generation = Some(generation);
        match self.push_faults.draw(self.seed, &app_id, app.pushes_made) {
            Some(PushFault::Lost) => self.delivered(&push, false),
            Some(PushFault::Late { millis }) => {
                let due = now.after(Duration::from_millis(millis));
                self.plan(Planned::timed(due, move |world, now| world.dispatch(push, now)));
            }
            Some(PushFault::Reordered) => {
                let overtaken = app.held.replace(push);
                self.plan(Planned::timed(now.after(HELD), move |world, now| {
                    if world.is_current(&app_id, Some(generation)) {
                        world.release_held(&app_id, now);
                    }
                }));
                if let Some(overtaken) = overtaken {
                    self.dispatch(overtaken, now);
                }
            }
            Some(PushFault::Duplicated) => {
                self.dispatch(push.clone(), now);
                self.dispatch(push, now);
                self.release_held(&app_id, now);
            }
            None => {
                self.dispatch(push, now);
                self.release_held(&app_id, now);
            }
        }
    }

    /// Pushes an event of any name about an app, with these fields.
    pub(crate) fn push_event(
        &mut self,
        app_id: &AppId,
        event: &str,
        fields: Value,
        now: Timestamp,
    ) -> Result<(), SimError> {
        let app = self.app(app_id)?;
        let fields = match fields {
            Value::Object(fields) => fields,
            Value::Null => Object::new(),
            _ => return Err(SimError::InvalidArgument("fields must be an object".to_owned())),
        };
        let push = if app.vendor == BAIDU {
            let platform_id = &self.settings.baidu_callback.platform_id;
            baidu::push::notice(app_id, platform_id, event, Value::Object(fields), now)
        } else {
            About { app: app_id, original_id: &app.original_id, now }.event(event, &fields)
        };
        self.send(push, now);
        Ok(())
    }

    /// A user's text to an app (WeChat), not yet sent.
    pub(crate) fn text(
        &mut self,
        app_id: &AppId,
        from: &str,
        content: &str,
        now: Timestamp,
    ) -> Result<(Push, u64), SimError> {
        let id = 23_000_000_000_000_000 + (self.platform.random.u64(..) >> 16);
        let app = self.app(app_id)?;
        if app.vendor == BAIDU {
            return Err(SimError::Unsupported(app_id.clone(), "text messages"));
        }
        Ok((About { app: app_id, original_id: &app.original_id, now }.text(from, content, id), id))
    }

    /// Releases the push that was held back.
    fn release_held(&mut self, app_id: &AppId, now: Timestamp) {
        if let Some(held) = self.apps.get_mut(app_id).and_then(|app| app.held.take()) {
            self.dispatch(held, now);
        }
    }

    /// Starts the delivery of a push. Without a receiver it is only recorded; if the app was removed it is dropped.
    fn dispatch(&mut self, push: Push, now: Timestamp) {
        if push.about().is_some_and(|app| !self.is_current(app, push.generation)) {
            return;
        }
        if !self.is_received_here && push.url(self.settings.callback(push.vendor)).is_none() {
            self.seal(&push, now, 1);
            self.delivered(&push, false);
            return;
        }
        let Some(app_id) = push.app().cloned() else {
            self.outbox.push(Out::Delivery(push));
            return;
        };
        let Some(app) = self.apps.get_mut(&app_id) else { return };
        app.queue.push_back(push);
        if !app.delivering {
            app.delivering = true;
            self.outbox.push(Out::Deliveries(app_id, app.generation));
        }
    }

    /// Records the result of a push for later queries.
    pub(crate) fn delivered(&mut self, push: &Push, acknowledged: bool) {
        if let Some(number) = push.number {
            self.platform.baidu.sent.delivered(number, acknowledged);
        }
    }

    /// Returns the next push to deliver; `None` ends the deliveries.
    pub(crate) fn next_push(&mut self, app_id: &AppId, generation: u64) -> Option<Push> {
        let app = self.apps.get_mut(app_id).filter(|app| app.generation == generation)?;
        let push = app.queue.pop_front();
        app.delivering = push.is_some();
        push
    }

    /// Encrypts, signs and records a push; `None` if its app was removed.
    pub(crate) fn seal(&mut self, push: &Push, now: Timestamp, attempt: u32) -> Option<SentPush> {
        if push.about().is_some_and(|app| !self.is_current(app, push.generation)) {
            return None;
        }
        let callback = self.settings.callback(push.vendor);
        let key = FrameKey::parse(&callback.aes_key).ok()?;
        let sent = push.seal(callback, &key, &mut self.platform.random, now, attempt);
        match push.app() {
            Some(app) => self.apps.get_mut(app)?.pushes.push(sent.clone()),
            None => self.platform_pushes.push((push.vendor, sent.clone())),
        }
        Some(sent)
    }
}
