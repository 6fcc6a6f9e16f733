use miniprogram::Code;

use crate::cli::Explain;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// What a code means.
pub(crate) fn run(context: &Context, wish: &Explain) -> Result<Finish, Failure> {
    let code = match wish.code.parse::<i64>() {
        Ok(number) => Code::from(number),
        Err(_) => Code::from(wish.code.clone()),
    };
    // An endpoint's path may be written as the documents do, without the slash in front.
    let operation = wish.operation.as_deref().map(|operation| {
        let bare_path = operation.contains('/') && !operation.starts_with('/');
        if bare_path { format!("/{operation}") } else { operation.to_owned() }
    });
    context.output.record(&(wish.of.explain)(&code, operation.as_deref()))?;
    Ok(Finish::Done)
}
