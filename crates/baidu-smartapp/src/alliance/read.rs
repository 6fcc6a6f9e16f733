//! The reads of the alliance as data.

use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::pipeline::Call;
use miniprogram_core::{AppId, Error, PlannedRequest, Result};

use crate::dialect::BaiduDialect;
use crate::package::PackageQuery;
use crate::{REFUSE, endpoints};

/// A read of [`BaiduAlliance`](super::BaiduAlliance), for a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllianceRead {
    /// [`alliance_apps`](super::BaiduAlliance::alliance_apps).
    Apps(Vec<AppId>),
    /// [`alliance_packages`](super::BaiduAlliance::alliance_packages).
    Packages(AppId),
    /// [`alliance_package`](super::BaiduAlliance::alliance_package).
    Package(AppId, PackageQuery),
}

impl AllianceRead {
    /// Returns the requests that the read would send, with the token masked. Nothing is sent, and no key is needed.
    /// If no token is available, the request for one comes first.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), as for the read itself.
    ///
    /// ```
    /// use baidu_smartapp::alliance::AllianceRead;
    ///
    /// let plan = AllianceRead::Apps(vec!["1111".into(), "2222".into()]).plan()?;
    /// assert_eq!(plan[0].query["app_ids"], "1111,2222");
    /// # Ok::<(), miniprogram_core::Error>(())
    /// ```
    pub fn plan(&self) -> Result<Vec<PlannedRequest>> {
        Ok(vec![self.call()?.planned(&BaiduDialect)?])
    }

    fn endpoint(&self) -> &'static Endpoint {
        match self {
            Self::Apps(_) => &endpoints::ALLIANCE_APPS,
            Self::Packages(_) => &endpoints::ALLIANCE_PACKAGES,
            Self::Package(..) => &endpoints::ALLIANCE_PACKAGE,
        }
    }

    /// Returns the method's name.
    pub(super) fn operation(&self) -> &'static str {
        self.endpoint().name()
    }

    /// Returns the app concerned, if it is a single one.
    pub(super) fn app(&self) -> Option<&AppId> {
        match self {
            Self::Apps(apps) => apps.first().filter(|_| apps.len() == 1),
            Self::Packages(app) | Self::Package(app, _) => Some(app),
        }
    }

    pub(super) fn call(&self) -> Result<Call> {
        let call = Call::to(self.endpoint()).with_client_credentials();
        Ok(match self {
            Self::Apps(apps) => {
                if apps.is_empty() {
                    return Err(self.invalid("app_ids", "must name at least one app"));
                }
                let ids = apps.iter().map(|app| self.number("app_ids", app.as_str()));
                let ids = ids.collect::<Result<Vec<_>>>()?.join(",");
                call.with_query("app_ids", ids)
            }
            Self::Packages(app) => call.with_query("app_id", self.number("app_id", app.as_str())?),
            Self::Package(app, query) => {
                if let PackageQuery::Id(id) = query {
                    self.number("package_id", id.as_str())?;
                }
                query.narrow(call.with_query("app_id", self.number("app_id", app.as_str())?))
            }
        })
    }

    /// Checks an id that the document declares as a long.
    fn number<'a>(&self, field: &'static str, id: &'a str) -> Result<&'a str> {
        match AppId::from(id).as_number() {
            Some(_) => Ok(id),
            None => Err(self.invalid(field, format!("must be an integer from 1 to 2^63 - 1, is {id:?}"))),
        }
    }

    fn invalid(&self, field: &'static str, rule: impl Into<String>) -> Error {
        REFUSE.invalid(self.operation(), field, rule)
    }
}
