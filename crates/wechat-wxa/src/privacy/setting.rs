use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Effect, EffectValue, Result, Subject, Timestamp, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::PrivacyVersion;
use miniprogram_core::vendor_api::kit::OneCall;

pub(crate) const SET: MethodName = MethodName::new("set_privacy_setting");
const OPERATION: &str = SET.as_str();

/// The party responsible for users' data, how to contact it, and how long the data are kept.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyOwner {
    /// `contact_email`.
    pub contact_email: Option<String>,
    /// `contact_phone`.
    pub contact_phone: Option<String>,
    /// `contact_qq`.
    pub contact_qq: Option<String>,
    /// `contact_weixin`.
    pub contact_weixin: Option<String>,
    /// `notice_method`: how users are notified of changes.
    pub notice_method: Option<String>,
    /// `store_expire_timestamp`: how long data are kept, such as `30天`; absent if kept for as long as needed.
    pub store_expire_timestamp: Option<String>,
    /// `ext_file_media_id`: a file with further details, from [`WeChatApp::upload_privacy_file`].
    pub ext_file_media_id: Option<String>,
    /// `store_region`: where data are kept, for owners abroad.
    pub store_region: Option<String>,
    /// All other fields, as received or as they will be sent.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyOwner {
    /// Creates an owner who notifies users of changes in this way. At least one contact has to be added.
    #[must_use]
    pub fn new(notice_method: impl Into<String>) -> Self {
        Self { notice_method: Some(notice_method.into()), ..Self::default() }
    }

    /// Adds an e-mail address.
    #[must_use]
    pub fn with_email(mut self, address: impl Into<String>) -> Self {
        self.contact_email = Some(address.into());
        self
    }

    /// Adds a telephone number.
    #[must_use]
    pub fn with_phone(mut self, number: impl Into<String>) -> Self {
        self.contact_phone = Some(number.into());
        self
    }

    /// Adds a QQ number.
    #[must_use]
    pub fn with_qq(mut self, number: impl Into<String>) -> Self {
        self.contact_qq = Some(number.into());
        self
    }

    /// Adds a WeChat id.
    #[must_use]
    pub fn with_weixin(mut self, id: impl Into<String>) -> Self {
        self.contact_weixin = Some(id.into());
        self
    }

    /// Sets the number of days for which data are kept.
    #[must_use]
    pub fn with_store_days(mut self, days: u32) -> Self {
        self.store_expire_timestamp = Some(format!("{days}天"));
        self
    }

    /// Adds a file with further details, from [`WeChatApp::upload_privacy_file`].
    #[must_use]
    pub fn with_ext_file(mut self, media_id: impl Into<String>) -> Self {
        self.ext_file_media_id = Some(media_id.into());
        self
    }

    /// Sets the place where data are kept, for owners abroad.
    #[must_use]
    pub fn with_store_region(mut self, region: impl Into<String>) -> Self {
        self.store_region = Some(region.into());
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            contact_email: fields.text("contact_email"),
            contact_phone: fields.text("contact_phone"),
            contact_qq: fields.text("contact_qq"),
            contact_weixin: fields.text("contact_weixin"),
            notice_method: fields.text("notice_method"),
            store_expire_timestamp: fields.text("store_expire_timestamp"),
            ext_file_media_id: fields.text("ext_file_media_id"),
            store_region: fields.text("store_region"),
            extra: fields.rest(),
        }
    }

    fn fields(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("contact_email", self.contact_email.as_deref()),
            ("contact_phone", self.contact_phone.as_deref()),
            ("contact_qq", self.contact_qq.as_deref()),
            ("contact_weixin", self.contact_weixin.as_deref()),
            ("notice_method", self.notice_method.as_deref()),
            ("store_expire_timestamp", self.store_expire_timestamp.as_deref()),
            ("ext_file_media_id", self.ext_file_media_id.as_deref()),
            ("store_region", self.store_region.as_deref()),
        ]
    }

    fn body(&self) -> Result<Value> {
        let fields = self.fields();
        let told = |text: &Option<&str>| text.is_some_and(|text| !text.is_empty());
        if !fields.iter().any(|(name, text)| name.starts_with("contact_") && told(text)) {
            let rule =
                "must contain at least one of contact_email, contact_phone, contact_qq and contact_weixin";
            return Err(REFUSE.invalid(OPERATION, "owner", rule));
        }
        if self.notice_method.as_deref().is_none_or(str::is_empty) {
            return Err(REFUSE.invalid(OPERATION, "owner.notice_method", "must not be empty"));
        }
        if let Some(text) = &self.store_expire_timestamp {
            let days = text.strip_suffix('天');
            if days.is_none_or(|days| days.is_empty() || !days.bytes().all(|byte| byte.is_ascii_digit())) {
                let rule = format!("must be digits and 天, such as 30天, is {text:?}");
                return Err(REFUSE.invalid(OPERATION, "owner.store_expire_timestamp", rule));
            }
        }
        let body =
            fields.into_iter().fold(Body::new(OPERATION), |body, (name, text)| body.with_some(name, text));
        body.finish("owner.", &self.extra)
    }

    /// Whether `now` contains everything that was requested.
    fn is_shown_by(&self, now: &Self) -> bool {
        self.fields()
            .into_iter()
            .zip(now.fields())
            .all(|((_, wanted), (_, now))| wanted.is_none_or(|wanted| wanted == now.unwrap_or_default()))
    }
}

