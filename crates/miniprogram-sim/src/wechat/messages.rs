//! Messages to the users of an app.

use serde_json::Value;

use super::{Step, Verdict, WeScene, WeView, input};
use crate::call::{Content, Refusal};
use crate::truth::MessageTruth;
use crate::world::{Out, Planned};

/// How many messages are kept per app.
pub(super) const KEPT: usize = 1000;

pub(super) fn send(view: &WeView<'_>) -> Verdict {
    let to = input::text(view.body, "touser").filter(|to| !to.is_empty()).ok_or(Refusal::code(40003))?;
    let kind = input::text(view.body, "msgtype").unwrap_or_default();
    if !["text", "image", "link", "miniprogrampage"].contains(&kind) {
        return Err(Refusal::code(40008));
    }
    let content = view.body.get(kind).and_then(Value::as_object).ok_or(Refusal::code(40008))?;
    let content = input::text(content, "content").unwrap_or_default();
    if kind == "text" && content.is_empty() {
        return Err(Refusal::code(44004));
    }
    let message = MessageTruth { to: to.to_owned(), kind: kind.to_owned(), content: content.to_owned() };
    Step::effect(move |scene: &mut WeScene<'_>| {
        let messages = &mut scene.state.profile.messages;
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
        scene.jobs.push(Planned::quiet(scene.now, |world, _| world.outbox.push(Out::Message)));
        Content::Done
    })
}
