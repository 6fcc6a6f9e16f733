//! From commands to effects, and what an effect would send.

use miniprogram_core::pipeline::{Call, EffectPlan};
use miniprogram_core::{Command, Error, InherentCommand, PlannedRequest, Result};
use serde_json::Value;

use crate::audit::{ExpediteAudit, SubmitAudit, WithdrawAudit};
use crate::code::UploadCode;
use crate::dialect::WeChatDialect;
use crate::one_call::Inherent;
use crate::release::{
    CancelGrayRelease, Release, Rollback, SetMinLibraryVersion, SetVisitStatus, StartGrayRelease,
};
use crate::{WECHAT, account, category_admin, domains, privacy, quota, templates, testers};

/// An effect that can also tell what it would send.
pub(crate) trait WeChatEffect: EffectPlan {
    /// What it reads before it is sent.
    fn reads(&self) -> Vec<Call> {
        Vec::new()
    }

    /// All its requests, the effect last.
    fn dry_run(&self) -> Result<Vec<PlannedRequest>> {
        let effect = self.request(&Value::Null)?;
        self.reads().iter().chain([&effect]).map(|call| call.planned(&WeChatDialect)).collect()
    }
}

/// The effect that a command asks for, its arguments checked.
pub(crate) fn effect(command: &Command) -> Result<Box<dyn WeChatEffect>> {
    Ok(match command {
        Command::UploadCode { template, ext, version, description } => {
            Box::new(UploadCode::new(template, ext, version, description)?)
        }
        Command::SubmitAudit { target, options } => Box::new(SubmitAudit::new(target, options)?),
        Command::WithdrawAudit { audit } => Box::new(WithdrawAudit::new(audit)?),
        Command::ExpediteAudit { audit } => Box::new(ExpediteAudit::new(audit)?),
        Command::Release { target } => Box::new(Release::new(target)?),
        Command::Rollback { target } => Box::new(Rollback::new(target)?),
        Command::StartGrayRelease { gray } => Box::new(StartGrayRelease::new(*gray)?),
        Command::CancelGrayRelease => Box::new(CancelGrayRelease),
        Command::SetVisitStatus { status } => Box::new(SetVisitStatus::new(*status)?),
        Command::SetMinLibraryVersion { version } => Box::new(SetMinLibraryVersion::new(version)?),
        Command::Inherent(command) => inherent(command)?,
        other => return Err(Error::unsupported(WECHAT, other.operation().as_str())),
    })
}

/// The effects that only WeChat has.
const INHERENT: [&[Inherent]; 7] = [
    account::EFFECTS,
    category_admin::EFFECTS,
    domains::EFFECTS,
    privacy::EFFECTS,
    quota::EFFECTS,
    templates::EFFECTS,
    testers::EFFECTS,
];

fn inherent(command: &InherentCommand) -> Result<Box<dyn WeChatEffect>> {
    let found = INHERENT.iter().copied().flatten().find(|effect| effect.method == command.method);
    let effect = found.ok_or_else(|| Error::unsupported(WECHAT, command.method.as_str()))?;
    (effect.plan)(command).map_err(|error| error.for_vendor(WECHAT))
}
