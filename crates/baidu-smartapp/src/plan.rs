//! The requests that an effect would send, without sending them.

use miniprogram_core::pipeline::Call;
use miniprogram_core::{Command, Error, PlannedRequest, Result};
use serde_json::{Value, json};

use crate::audit::{Source, SubmitAudit, WithdrawAudit};
use crate::code::UploadCode;
use crate::dialect::BaiduDialect;
use crate::package::{self, PackageQuery};
use crate::release::{Release, Rollback, SetMinLibraryVersion, SetVisitStatus};
use crate::{BAIDU, inherent};

/// The requests of a command, the effect last; what an earlier one brings stands as `{"from":"package/get"}`.
pub(crate) fn requests(command: &Command) -> Result<Vec<PlannedRequest>> {
    let list = package::list(command.operation().as_str()).planned(&BaiduDialect)?;
    Ok(match command {
        Command::UploadCode { template, ext, version, description } => {
            vec![list, UploadCode::new(template, ext, version, description)?.call().planned(&BaiduDialect)?]
        }
        Command::SubmitAudit { target, options } => {
            let submit = SubmitAudit::new(target, options)?;
            match submit.source() {
                Source::Given(id) => {
                    let query = PackageQuery::Id(id.clone());
                    let detail = package::detail(command.operation().as_str(), &query);
                    vec![detail.planned(&BaiduDialect)?, submit.call(id.as_str()).planned(&BaiduDialect)?]
                }
                Source::Upload(_) | Source::Development(_) => {
                    vec![list, looked_up(&submit.call(""))?]
                }
            }
        }
        Command::WithdrawAudit { audit } => vec![WithdrawAudit::new(audit)?.call().planned(&BaiduDialect)?],
        Command::Release { target } => match Release::new(target)?.package_id() {
            Some(id) => vec![Release::call(id.as_str()).planned(&BaiduDialect)?],
            None => vec![list, looked_up(&Release::call(""))?],
        },
        Command::Rollback { target } => match Rollback::new(target)? {
            Rollback::From(id) => vec![list, Rollback::call(id.as_str()).planned(&BaiduDialect)?],
            Rollback::Looked { .. } => vec![list, looked_up(&Rollback::call(""))?],
        },
        Command::SetVisitStatus { status } => {
            vec![SetVisitStatus::new(*status)?.call().planned(&BaiduDialect)?]
        }
        Command::SetMinLibraryVersion { version } => {
            vec![SetMinLibraryVersion::new(version)?.call().planned(&BaiduDialect)?]
        }
        Command::Inherent(command) => inherent::plan(command)?.planned()?,
        other => return Err(Error::unsupported(BAIDU, other.operation().as_str())),
    })
}

/// A call whose package id comes out of `package/get`.
fn looked_up(call: &Call) -> Result<PlannedRequest> {
    let request = call.planned(&BaiduDialect)?;
    Ok(with_body_member(request, "package_id", json!({ "from": "package/get" })))
}

/// A request in which a member of the body stands for something else.
pub(crate) fn with_body_member(mut request: PlannedRequest, name: &str, value: Value) -> PlannedRequest {
    if let Some(member) = request.body.as_mut().and_then(|body| body.get_mut(name)) {
        *member = value;
    }
    request
}
