use std::io::Read;

use miniprogram::callback::{CallbackConfig, DEFAULT_MAX_BODY};
use miniprogram::{AppId, Clock, EventKind, Push, SystemClock, Timestamp};

use crate::cli::{self, Decode};
use crate::context::Context;
use crate::failure::{Failure, Finish, local};
use crate::vendors::masks;

/// Verifies and reads one push from standard input. Its secrets are masked.
pub(super) fn run(context: &Context, wish: Decode) -> Result<Finish, Failure> {
    let entry = context.vendor()?;
    let mut config = match (wish.plain, wish.token, &wish.aes_key) {
        (true, ..) => CallbackConfig::plain(),
        (false, Some(token), Some(aes_key)) => CallbackConfig::encrypted(token, aes_key)?,
        (false, token, aes_key) => {
            let token = token
                .is_none()
                .then_some("--token <TOKEN>, or MINIPROGRAM_CALLBACK_TOKEN in the environment");
            let key =
                aes_key.is_none().then_some("--aes-key <KEY>, or MINIPROGRAM_AES_KEY in the environment");
            let missing: Vec<&str> = token.into_iter().chain(key).collect();
            return Err(cli::missing(&missing).into());
        }
    };
    let named = wish.receiver_id.is_some();
    if let Some(id) = wish.receiver_id {
        config = config.with_receiver_id(id)?;
    }
    if let Some(id) = context.platform_id() {
        config = config.with_platform_id(id);
    }
    config = config.with_body_format(wish.body_format.into());
    let decoder = (entry.decoder)(config).map_err(|error| match error.field() {
        Some("receiver_id") if !named => cli::missing(&["--receiver-id <ID>"]).into(),
        _ => Failure::from(error),
    })?;

    // One byte more than a body may have: the decoder refuses it by its size.
    let mut body = Vec::new();
    let limit = DEFAULT_MAX_BODY as u64 + 1;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|problem| local("decode", &problem))?;
    let received_at = wish.now.map_or_else(|| SystemClock.now(), Timestamp::from_unix);
    let mut event = decoder.decode(Push::new(received_at, &mut body).with_query(&wish.query))?;
    // A ticket belongs to the platform, whatever route it came by.
    if event.app_id.is_none() && event.kind != EventKind::Ticket {
        event.app_id = context.app().map(AppId::from);
    }
    context.output.record(&masks::event(&event)?)?;
    Ok(Finish::Done)
}
