//! A typed builder of `ext_json`, the merchant's values for a template.

use miniprogram_core::{Error, ExtJson, Result, ext_json_fields};
use serde_json::{Map, Value};

use crate::WECHAT;

const DIRECT_COMMIT: &str = "directCommit";
/// The name of the field in errors.
const DIRECT_COMMIT_FIELD: &str = "ext_json.directCommit";

/// Builds the `ext_json` of an upload: methods for the fields of WeChat's format, and
/// [`with_field`](Self::with_field) for any other. Source: document 002 section 1.
///
/// ```
/// use serde_json::json;
/// use wechat_wxa::WeChatExtJson;
///
/// let ext = WeChatExtJson::new()
///     .with_ext_appid("wxba5fad812f8e6fb9")
///     .with_ext(json!({ "shop": "面包店" }))
///     .with_pages(["index", "search/index"])
///     .build()?;
/// assert_eq!(
///     ext.as_str(),
///     r#"{"extAppid":"wxba5fad812f8e6fb9","ext":{"shop":"面包店"},"pages":["index","search/index"]}"#
/// );
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct WeChatExtJson {
    fields: Map<String, Value>,
}

impl WeChatExtJson {
    /// Creates an object without fields.
    pub fn new() -> Self {
        Self::default()
    }

    ext_json_fields! { fields;
        /// `extAppid`: the merchant's app.
        with_ext_appid(app: impl Into<String>) = "extAppid", app.into();
        /// `extEnable`: whether the template reads its ext file.
        with_enabled(enabled: bool) = "extEnable", enabled;
        /// `ext`, an object: the only place for custom names; the template reads it with `wx.getExtConfigSync`.
        with_ext(ext: impl Into<Value>) = "ext", ext;
        /// `subPackages`: replaces the template's list.
        with_sub_packages(packages: Vec<Value>) = "subPackages", packages;
        /// `window`: overrides fields of the same name.
        with_window(window: impl Into<Value>) = "window", window;
        /// `networkTimeout`: overrides fields of the same name.
        with_network_timeout(timeouts: impl Into<Value>) = "networkTimeout", timeouts;
        /// `tabBar`: overrides fields of the same name; its `list` replaces the template's.
        with_tab_bar(tab_bar: impl Into<Value>) = "tabBar", tab_bar;
        /// `plugins`: replaces the template's.
        with_plugins(plugins: impl Into<Value>) = "plugins", plugins;
        /// `customOpen`: replaces the template's.
        with_custom_open(custom_open: impl Into<Value>) = "customOpen", custom_open;
        /// `functionPages`: replaces the template's.
        with_function_pages(function_pages: impl Into<Value>) = "functionPages", function_pages;
        /// `sitemap`: the indexing rules.
        with_sitemap(sitemap: impl Into<Value>) = "sitemap", sitemap;
    }

    /// Sets one page in `extPages`, which overrides that page's own configuration.
    pub fn with_page(mut self, path: impl Into<String>, configuration: impl Into<Value>) -> Self {
        let mut pages = match self.fields.get_mut("extPages").map(Value::take) {
            Some(Value::Object(pages)) => pages,
            _ => Map::new(),
        };
        pages.insert(path.into(), configuration.into());
        self.with_field("extPages", pages)
    }

    /// `pages`: replaces the template's list; may contain only pages of the template.
    pub fn with_pages<P: Into<String>>(self, pages: impl IntoIterator<Item = P>) -> Self {
        self.with_list("pages", pages)
    }

    /// `navigateToMiniProgramAppIdList`: replaces the template's.
    pub fn with_navigate_to<A: Into<String>>(self, apps: impl IntoIterator<Item = A>) -> Self {
        self.with_list("navigateToMiniProgramAppIdList", apps)
    }

    /// `requiredPrivateInfos`: the location interfaces that the code uses.
    pub fn with_required_private_infos<A: Into<String>>(
        self,
        interfaces: impl IntoIterator<Item = A>,
    ) -> Self {
        self.with_list("requiredPrivateInfos", interfaces)
    }

    /// Builds the text.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for `directCommit`, unless it is `false`:
    /// such an upload would also submit, and two effects in one call could not be settled.
    pub fn build(self) -> Result<ExtJson> {
        let ext = ExtJson::from_object(&self.fields);
        refuse_direct_commit(&ext)?;
        Ok(ext)
    }

    fn with_list<T: Into<String>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<Value> = values.into_iter().map(|value| Value::String(value.into())).collect();
        self.with_field(name, values)
    }
}

/// Refuses an upload that would also submit.
pub(crate) fn refuse_direct_commit(ext: &ExtJson) -> Result<()> {
    match ext.field(DIRECT_COMMIT) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(()),
        Some(_) => {
            let why = "must not be set: an upload that also submits is two effects in one call, which could not be settled";
            Err(Error::invalid("upload_code", DIRECT_COMMIT_FIELD, why)
                .for_vendor(WECHAT)
                .with_advice("upload without it, then call submit_audit"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_has_the_vendors_name() {
        let ext = WeChatExtJson::new()
            .with_enabled(true)
            .with_ext_appid("wx1")
            .with_ext(json!({ "attr1": "value1", "attr2": 2 }))
            .with_page("index", json!({}))
            .with_page("search/index", json!({ "navigationBarTitleText": "搜索" }))
            .with_pages(["index", "search/index"])
            .with_sub_packages(vec![json!({ "root": "a", "pages": ["b"] })])
            .with_window(json!({ "backgroundTextStyle": "light" }))
            .with_network_timeout(json!({ "request": 10000 }))
            .with_tab_bar(json!({ "list": [] }))
            .with_plugins(json!({ "p": { "version": "1.0.0" } }))
            .with_navigate_to(["wx2"])
            .with_required_private_infos(["getLocation"])
            .with_sitemap(json!({ "rules": [] }))
            .with_custom_open(json!({ "a": 1 }))
            .with_function_pages(json!({ "independent": true }))
            .with_field("prerequisites", json!([]))
            .build()
            .unwrap();
        let pretty: Value = ext.as_str().parse().unwrap();
        insta::assert_snapshot!(format!("{pretty:#}"), @r#"
        {
          "extEnable": true,
          "extAppid": "wx1",
          "ext": {
            "attr1": "value1",
            "attr2": 2
          },
          "extPages": {
            "index": {},
            "search/index": {
              "navigationBarTitleText": "搜索"
            }
          },
          "pages": [
            "index",
            "search/index"
          ],
          "subPackages": [
            {
              "root": "a",
              "pages": [
                "b"
              ]
            }
          ],
          "window": {
            "backgroundTextStyle": "light"
          },
          "networkTimeout": {
            "request": 10000
          },
          "tabBar": {
            "list": []
          },
          "plugins": {
            "p": {
              "version": "1.0.0"
            }
          },
          "navigateToMiniProgramAppIdList": [
            "wx2"
          ],
          "requiredPrivateInfos": [
            "getLocation"
          ],
          "sitemap": {
            "rules": []
          },
          "customOpen": {
            "a": 1
          },
          "functionPages": {
            "independent": true
          },
          "prerequisites": []
        }
        "#);
    }

    #[test]
    fn an_upload_that_would_also_submit_is_refused() {
        for value in [json!(true), json!("true"), json!(1)] {
            let error = WeChatExtJson::new().with_field("directCommit", value).build().unwrap_err();
            assert_eq!(error.field(), Some("ext_json.directCommit"));
            assert!(error.advice().contains("submit_audit"), "{error:#}");
        }
        assert!(WeChatExtJson::new().with_field("directCommit", false).build().is_ok());
    }
}
