//! Names: check and change.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::profile::Change;
use super::{BdScene, BdView, Step, Verdict, reviews};
use crate::call::{Content, Refusal};
use crate::verdict::ReviewItem;

/// Rules of `app/checkname`, next to the names of the simulator's other Baidu apps.
///
/// The first rule broken decides: a name in use, a sensitive word, a brand, a part that is a brand, a popular word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct NameRules {
    /// Words that no name may contain: result 2.
    pub sensitive: Vec<String>,
    /// Brands, which no name may equal (3) or contain (4).
    pub brands: Vec<String>,
    /// Popular words, which no name may contain: result 5.
    pub popular: Vec<String>,
}

impl NameRules {
    /// One word per kind: 赌博, 百度, 天气.
    #[must_use]
    pub fn sample() -> Self {
        Self::none().with_sensitive(["赌博"]).with_brands(["百度"]).with_popular(["天气"])
    }

    /// No words: only names in use are refused.
    #[must_use]
    pub fn none() -> Self {
        Self { sensitive: Vec::new(), brands: Vec::new(), popular: Vec::new() }
    }

    /// Sets the sensitive words.
    #[must_use]
    pub fn with_sensitive<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.sensitive = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the brands.
    #[must_use]
    pub fn with_brands<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.brands = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the popular words.
    #[must_use]
    pub fn with_popular<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.popular = words.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the result and the words found.
    fn check<'a>(&'a self, name: &str) -> (i64, Vec<&'a str>) {
        let held = |words: &'a [String]| -> Vec<&'a str> {
            words.iter().filter(|word| name.contains(word.as_str())).map(String::as_str).collect()
        };
        let same: Vec<&str> = held(&self.brands).into_iter().filter(|brand| *brand == name).collect();
        let results =
            [(2, held(&self.sensitive)), (3, same), (4, held(&self.brands)), (5, held(&self.popular))];
        results.into_iter().find(|(_, words)| !words.is_empty()).unwrap_or_default()
    }
}

impl Default for NameRules {
    fn default() -> Self {
        Self::sample()
    }
}

/// Width of a text: 1 for an ASCII character, 2 for any other.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

/// The words found are an array of arrays, present only if there are any.
pub(super) fn checkname(view: &BdView<'_>) -> Verdict {
    let name = view.call.param("app_name").map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or(Refusal::code(40001))?;
    let mut others = view.platform.baidu.names.iter().filter(|(app, _)| *app != view.app_id);
    let (result, words) = if others.any(|(_, other)| other == name) {
        (1, Vec::new())
    } else {
        view.settings.name_rules.check(name)
    };
    let mut answer = json!({ "checkResult": result });
    if !words.is_empty() {
        answer["checkWords"] = words.into_iter().map(|word| json!([word])).collect::<Value>();
    }
    Step::answer(answer)
}

/// A name is 3 to 30 wide, with proof for brands if needed.
pub(super) fn setnickname(view: &BdView<'_>) -> Verdict {
    let name = view.call.param("nick_name").filter(|name| (3..=30).contains(&width(name)));
    let name = name.ok_or(Refusal::code(40001))?.to_owned();
    let material = view.call.param("app_name_material").filter(|material| !material.is_empty());
    if material.is_some_and(|material| !view.platform.baidu.knows_images(material)) {
        return Err(Refusal::code(47008));
    }
    if name == view.state.profile.name {
        return Err(Refusal::code(50051));
    }
    reviews::check(view, ReviewItem::Name, 47004)?;
    Step::effect(|scene: &mut BdScene<'_>| {
        reviews::submit(scene, Change::Name(name));
        Content::Done
    })
}
