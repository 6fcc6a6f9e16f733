use std::path::Path;

use miniprogram::{CodeManager, Command, Error, ExtJson, Outcome, QrCodeOptions};
use serde_json::json;

use crate::cli::{CodeVerb, QrCode, Upload};
use crate::context::Context;
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::output::write_whole;
use crate::terminal::Format;
use crate::values::within;
use miniprogram::Printable;

/// Runs a verb of `code`.
pub(crate) async fn run(context: &Context, verb: CodeVerb) -> Result<Finish, Failure> {
    match verb {
        CodeVerb::Upload(wish) => return upload(context, wish).await,
        CodeVerb::Versions => {
            let columns =
                ["version", "stage", "package_id", "audit_id", "committed_at", "description", "reason"];
            let versions = context.target().await?.program()?.code_versions().await?;
            context.output.list(&versions, &columns)?;
        }
        CodeVerb::Pages => {
            let pages = context.target().await?.program()?.pages().await?;
            match context.output.format() {
                Format::Json => context.output.json(&pages)?,
                Format::Table => {
                    let rows = pages.iter().map(|page| vec![Printable(page).to_string()]);
                    context.output.table(Some(&["page"]), rows)?;
                }
            }
        }
        CodeVerb::Categories => {
            let categories = context.target().await?.program()?.categories().await?;
            match context.output.format() {
                Format::Json => context.output.json(&categories)?,
                Format::Table => {
                    let rows = categories.iter().map(|category| {
                        let level = |at: usize| {
                            let level = category.levels.get(at);
                            level.map(|level| format!("{} {}", level.id, Printable(&level.name)))
                        };
                        (0..3).map(|at| level(at).unwrap_or_default()).collect()
                    });
                    context.output.table(Some(&["first", "second", "third"]), rows)?;
                }
            }
        }
        CodeVerb::Qrcode(wish) => qr_code(context, wish).await?,
    }
    Ok(Finish::Done)
}

async fn upload(context: &Context, wish: Upload) -> Result<Finish, Failure> {
    let ext: ExtJson = wish.ext_json.read("upload_code", "ext_json")?.parse().map_err(Error::from)?;
    let command = Command::UploadCode {
        template: wish.template_id.into(),
        ext,
        version: wish.user_version,
        description: wish.user_desc,
    };
    effects::run(context, wish.dry, command).await
}

/// Fetches the QR code of the trial version and writes it.
pub(super) async fn qr_code(context: &Context, wish: QrCode) -> Result<(), Failure> {
    let target = context.target().await?;
    let mut options = QrCodeOptions::default();
    options.path = wish.path;
    options.package_id = wish.package_id.map(Into::into);
    options.width = wish.width.map(|width| within("trial_qr_code", "width", width)).transpose()?;
    let to_stdout = wish.output == "-";
    let file = Path::new(&wish.output);
    if !to_stdout && !wish.force && file.symlink_metadata().is_ok() {
        return Err(refused(&wish.output, "exists already; --force replaces it").into());
    }
    let image = target.program()?.trial_qr_code(&options).await?;
    if to_stdout {
        return context.output.bytes(&image.bytes);
    }
    write_whole(file, &image.bytes, wish.force)
        .map_err(|problem| refused(&wish.output, &problem.to_string()).with_outcome(Outcome::NotDone))?;
    context.output.record(
        &json!({ "output": wish.output, "content_type": image.content_type, "bytes": image.bytes.len() }),
    )
}

fn refused(file: &str, why: &str) -> Error {
    Error::invalid("trial_qr_code", "output", format!("{file}: {why}"))
}