/// The purpose for which one kind of data is used.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyUse {
    /// `privacy_key`: the kind, such as `Location` or one of your own.
    pub key: String,
    /// `privacy_text`: the purpose.
    pub text: Option<String>,
    /// `privacy_label`: the vendor's name of the kind; not sent.
    pub label: Option<String>,
    /// All other fields, as received or as they will be sent.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyUse {
    /// Creates an entry from a kind of data and its purpose.
    #[must_use]
    pub fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), text: Some(text.into()), label: None, extra: Map::new() }
    }

    fn body(&self, at: usize) -> Result<Value> {
        REFUSE.required(OPERATION, format!("uses[{at}].key"), &self.key)?;
        Body::new(OPERATION)
            .with("privacy_key", self.key.as_str())
            .with("privacy_text", self.text.as_deref().unwrap_or_default())
            .finish(&format!("uses[{at}]."), &self.extra)
    }
}

/// The privacy guide to be set.
///
/// ```
/// use wechat_wxa::{PrivacyOwner, PrivacySetting, PrivacyUse};
///
/// let owner = PrivacyOwner::new("公告").with_email("privacy@example.com").with_store_days(30);
/// let setting =
///     PrivacySetting::of_development(owner).with_use(PrivacyUse::new("Location", "推荐附近的门店"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacySetting {
    /// `privacy_ver`.
    pub version: PrivacyVersion,
    /// `owner_setting`.
    pub owner: PrivacyOwner,
    /// `setting_list`: the data that are used; for the development version only.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub uses: Vec<PrivacyUse>,
    /// `sdk_privacy_info_list`: the data that third-party code uses, sent as they are.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sdk_uses: Vec<Value>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacySetting {
    /// Creates the guide of the version in development. It takes effect with the next release.
    #[must_use]
    pub fn of_development(owner: PrivacyOwner) -> Self {
        Self::new(PrivacyVersion::Development, owner)
    }

    /// Creates the guide of the version online, of which only the owner's data can be changed, with immediate effect.
    #[must_use]
    pub fn of_published(owner: PrivacyOwner) -> Self {
        Self::new(PrivacyVersion::Published, owner)
    }

    fn new(version: PrivacyVersion, owner: PrivacyOwner) -> Self {
        Self { version, owner, uses: Vec::new(), sdk_uses: Vec::new(), extra: Map::new() }
    }

    /// Adds a kind of data.
    #[must_use]
    pub fn with_use(mut self, privacy_use: PrivacyUse) -> Self {
        self.uses.push(privacy_use);
        self
    }

    /// Adds an item to `sdk_privacy_info_list`.
    #[must_use]
    pub fn with_sdk_use(mut self, item: impl Into<Value>) -> Self {
        self.sdk_uses.push(item.into());
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self) -> Result<Value> {
        match self.version {
            PrivacyVersion::Development if self.uses.is_empty() => {
                let rule = "must name the data that are used: the development version requires the list";
                return Err(REFUSE.invalid(OPERATION, "uses", rule));
            }
            PrivacyVersion::Published if !self.uses.is_empty() => {
                let rule = "must be empty: of the published version only the owner's data can be changed";
                return Err(REFUSE.invalid(OPERATION, "uses", rule));
            }
            _ => {}
        }
        let uses =
            self.uses.iter().enumerate().map(|(at, item)| item.body(at)).collect::<Result<Vec<_>>>()?;
        let some = |list: Vec<Value>| Some(list).filter(|list| !list.is_empty());
        Body::new(OPERATION)
            .with("privacy_ver", self.version.as_wire())
            .with("owner_setting", self.owner.body()?)
            .with_some("setting_list", some(uses))
            .with_some("sdk_privacy_info_list", some(self.sdk_uses.clone()))
            .finish("", &self.extra)
    }

    /// Whether the setting contains fields that [`PrivacyGuide`] does not model.
    fn asks_for_more(&self) -> bool {
        let extras =
            [&self.extra, &self.owner.extra].into_iter().chain(self.uses.iter().map(|item| &item.extra));
        !self.sdk_uses.is_empty() || extras.into_iter().any(|extra| !extra.is_empty())
    }

    fn is_shown_by(&self, now: &PrivacyGuide) -> bool {
        let owner = now.owner.as_ref().is_some_and(|owner| self.owner.is_shown_by(owner));
        owner
            && self.uses.iter().all(|wanted| {
                let text = wanted.text.as_deref().unwrap_or_default();
                now.uses
                    .iter()
                    .any(|found| found.key == wanted.key && found.text.as_deref().unwrap_or_default() == text)
            })
            && (self.uses.is_empty() || now.uses.len() == self.uses.len())
    }
}

