use clap::{Args, Subcommand};

use super::{DryRun, LibraryVerb, QrCode};
use crate::values::Source;
use crate::vendors::app::{DomainLists, ImageKind, OfflineFields, PhoneApply};

#[derive(Debug, Subcommand)]
pub(crate) enum AppVerb {
    /// Name, subject, categories, open audits, changes left, permissions
    Info,
    /// The service categories
    #[command(subcommand)]
    Category(CategoryVerb),
    /// The icon
    #[command(subcommand)]
    Icon(IconVerb),
    /// The description
    #[command(subcommand)]
    Description(DescriptionVerb),
    /// The name
    #[command(subcommand)]
    Name(NameVerb),
    /// Keep users out
    Pause(DryRun),
    /// Let users in again
    Resume(DryRun),
    /// Request that the app's traffic be restored
    Recovery {
        /// What was done about the cause, for the reviewer: 1 to 100 characters
        #[arg(long, value_name = "TEXT")]
        audit_desc: String,
        #[command(flatten)]
        dry: DryRun,
    },
    /// Fetch the QR code of the trial version; the same as `code qrcode`
    Qrcode(QrCode),
    /// The lowest base library version; the same as `release library`
    #[command(subcommand)]
    Library(LibraryVerb),
    /// The domains that the app may call
    #[command(subcommand)]
    Domain(DomainVerb),
    /// The domains whose pages the app may show
    #[command(subcommand)]
    WebviewDomain(WebViewDomainVerb),
    /// Correct the basic information of an app that was forced offline
    OfflineUpdate(OfflineUpdate),
    /// The permission to read users' phone numbers
    #[command(subcommand)]
    Phone(PhoneVerb),
    /// Images for icons, qualifications and names
    #[command(subcommand)]
    Image(ImageVerb),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CategoryVerb {
    /// All categories, with the qualifications they require
    List {
        /// 1 for personal apps, 2 for all
        #[arg(long, value_name = "1|2", default_value_t = 2, allow_negative_numbers = true)]
        category_type: i64,
    },
    /// Replace the app's categories; goes to audit
    #[command(
        after_help = "Example:\n  miniprogram app category update --app 17000001 \\\n    --categorys '[{\"sub_category_id\":2,\"qualis\":[{\"id\":1,\"addr\":\"https://…/1.jpg\"}]}]'\n`addr` is what `app image upload --type qualification` printed."
    )]
    Update {
        /// 1 to 5 categories: one JSON array of objects with sub_category_id and qualis
        #[arg(long, value_name = "JSON|@FILE")]
        categorys: Source,
        #[command(flatten)]
        dry: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum IconVerb {
    /// Replace the icon; goes to audit
    Set {
        /// What `app image upload --type icon` printed
        #[arg(long, value_name = "URL")]
        image_url: String,
        #[command(flatten)]
        dry: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DescriptionVerb {
    /// Replace the description; goes to audit
    Set {
        /// 10 to 56 characters; a wide one such as a Chinese character counts as 2
        #[arg(long, value_name = "TEXT")]
        signature: String,
        #[command(flatten)]
        dry: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum NameVerb {
    /// Whether a name is available
    Check {
        /// The name
        #[arg(long, value_name = "NAME")]
        app_name: String,
    },
    /// Rename the app; goes to audit
    Set {
        /// 3 to 30 characters; a wide one such as a Chinese character counts as 2
        #[arg(long, value_name = "NAME")]
        nick_name: String,
        /// The proof of the right to a brand in the name: what `app image upload --type name` printed; may be
        /// repeated
        #[arg(long, value_name = "URL", value_delimiter = ',')]
        app_name_material: Vec<String>,
        #[command(flatten)]
        dry: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DomainVerb {
    /// The domains that are set
    Get,
    /// Add domains to those that are set
    Add(Domains),
    /// Remove domains from those that are set
    Delete(Domains),
    /// Replace the domains of each kind given
    Set(Domains),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The domains must be registered at the platform, or be subdomains of one that is.\nExample:\n  miniprogram app domain add --app 17000001 --request-domain https://api.example.com"
)]
pub(crate) struct Domains {
    #[command(flatten)]
    pub(crate) lists: DomainLists,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebViewDomainVerb {
    /// The domains that are set
    Get,
    /// Add domains to those that are set
    Add(WebViewDomains),
    /// Remove domains from those that are set
    Delete(WebViewDomains),
    /// Replace the domains
    Set(WebViewDomains),
}

#[derive(Debug, Args)]
pub(crate) struct WebViewDomains {
    /// A domain, such as https://www.example.com; may be repeated or joined by commas
    #[arg(long, value_name = "URL", value_delimiter = ',', required = true)]
    pub(crate) web_view_domain: Vec<String>,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Args)]
#[command(
    after_help = "`app info` shows under `app_offline_info` which of them the vendor objects to.\nIf the response is lost, no query reveals the outcome: it stays unknown until the verdict."
)]
pub(crate) struct OfflineUpdate {
    #[command(flatten)]
    pub(crate) fields: OfflineFields,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PhoneVerb {
    /// Apply for the permission; goes to audit
    Apply(PhoneApplication),
    /// Return the permission, or withdraw the application for it
    Cancel(DryRun),
    /// The status of the permission
    Status,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  miniprogram app phone apply --app 17000001 --reason 1 --used-scene 0 \\\n    --scene-desc 'the courier calls the buyer' --scene-demo https://…/demo.png"
)]
pub(crate) struct PhoneApplication {
    #[command(flatten)]
    pub(crate) request: PhoneApply,
    #[command(flatten)]
    pub(crate) dry: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageVerb {
    /// Upload an image and print the URL that other commands take
    Upload(ImageUpload),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The token is the platform's own, not an app's.\nExample:\n  miniprogram app image upload --type icon --file icon.png"
)]
pub(crate) struct ImageUpload {
    /// What it is for
    #[arg(long = "type", value_enum, value_name = "icon|qualification|name", hide_possible_values = true)]
    pub(crate) kind: ImageKind,
    /// The image, bmp, jpeg or png; an icon has at most 2 MB, anything else 5 MB
    #[arg(long)]
    pub(crate) file: String,
}
