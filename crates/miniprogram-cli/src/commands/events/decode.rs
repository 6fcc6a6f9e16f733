use std::io::Read;

use miniprogram::callback::DEFAULT_MAX_BODY;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::push::Push;
use miniprogram::{AppId, EventKind, PlatformId, Timestamp};

use crate::cli::{self, Decode};
use crate::context::Context;
use crate::failure::{Failure, Finish, local};
use crate::vendors::PushSettings;

/// Verifies and decodes one push from standard input. Its secrets are masked.
pub(super) fn run(context: &Context, args: Decode) -> Result<Finish, Failure> {
    let entry = context.vendor()?;
    let mut settings = PushSettings::default();
    if !args.plain {
        let mut missing = Vec::new();
        if args.token.is_none() {
            missing.push("--token <TOKEN>, or MINIPROGRAM_CALLBACK_TOKEN in the environment");
        }
        if args.aes_key.is_none() && entry.encrypts_pushes() {
            missing.push("--aes-key <KEY>, or MINIPROGRAM_AES_KEY in the environment");
        }
        if !missing.is_empty() {
            return Err(cli::missing(&missing).into());
        }
        settings.token = args.token;
        settings.aes_key = args.aes_key;
    }
    settings.receiver_id = args.receiver_id;
    settings.platform_id = context.platform_id().map(PlatformId::from);
    settings.body_format = args.body_format.into();
    let decoder = entry.decoder(&settings).map_err(|error| match error.field() {
        Some("receiver_id") if settings.receiver_id.is_none() => cli::missing(&["--receiver-id <ID>"]).into(),
        _ => Failure::from(error),
    })?;

    // One byte more than the maximum: the decoder rejects it by its size.
    let mut body = Vec::new();
    let limit = DEFAULT_MAX_BODY as u64 + 1;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut body)
        .map_err(|problem| local("decode", &problem))?;
    let received_at = args.now.map_or_else(|| SystemClock.now(), Timestamp::from_unix);
    let mut event = decoder.decode(Push::new(received_at, &mut body).with_query(&args.query))?;
    // A ticket belongs to the platform, whatever its route.
    if event.app_id.is_none() && event.kind != EventKind::Ticket {
        event.app_id = context.app().map(AppId::from);
    }
    context.output.record(&context.vendors().redactor().event(&event)?)?;
    Ok(Finish::Done)
}
