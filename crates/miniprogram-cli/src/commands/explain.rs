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
    context.output.record(&(wish.of.explain)(&code, wish.operation.as_deref()))?;
    Ok(Finish::Done)
}
