use clap::error::{ContextKind, ContextValue};
use miniprogram::Code;
use miniprogram::vendor_api::codes::Meaning;
use serde_json::Value;

use crate::cli::{self, Explain};
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;
use crate::words;

/// How many similar operations are suggested for an unknown one.
const SUGGESTIONS: usize = 3;

/// Explains a code.
pub(crate) fn run(context: &Context, args: &Explain) -> Result<Finish, Failure> {
    let code = match args.code.parse::<i64>() {
        Ok(number) => Code::from(number),
        Err(_) => Code::from(args.code.clone()),
    };
    let entry = context.registered(&args.of)?;
    let operation = args.operation.as_deref().map(|name| known(name, &entry.operations())).transpose()?;
    let explanation = entry.explain(&code, operation).in_language(args.lang);
    let mut value = to_value(&explanation)?;
    if let Some(advice) = value["advice"].as_str() {
        value["advice"] = Value::from(words::with_commands(advice, Some(&**entry)));
    }
    if context.output.format() == Format::Table && !explanation.also.is_empty() {
        let meanings: Vec<String> = explanation.also.iter().map(in_words).collect();
        value["also"] = Value::from(meanings.join("; "));
    }
    context.output.record(&value)?;
    if explanation.table.is_none() {
        context.output.remark("the code is not listed");
        return Ok(Finish::Faulty);
    }
    Ok(Finish::Done)
}

/// A meaning on one line.
fn in_words(also: &Meaning) -> String {
    let operations = also.operations.join(" or ");
    format!("{}, {} (with --operation {operations})", also.kind.as_str(), also.meaning)
}

/// Finds the operation of that name. A path may be written as in the documents, without the leading slash.
fn known(name: &str, operations: &[&'static str]) -> Result<&'static str, Failure> {
    let bare_path = name.contains('/') && !name.starts_with('/');
    let wanted = if bare_path { format!("/{name}") } else { name.to_owned() };
    match operations.iter().find(|operation| **operation == wanted) {
        Some(operation) => Ok(operation),
        None => Err(unknown(name, similar(&wanted, operations)).into()),
    }
}

fn unknown(name: &str, similar: Vec<String>) -> clap::Error {
    let mut error = clap::Error::new(clap::error::ErrorKind::InvalidValue).with_cmd(&cli::bare());
    let option = "--operation <METHOD|PATH>".to_owned();
    error.insert(ContextKind::InvalidArg, ContextValue::String(option));
    error.insert(ContextKind::InvalidValue, ContextValue::String(name.to_owned()));
    if similar.is_empty() {
        let hint = "write a method such as `release`, or a path such as /wxa/release";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    } else {
        error.insert(ContextKind::SuggestedValue, ContextValue::Strings(similar));
    }
    error
}

/// The operations that look like a name, the likest first: they hold it, or their last segment differs by a few letters.
fn similar(name: &str, operations: &[&'static str]) -> Vec<String> {
    let wanted = name.to_lowercase();
    let few = last_segment(&wanted).chars().count() / 3;
    let mut found: Vec<(bool, usize, usize, &str)> = operations
        .iter()
        .map(|operation| {
            let text = operation.to_lowercase();
            let holds = wanted.len() > 2 && text.contains(&wanted);
            let letters = distance(last_segment(&wanted), last_segment(&text));
            (!holds, letters, distance(&wanted, &text), *operation)
        })
        .filter(|(differs, letters, ..)| !differs || *letters <= few)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(SUGGESTIONS).map(|(.., operation)| operation.to_owned()).collect()
}

fn last_segment(operation: &str) -> &str {
    operation.rsplit('/').next().unwrap_or(operation)
}

/// The Levenshtein distance of two texts.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (index, other) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        for (one, other, letters) in
            [("", "", 0), ("", "ab", 2), ("release", "relaese", 2), ("类目", "类别", 1), ("a_b", "ab", 1)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (letters, letters), "{one} {other}");
        }
    }

    #[test]
    fn what_looks_like_a_name_is_found() {
        let operations = ["submit_audit", "/x/submit_audit", "/x/commit", "release"];
        assert_eq!(similar("submitaudit", &operations), ["submit_audit", "/x/submit_audit"]);
        assert_eq!(similar("/x/submit_audi", &operations), ["/x/submit_audit", "submit_audit"]);
        assert_eq!(similar("COMIT", &operations), ["/x/commit"]);
        assert_eq!(similar("audit", &operations), ["submit_audit", "/x/submit_audit"]);
        assert_eq!(similar("telephone", &operations), [""; 0]);
    }
}
