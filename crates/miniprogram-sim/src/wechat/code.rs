//! Code upload and queries of it.

use miniprogram_core::TemplateId;
use serde_json::{Value, json};

use super::{Step, Upload, Verdict, WeScene, WeView, items, templates};
use crate::call::{Content, Object, Refusal};
use crate::picture;

/// Maximum length of a version, in characters.
pub(super) const VERSION: usize = 64;

/// Pages of every template.
pub(super) fn template_pages() -> Vec<String> {
    ["index", "page/list", "page/detail", "page/logs/logs", "pages/index/index"].map(str::to_owned).to_vec()
}

pub(super) fn commit(view: &WeView<'_>) -> Verdict {
    let template = match view.body.get("template_id") {
        Some(Value::Number(id)) => TemplateId::new(id.to_string()),
        Some(Value::String(id)) => TemplateId::new(id.clone()),
        _ => return Err(Refusal::code(85014)),
    };
    if !templates::exists(view, &template) {
        return Err(Refusal::code(85014));
    }
    let ext = match view.body.get("ext_json") {
        Some(Value::String(text)) => ext_json(text)?,
        Some(Value::Object(_)) => return Err(Refusal::code(-1)),
        _ => return Err(Refusal::code(85048)),
    };
    let text = |name: &str| view.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let version = text("user_version").filter(|version| !version.is_empty()).ok_or(Refusal::code(40097))?;
    let description = text("user_desc").ok_or(Refusal::code(40097))?;
    if version.chars().count() > VERSION {
        return Err(Refusal::code(40097));
    }
    let pages = pages(&ext, view.settings.wechat_content_checks)?;
    Step::effect(move |scene: &mut WeScene<'_>| {
        scene.state.uploaded = Some(Upload {
            version,
            description,
            at: scene.now,
            scanned_at: scene.now.after(scene.settings.privacy_scan),
            pages,
            released: false,
        });
        Content::Done
    })
}

fn ext_json(text: &str) -> Result<Object, Refusal> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::code(85048)),
    }
}

/// `pages` of ext_json replaces the template's pages, and may name no others; `extPages` and `tabBar.list` follow it.
fn pages(ext: &Object, checks: bool) -> Result<Vec<String>, Refusal> {
    let template = template_pages();
    let exists = |page: &str| !checks || template.iter().any(|known| known == page);
    let pages = match ext.get("pages") {
        None => template.clone(),
        Some(Value::Array(pages)) if pages.is_empty() => return Err(Refusal::code(85047)),
        Some(Value::Array(pages)) => {
            let pages = pages.iter().map(|page| page.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
            pages.ok_or(Refusal::code(85048))?
        }
        Some(_) => return Err(Refusal::code(85048)),
    };
    let configured = ext.get("extPages").and_then(Value::as_object).into_iter().flat_map(Object::keys);
    if !pages.iter().chain(configured).all(|page| exists(page)) {
        return Err(Refusal::code(85045));
    }
    let tabs = ext.get("tabBar").and_then(|bar| bar.get("list")).and_then(Value::as_array);
    for tab in tabs.into_iter().flatten() {
        match tab.get("pagePath").and_then(Value::as_str) {
            None => return Err(Refusal::code(85046)),
            Some(page) if !exists(page) => return Err(Refusal::code(85045)),
            Some(_) => {}
        }
    }
    Ok(pages)
}

/// Width and height of the QR code, in pixels.
pub(super) const QR_CODE: u16 = 430;

/// A QR code of a URL that names app, version and path; 40097 if that is too long.
pub(super) fn get_qrcode(view: &WeView<'_>) -> Verdict {
    let upload = view.state.uploaded.as_ref().ok_or(Refusal::code(86001))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("appid", view.app_id.as_str()).append_pair("version", &upload.version);
    if let Some(path) = view.call.query("path").filter(|path| !path.is_empty()) {
        query.append_pair("path", path);
    }
    let address = format!("https://open.weixin.qq.com/sns/getexpappinfo?{}#wechat-redirect", query.finish());
    let jpeg = picture::jpeg(&address, QR_CODE).ok_or(Refusal::code(40097))?;
    Step::answer(Content::Image("image/jpeg", jpeg))
}

pub(super) fn get_category(view: &WeView<'_>) -> Verdict {
    let categories = items::categories(&view.state.profile.categories);
    let categories: Vec<Value> = categories.iter().map(items::Category::to_json).collect();
    Step::answer(json!({ "category_list": categories }))
}

pub(super) fn get_page(view: &WeView<'_>) -> Verdict {
    let upload = view.state.uploaded.as_ref().ok_or(Refusal::code(86001))?;
    Step::answer(json!({ "page_list": upload.pages }))
}

pub(super) fn getversioninfo(view: &WeView<'_>) -> Verdict {
    let mut info = Object::new();
    if let Some(upload) = &view.state.uploaded {
        let exp = json!({
            "exp_time": upload.at.as_unix(),
            "exp_version": upload.version,
            "exp_desc": upload.description,
        });
        info.insert("exp_info".to_owned(), exp);
    }
    if let Some(online) = &view.state.online {
        let release = json!({
            "release_time": online.released_at.as_unix(),
            "release_version": online.version,
            "release_desc": online.description,
        });
        info.insert("release_info".to_owned(), release);
    }
    Step::answer(Content::Fields(info))
}

pub(super) fn get_code_privacy_info(view: &WeView<'_>) -> Verdict {
    let upload = view.state.uploaded.as_ref().ok_or(Refusal::code(86001))?;
    if upload.scanned_at > view.now {
        return Err(Refusal::code(61039));
    }
    Step::answer(json!({ "without_auth_list": [], "without_conf_list": [] }))
}
