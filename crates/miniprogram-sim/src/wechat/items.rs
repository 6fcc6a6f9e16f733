//! Categories of a submission, and the rules of its `item_list`.

use serde_json::{Value, json};

use super::catalogue;
use super::categories::{Categories, CategoryStatus};
use crate::call::{Object, Refusal};

pub(super) struct Category {
    /// First, second and, if any, third level.
    levels: Vec<(&'static str, u64)>,
}

/// Categories that an app may be submitted under: its approved ones, down to their third level.
pub(super) fn categories(categories: &Categories) -> Vec<Category> {
    let mut result = Vec::new();
    for category in &categories.own {
        if category.status != CategoryStatus::Approved {
            continue;
        }
        let (first, second) = category.names();
        let levels = [(first, category.first), (second, category.second)];
        let mut third = catalogue::children(category.second).peekable();
        if third.peek().is_none() {
            result.push(Category { levels: levels.to_vec() });
        }
        for class in third {
            result.push(Category { levels: levels.into_iter().chain([(class.name, class.id)]).collect() });
        }
    }
    result
}

const LEVELS: [&str; 3] = ["first", "second", "third"];

impl Category {
    pub(super) fn to_json(&self) -> Value {
        let mut fields = Object::new();
        for (level, (class, _)) in LEVELS.iter().zip(&self.levels) {
            fields.insert(format!("{level}_class"), json!(class));
        }
        for (level, (_, id)) in LEVELS.iter().zip(&self.levels) {
            fields.insert(format!("{level}_id"), json!(id));
        }
        Value::Object(fields)
    }

    fn fits(&self, item: &Object) -> bool {
        let level = |index: usize| {
            let (class, id) = (format!("{}_class", LEVELS[index]), format!("{}_id", LEVELS[index]));
            (item.get(&class), item.get(&id))
        };
        (0..LEVELS.len()).all(|index| match (self.levels.get(index), level(index)) {
            (Some((class, id)), (Some(Value::String(given)), Some(Value::Number(number)))) => {
                class == given && number.as_u64() == Some(*id)
            }
            (Some(_), _) => false,
            (None, given) => given == (None, None),
        })
    }
}

/// The pages of the upload and the categories of the app.
type Known<'a> = (&'a [String], &'a [Category]);

/// 1 to 5 items, each valid; any page and category is, unless it is known which there are.
pub(super) fn check(items: Option<&Value>, known: Option<Known<'_>>) -> Result<(), Refusal> {
    let items = items.and_then(Value::as_array).filter(|items| (1..=5).contains(&items.len()));
    items.ok_or(Refusal::code(85023))?.iter().try_for_each(|item| check_one(item, known))
}

fn check_one(item: &Value, known: Option<Known<'_>>) -> Result<(), Refusal> {
    let item = item.as_object().filter(|item| !item.is_empty()).ok_or(Refusal::code(85010))?;
    let allowed = |name: &str, code: i64, rule: &dyn Fn(&str) -> bool| match item.get(name) {
        None => Ok(()),
        Some(Value::String(text)) if rule(text) => Ok(()),
        Some(_) => Err(Refusal::code(code)),
    };
    let is_page = |address: &str| known.is_none_or(|(pages, _)| pages.iter().any(|page| page == address));
    allowed("address", 85007, &is_page)?;
    allowed("tag", 85006, &tags_are_fine)?;
    allowed("title", 85011, &|title| title.chars().count() <= 32)?;
    let fits = |(_, categories): Known<'_>| categories.iter().any(|category| category.fits(item));
    if known.is_none_or(fits) { Ok(()) } else { Err(Refusal::code(85008)) }
}

/// At most 10 tags of at most 20 characters, separated by one space.
fn tags_are_fine(text: &str) -> bool {
    let tags: Vec<&str> = text.split(' ').collect();
    text.is_empty() || (tags.len() <= 10 && tags.iter().all(|tag| (1..=20).contains(&tag.chars().count())))
}
