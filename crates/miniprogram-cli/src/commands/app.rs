use std::path::Path;

use miniprogram::Error;
use serde_json::Value;

use super::{code, release};
use crate::cli::{
    AppVerb, CategoryVerb, DescriptionVerb, DomainVerb, IconVerb, ImageUpload, ImageVerb, LibraryVerb,
    NameVerb, PhoneVerb, VisitVerb, WebViewDomainVerb,
};
use crate::context::Context;
use crate::effects;
use crate::failure::{Failure, Finish};
use crate::terminal::Format;
use crate::values::file_bytes;
use crate::vendors::app::{AppAdmin, AppChange, AppQuery, DomainAction};
use miniprogram::vendor_api::Printable;

/// The maximum size of an image that is read; the vendor's own limit is lower.
const MAX_IMAGE: u64 = 16 << 20;

/// Runs a verb of `app`.
pub(crate) async fn run(context: Context, verb: AppVerb) -> Result<Finish, Failure> {
    let operation = operation(&verb);
    let (context, admin) = context.sole(operation, |entry| entry.app_admin())?;
    let (context, admin) = (&context, &*admin);
    let (change, dry) = match verb {
        AppVerb::Pause(dry) => return release::visit(context, VisitVerb::Close(dry)).await,
        AppVerb::Resume(dry) => return release::visit(context, VisitVerb::Open(dry)).await,
        AppVerb::Qrcode(args) => {
            code::qr_code(context, args).await?;
            return Ok(Finish::Done);
        }
        AppVerb::Library(verb) => return release::library(context, verb).await,
        AppVerb::Image(ImageVerb::Upload(args)) => return upload_image(context, admin, args).await,
        AppVerb::Info => return read(context, admin, AppQuery::Info).await,
        AppVerb::Category(CategoryVerb::List { category_type }) => {
            return read(context, admin, AppQuery::Categories(category_type)).await;
        }
        AppVerb::Category(CategoryVerb::Update { categorys, dry }) => {
            (AppChange::Categories(categorys.json(operation, "categorys")?), dry)
        }
        AppVerb::Icon(IconVerb::Set { image_url, dry }) => (AppChange::Icon(image_url), dry),
        AppVerb::Description(DescriptionVerb::Set { signature, dry }) => {
            (AppChange::Description(signature), dry)
        }
        AppVerb::Name(NameVerb::Check { app_name }) => {
            return read(context, admin, AppQuery::Name(app_name)).await;
        }
        AppVerb::Name(NameVerb::Set { nick_name, app_name_material, dry }) => {
            (AppChange::Name(nick_name, app_name_material), dry)
        }
        AppVerb::Recovery { audit_desc, dry } => (AppChange::Recovery(audit_desc), dry),
        AppVerb::Domain(verb) => match verb {
            DomainVerb::Get => return read(context, admin, AppQuery::Domains).await,
            DomainVerb::Add(it) => (AppChange::Domains(DomainAction::Add, it.lists), it.dry),
            DomainVerb::Delete(it) => (AppChange::Domains(DomainAction::Delete, it.lists), it.dry),
            DomainVerb::Set(it) => (AppChange::Domains(DomainAction::Set, it.lists), it.dry),
        },
        AppVerb::WebviewDomain(verb) => match verb {
            WebViewDomainVerb::Get => return read(context, admin, AppQuery::WebViewDomains).await,
            WebViewDomainVerb::Add(it) => {
                (AppChange::WebViewDomains(DomainAction::Add, it.web_view_domain), it.dry)
            }
            WebViewDomainVerb::Delete(it) => {
                (AppChange::WebViewDomains(DomainAction::Delete, it.web_view_domain), it.dry)
            }
            WebViewDomainVerb::Set(it) => {
                (AppChange::WebViewDomains(DomainAction::Set, it.web_view_domain), it.dry)
            }
        },
        AppVerb::OfflineUpdate(it) => (AppChange::Offline(it.fields), it.dry),
        AppVerb::Phone(PhoneVerb::Status) => return read(context, admin, AppQuery::Phone).await,
        AppVerb::Phone(PhoneVerb::Cancel(dry)) => (AppChange::CancelPhone, dry),
        AppVerb::Phone(PhoneVerb::Apply(it)) => (AppChange::ApplyPhone(it.request), it.dry),
    };
    let target = context.effect_target(dry).await?;
    let command = admin.command(&change)?;
    effects::run_on(context, &*target.entry, &*target.program()?, dry, command).await
}