/// The current privacy guide.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyGuide {
    /// `code_exist`: whether there is code of that version.
    pub code_exists: Option<bool>,
    /// `privacy_list`: the kinds of data that the code uses.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub used_by_code: Vec<String>,
    /// `setting_list`: the guide's statement on each kind.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub uses: Vec<PrivacyUse>,
    /// `update_time`.
    pub updated_at: Option<Timestamp>,
    /// `owner_setting`.
    pub owner: Option<PrivacyOwner>,
    /// `privacy_desc.privacy_desc_list`: every kind that the vendor knows, with its description.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kinds: Vec<PrivacyUse>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyGuide {
    fn read(reply: &Reply) -> Result<Self> {
        let item = |text: &'static str| {
            move |item: &mut Fields<'_>| {
                Ok(PrivacyUse {
                    key: item.required("privacy_key", Fields::text)?,
                    text: item.text(text),
                    label: item.text("privacy_label"),
                    extra: item.rest(),
                })
            }
        };
        let mut fields = fields::of(reply);
        let kinds = match fields.object("privacy_desc") {
            Some(mut description) => description.each("privacy_desc_list", item("privacy_desc"))?,
            None => Vec::new(),
        };
        Ok(Self {
            code_exists: fields.flag("code_exist"),
            used_by_code: fields.texts("privacy_list")?,
            uses: fields.each("setting_list", item("privacy_text"))?,
            updated_at: fields.time("update_time"),
            owner: fields.object("owner_setting").as_mut().map(PrivacyOwner::read),
            kinds,
            extra: fields.rest(),
        })
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::set_privacy_setting`](crate::WeChatApp::set_privacy_setting).
    set_privacy_setting(setting: &PrivacySetting) = SET, setting;
}

impl WeChatApp {
    /// Returns the privacy guide of a version: `getprivacysetting`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn privacy_setting(&self, version: PrivacyVersion) -> Result<PrivacyGuide> {
        PrivacyGuide::read(&self.begin("privacy_setting").read(&get_call(version)).await?)
    }

    /// Sets the privacy guide of a version: `setprivacysetting`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for an owner without a
    /// contact or without a way to notify users of changes, and if uses are missing for the development version or
    /// given for the published one; and those of any effect.
    pub async fn set_privacy_setting(&self, setting: &PrivacySetting) -> Result<Effect> {
        Ok(self.perform(set_privacy_setting(setting)?).await?.into_unit())
    }
}

/// The part of a guide that its setting determines.
fn settings(reply: &Reply) -> Result<PrivacyGuide> {
    let PrivacyGuide { uses, updated_at, owner, .. } = PrivacyGuide::read(reply)?;
    Ok(PrivacyGuide { uses, updated_at, owner, ..PrivacyGuide::default() })
}

fn get_call(version: PrivacyVersion) -> Call {
    let body = json!({ "privacy_ver": version.as_wire() });
    Call::to(&endpoints::PRIVACY_SETTING).with_json(&body)
}

pub(super) fn set(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let setting: PrivacySetting = command.arguments()?;
    let call = Call::to(&endpoints::SET_PRIVACY_SETTING).with_json(&setting.body()?);
    OneCall::new(EffectClass::Set, call)
        .sets(get_call(setting.version), settings, move |before, now| {
            match (setting.is_shown_by(&now), setting.asks_for_more()) {
                (true, false) => Finding::Done(EffectValue::None),
                (false, _) if before == Some(&now) => Finding::Absent,
                // Unmodelled fields may have changed or not; or there was a concurrent change, or the vendor
                // normalizes a text.
                _ => Finding::Unknowable,
            }
        })
        .told_by(["setting_list[].privacy_key", "owner_setting.notice_method"])
        .boxed()
}
