use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::terminal::Format;

/// Prints what each vendor can do.
pub(crate) fn run(context: &Context) -> Result<Finish, Failure> {
    let mut all = Vec::new();
    for entry in context.vendors().iter() {
        all.push((entry.vendor(), to_value(&entry.capabilities()?)?));
    }
    if context.output.format() == Format::Json {
        let all: Vec<Value> = all
            .iter()
            .map(|(vendor, capabilities)| json!({ "vendor": vendor, "capabilities": capabilities }))
            .collect();
        context.output.json(&all)?;
        return Ok(Finish::Done);
    }
    let names: Vec<String> = all.iter().map(|(vendor, _)| vendor.to_string()).collect();
    let head: Vec<&str> = std::iter::once("capability").chain(names.iter().map(String::as_str)).collect();
    let capabilities = all.first().and_then(|(_, capabilities)| capabilities.as_object());
    let rows = capabilities.into_iter().flat_map(|flags| flags.keys()).map(|flag| {
        let has = all.iter().map(|(_, flags)| support(&flags[flag]));
        std::iter::once(flag.clone()).chain(has).collect()
    });
    context.output.table(Some(&head), rows)?;
    Ok(Finish::Done)
}

/// Returns what a cell shows: whether something is supported, or the steps in which it is.
fn support(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Array(steps) => steps.iter().map(Value::to_string).collect::<Vec<_>>().join(", "),
        _ => "no".to_owned(),
    }
}