/// Reads and prints the result.
async fn read(context: &Context, admin: &dyn AppAdmin, query: AppQuery) -> Result<Finish, Failure> {
    let target = context.target().await?;
    let mut answer = admin.read(target.config, target.app, query).await?;
    if let (Format::Table, Some(object)) = (context.output.format(), answer.as_object_mut()) {
        // The vendor's own object repeats it, for machines.
        object.shift_remove("members");
    }
    match (context.output.format(), &answer) {
        (Format::Table, Value::Array(all)) if all.iter().all(Value::is_string) => {
            for text in all.iter().filter_map(Value::as_str) {
                context.output.text(&Printable(text).to_string())?;
            }
        }
        (Format::Table, Value::Array(roots)) => {
            let mut rows = Vec::new();
            roots.iter().for_each(|root| branch(root, "", &mut rows));
            context.output.table(Some(&["id", "name", "qualification"]), rows.into_iter())?;
        }
        _ => context.output.record(&answer)?,
    }
    Ok(Finish::Done)
}

/// Adds a row for a category and for each one below it.
fn branch(node: &Value, above: &str, rows: &mut Vec<Vec<String>>) {
    let text = |value: &Value| value.as_str().map(|text| Printable(text).to_string()).unwrap_or_default();
    let name = format!("{above}{}", text(&node["name"]));
    rows.push(vec![node["id"].to_string(), name.clone(), text(&node["qualifications"]["description"])]);
    for child in node["children"].as_array().into_iter().flatten() {
        branch(child, &format!("{name} / "), rows);
    }
}

/// Uploads an image and prints its URL.
///
/// It changes no app: if the response is lost, the vendor has an unused image.
async fn upload_image(context: &Context, admin: &dyn AppAdmin, args: ImageUpload) -> Result<Finish, Failure> {
    let (_, config) = context.platform().await?;
    let bytes =
        file_bytes(&args.file, MAX_IMAGE).map_err(|why| Error::invalid("upload_image", "file", why))?;
    let name = Path::new(&args.file).file_name().map(|name| name.to_string_lossy().into_owned());
    let answer = admin.upload_image(config, args.kind, &name.unwrap_or_default(), bytes).await;
    context.output.record(&answer?)?;
    Ok(Finish::Done)
}

/// The name of a verb's method.
fn operation(verb: &AppVerb) -> &'static str {
    match verb {
        AppVerb::Info => "app_info",
        AppVerb::Category(CategoryVerb::List { .. }) => "category_tree",
        AppVerb::Category(CategoryVerb::Update { .. }) => "update_categories",
        AppVerb::Icon(_) => "set_icon",
        AppVerb::Description(_) => "set_description",
        AppVerb::Name(NameVerb::Check { .. }) => "check_name",
        AppVerb::Name(NameVerb::Set { .. }) => "set_name",
        AppVerb::Pause(_) | AppVerb::Resume(_) => "set_visit_status",
        AppVerb::Recovery { .. } => "apply_recovery",
        AppVerb::Qrcode(_) => "trial_qr_code",
        AppVerb::Library(LibraryVerb::Get) => "min_library_version",
        AppVerb::Library(LibraryVerb::Set { .. }) => "set_min_library_version",
        AppVerb::Domain(DomainVerb::Get) => "server_domains",
        AppVerb::Domain(_) => "change_server_domains",
        AppVerb::WebviewDomain(WebViewDomainVerb::Get) => "web_view_domains",
        AppVerb::WebviewDomain(_) => "change_web_view_domains",
        AppVerb::OfflineUpdate(_) => "update_offline_info",
        AppVerb::Phone(PhoneVerb::Status) => "phone_permission",
        AppVerb::Phone(PhoneVerb::Apply(_)) => "apply_phone_permission",
        AppVerb::Phone(PhoneVerb::Cancel(_)) => "cancel_phone_permission",
        AppVerb::Image(_) => "upload_image",
    }
}
