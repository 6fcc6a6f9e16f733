//! Checks the settings of one vendor.

use miniprogram_core::GrayReleaseSupport;

use super::check::Check;
use super::context::KnownVendor;
use super::file::{GrayTable, JsonText, VendorTable};
use super::problem::{Place, instead};
use super::reader::Located;
use super::settings::{Extension, VendorSettings};
use super::template::{JsonTemplate, Mistake, TextTemplate, Use};
use super::values::{Positive, Rate, Share};
use crate::machine::GrayStep;

const DEFAULT_CONCURRENCY: u32 = 8;
const DEFAULT_RATE: f64 = 5.0;

/// One vendor of the file.
pub(super) struct Vendor<'a> {
    pub(super) name: Located<String>,
    pub(super) known: Option<&'a KnownVendor>,
    /// None if something is missing or wrong.
    pub(super) settings: Option<VendorSettings>,
    pub(super) extension: Option<Located<Extension>>,
    /// The columns that its apps need.
    pub(super) uses: Vec<ColumnUse>,
}

/// A column that the settings use, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnUse {
    pub(super) name: String,
    /// Whether the value has to be JSON.
    pub(super) json: bool,
    pub(super) place: Place,
}

impl Extension {
    /// The columns that it is made of.
    pub(super) fn columns(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Template(template) => Box::new(template.columns().map(|column| column.column)),
            Self::Column(column) => Box::new(std::iter::once(column.as_str())),
        }
    }

    /// The JSON of one app.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        match self {
            Self::Template(template) => template.fill(value),
            Self::Column(column) => value(column).trim().to_owned(),
        }
    }
}

/// Checks a table `[vendor.NAME]`.
pub(super) fn vendor<'a>(
    check: &mut Check<'a>,
    name: &Located<String>,
    table: VendorTable,
    secret: &[&str],
) -> Vendor<'a> {
    let context = check.context;
    let known = context.vendor(&name.value);
    if known.is_none() {
        let what = format!("there is no vendor {:?}", name.value);
        check.log.add(&name.place, what, instead(&name.value, context.names()));
    }
    let mut uses = Uses::default();
    let extension = extension(check, &table, &mut uses);
    let submit = match &table.submit {
        None => Some(JsonTemplate::new("{}").0),
        Some(Located { value: JsonText(text), place }) => {
            let (template, mistakes) = JsonTemplate::new(text);
            uses.add(place, template.columns());
            accept(check, place, template, mistakes)
        }
    };
    let description = table.description.as_ref().and_then(|description| {
        let (template, mistakes) = TextTemplate::new(&description.value);
        uses.add(&description.place, template.columns());
        if let Some(column) = template.columns().find(|column| secret.contains(&column.column)) {
            let what = format!("the column `{}` is secret, and a description is public", column.column);
            check.log.add(&description.place, what, "use another column");
        }
        accept(check, &description.place, template, mistakes)
    });
    if let Some(version) = table.version.as_ref().filter(|version| version.value.contains("${")) {
        check.log.add(&version.place, "has a placeholder", "write one version for all apps of the vendor");
    }
    let gray = gray(check, known, table.gray.as_deref().unwrap_or_default());
    let settings = (|| {
        Some(VendorSettings {
            vendor: known?.vendor,
            template: table.template?,
            version: table.version?.value,
            description: description?,
            extension: extension.as_ref()?.value.clone(),
            submit: submit?,
            rate: table.rate.or_else(|| Rate::new(DEFAULT_RATE))?,
            concurrency: table.concurrency.map_or(DEFAULT_CONCURRENCY, |Positive(number)| number),
            quota_kept: table.quota_kept.unwrap_or(Share::NONE),
            gray,
            audit_time: table.audit_time,
        })
    })();
    Vendor { name: name.clone(), known, settings, extension, uses: uses.list }
}

/// Every use of a column once.
#[derive(Default)]
struct Uses {
    list: Vec<ColumnUse>,
}

impl Uses {
    fn add<'t>(&mut self, place: &Place, columns: impl Iterator<Item = Use<'t>>) {
        for Use { column, json } in columns {
            let new = ColumnUse { name: column.to_owned(), json, place: place.clone() };
            if !self.list.contains(&new) {
                self.list.push(new);
            }
        }
    }
}

