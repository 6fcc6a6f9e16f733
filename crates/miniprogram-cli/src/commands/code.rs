use std::path::Path;

use miniprogram::model::QrCodeOptions;
use miniprogram::{CodeManager, Command, Error, ExtJson, Outcome};
use serde_json::json;

use crate::cli::{CodeVerb, QrCode, Upload};
use crate::context::Context;
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::output::write_whole;
use crate::terminal::Format;
use crate::values::within;
use miniprogram::vendor_api::Printable;

/// Runs a verb of `code`.
pub(crate) async fn run(context: &Context, verb: CodeVerb) -> Result<Finish, Failure> {
    match verb {
        CodeVerb::Upload(args) => return upload(context, args).await,
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
        CodeVerb::Qrcode(args) => qr_code(context, args).await?,
    }
    Ok(Finish::Done)
}

async fn upload(context: &Context, args: Upload) -> Result<Finish, Failure> {
    let ext: ExtJson = args.ext_json.read("upload_code", "ext_json")?.parse().map_err(Error::from)?;
    let command = Command::UploadCode {
        template: args.template_id.into(),
        ext,
        version: args.user_version,
        description: args.user_desc,
    };
    effects::run(context, args.dry, command).await
}

/// Fetches the QR code of the trial version and writes it.
pub(super) async fn qr_code(context: &Context, args: QrCode) -> Result<(), Failure> {
    let target = context.target().await?;
    let mut options = QrCodeOptions::default();
    options.path = args.path;
    options.package_id = args.package_id.map(Into::into);
    options.width = args.width.map(|width| within("trial_qr_code", "width", width)).transpose()?;
    let to_stdout = args.output == "-";
    let file = Path::new(&args.output);
    if !to_stdout && !args.force && file.symlink_metadata().is_ok() {
        return Err(refused(&args.output, "already exists; --force replaces it").into());
    }
    let image = target.program()?.trial_qr_code(&options).await?;
    if to_stdout {
        return context.output.bytes(&image.bytes);
    }
    write_whole(file, &image.bytes, args.force)
        .map_err(|problem| refused(&args.output, &problem.to_string()).with_outcome(Outcome::NotDone))?;
    context.output.record(
        &json!({ "output": args.output, "content_type": image.content_type, "bytes": image.bytes.len() }),
    )
}

fn refused(file: &str, why: &str) -> Error {
    Error::invalid("trial_qr_code", "output", format!("{file}: {why}"))
}
