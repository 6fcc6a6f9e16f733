//! Authorization, creation and certification.

use std::time::Duration;

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AuditId, Result, Secret};

use super::reason;
use crate::values::{AD_TYPE, ADVANCED_AUDIT, AdvancedAuditStatus, Certification, Coded};

/// A merchant granted or changed permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// `authorizationCode`: exchange it for the app's tokens. It can be used only once.
    pub authorization_code: Secret,
    /// `authorizationCodeExpiresIn`: the lifetime of the code, counted from the event's time.
    pub expires_in: Option<Duration>,
}

impl Authorization {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            authorization_code: fields.required("authorizationCode", Fields::secret)?,
            expires_in: fields.seconds("authorizationCodeExpiresIn")?,
        })
    }
}

/// A merchant revoked the right to create an app. The push does not name an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreationCancelled {
    /// `createAuthorizationCode`: the code that is now void.
    pub create_authorization_code: Secret,
}

impl CreationCancelled {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { create_authorization_code: fields.required("createAuthorizationCode", Fields::secret)? })
    }
}

/// A merchant registered and granted the platform the right to create an app. The push does not name an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredAuthorization {
    /// `authorizationCode`.
    pub authorization_code: Secret,
    /// `createAuthorizationCode`: the code with which the app is created.
    pub create_authorization_code: Secret,
    /// `userId`: the merchant's account.
    pub user_id: Option<String>,
}

impl RegisteredAuthorization {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            authorization_code: fields.required("authorizationCode", Fields::secret)?,
            create_authorization_code: fields.required("createAuthorizationCode", Fields::secret)?,
            user_id: fields.text("userId")?,
        })
    }
}

/// Account and app passed their review, and the app is authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedApp {
    /// `customerId`: the merchant's account.
    pub customer_id: Option<String>,
    /// `appKey`: the new app's key. Public, unlike its secret.
    pub app_key: Option<String>,
    /// `examineId`: the review that passed.
    pub examine_id: Option<AuditId>,
    /// The grant.
    pub authorization: Authorization,
}

impl CreatedApp {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            customer_id: fields.text("customerId")?,
            app_key: fields.text("appKey")?,
            examine_id: fields.id("examineId")?.map(AuditId::new),
            authorization: Authorization::read(fields)?,
        })
    }
}

/// Account or app were not created. The push does not name an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreationFailed {
    /// `customerId`: the merchant's account, the only field that identifies whose creation failed.
    pub customer_id: String,
    /// `reason`: the vendor's message.
    pub reason: Option<String>,
}

impl CreationFailed {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self { customer_id: fields.required("customerId", Fields::text)?, reason: reason(fields)? })
    }
}

/// The certification of the subject has changed; there is one push for each of its apps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdvancedAudit {
    /// `adType`: the kind of certification.
    pub kind: Coded<Certification>,
    /// `adStatus`: its progress.
    pub status: Coded<AdvancedAuditStatus>,
}

impl AdvancedAudit {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            kind: Coded::new(&AD_TYPE, fields.required("adType", Fields::number)?),
            status: Coded::new(&ADVANCED_AUDIT, fields.required("adStatus", Fields::number)?),
        })
    }
}