/// Reports the mistakes of a template; none if there are any.
fn accept<T>(check: &mut Check<'_>, place: &Place, template: T, mistakes: Vec<Mistake>) -> Option<T> {
    let accepted = mistakes.is_empty();
    for (what, advice) in mistakes {
        check.log.add(place, what, advice);
    }
    accepted.then_some(template)
}

fn extension(check: &mut Check<'_>, table: &VendorTable, uses: &mut Uses) -> Option<Located<Extension>> {
    let inline = table.extension.as_ref().map(|located| &located.place);
    let file = table.extension_file.as_ref().map(|located| &located.place);
    let column = table.extension_column.as_ref().map(|located| &located.place);
    if let [_, second, ..] = [inline, file, column].into_iter().flatten().collect::<Vec<_>>()[..] {
        let what = "there is more than one extension";
        check.log.add(second, what, "keep one of `extension`, `extension_file` and `extension_column`");
    }
    let (text, place) = if let Some(Located { value: JsonText(text), place }) = &table.extension {
        (text.clone(), place.clone())
    } else if let Some(name) = &table.extension_file {
        let bytes = check.open(name)?;
        let whole = Place { file: name.value.clone(), ..Place::default() };
        match String::from_utf8(bytes) {
            Ok(text) => (text.trim_start_matches('\u{feff}').to_owned(), whole),
            Err(_) => {
                check.log.add(&whole, "is not UTF-8", "save the file as UTF-8");
                return None;
            }
        }
    } else if let Some(column) = &table.extension_column {
        let of_it = Use { column: &column.value, json: false };
        uses.add(&column.place, std::iter::once(of_it));
        return Some(Located { value: Extension::Column(column.value.clone()), place: column.place.clone() });
    } else {
        ("{}".to_owned(), Place::default())
    };
    let (template, mistakes) = JsonTemplate::new(&text);
    uses.add(&place, template.columns());
    let template = accept(check, &place, template, mistakes)?;
    Some(Located { value: Extension::Template(template), place })
}

/// Checks the steps of a gray release; a step that is wrong is reported and left out.
fn gray(check: &mut Check<'_>, known: Option<&KnownVendor>, steps: &[Located<GrayTable>]) -> Vec<GrayStep> {
    let mut read: Vec<GrayStep> = Vec::with_capacity(steps.len());
    let support = known.map(|known| known.capabilities.gray_release);
    if let (Some(GrayReleaseSupport::None), Some(first), Some(known)) = (support, steps.first(), known) {
        let what = format!("{} has no gray releases", known.vendor);
        check.log.add(&first.place, what, "remove `gray`: its apps are released to everybody at once");
        return read;
    }
    for step in steps {
        let (Some(share), Some(bake)) = (&step.value.share, step.value.bake) else { continue };
        let Some(percentage) = share.value.as_percentage().filter(|percentage| (1..100).contains(percentage))
        else {
            let what = format!("{} is not a step of a gray release", share.value);
            let advice =
                "write a whole percentage from \"1%\" to \"99%\"; the release to all follows by itself";
            check.log.add(&share.place, what, advice);
            continue;
        };
        if let Some(support) = support.filter(|support| !support.offers(percentage)) {
            let offered = match support {
                GrayReleaseSupport::Steps(steps) => {
                    let steps: Vec<_> = steps.iter().map(|step| format!("\"{step}%\"")).collect();
                    format!("write one of {}", steps.join(", "))
                }
                _ => "write a percentage from \"1%\" to \"99%\"".to_owned(),
            };
            check.log.add(
                &share.place,
                format!("the vendor does not offer a step of {percentage}%"),
                offered,
            );
        }
        match read.last() {
            Some(before) if before.percentage == percentage => {
                let what = format!("{percentage}% is repeated");
                check.log.add(&share.place, what, "remove the step, or write a higher percentage");
            }
            Some(before) if before.percentage > percentage => {
                let what = format!("falls from {}% to {percentage}%", before.percentage);
                check.log.add(&share.place, what, "write the steps in ascending order");
            }
            _ => {}
        }
        read.push(GrayStep::new(percentage, bake));
    }
    read
}
