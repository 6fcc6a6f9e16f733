//! How the vendors are reached: for all platforms at the top of the file, and for one in its table.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use miniprogram::Error;
use miniprogram::transport::{HttpTransport, HttpTransportBuilder, Proxy};

use super::table::{Origin, Place, SecretSource, Table};

/// The maximum size of a file of certificates in bytes.
const MAX_CERTIFICATES: u64 = 4 << 20;

/// How a vendor is reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Network {
    /// A URL, which may contain a password.
    pub(super) proxy: Option<SecretSource>,
    ca_file: Option<PathBuf>,
    local_address: Option<IpAddr>,
    /// Where it is configured.
    place: Place,
}

impl Network {
    /// Takes the fields out of a table.
    pub(super) fn take(table: &mut Table, origin: &Origin) -> Result<Self, Error> {
        let local_address = match table.text("local_address")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                table.wrong(
                    "local_address",
                    "is not an IP address",
                    "write one of this machine, such as 192.0.2.7",
                )
            })?),
        };
        Ok(Self {
            proxy: table.secret("proxy", origin)?,
            ca_file: table.text("ca_file")?.map(|file| origin.folder.join(file)),
            local_address,
            place: table.place.clone(),
        })
    }

    /// What is not set here is as it is there.
    pub(super) fn or(self, all: &Self) -> Self {
        Self {
            proxy: self.proxy.or_else(|| all.proxy.clone()),
            ca_file: self.ca_file.or_else(|| all.ca_file.clone()),
            local_address: self.local_address.or(all.local_address),
            place: self.place,
        }
    }

    /// Reads the secret and the certificates.
    pub(crate) fn http(&self) -> Result<HttpTransportBuilder, Error> {
        let mut http = HttpTransport::builder();
        if let Some(source) = &self.proxy {
            let proxy = Proxy::parse(source.read(&self.place, "proxy")?.expose());
            http = http.with_proxy(proxy.map_err(|error| self.of_here(error))?);
        }
        if let Some(file) = &self.ca_file {
            let unreadable = |why: String| {
                let why = format!("is {}, which {why}", file.display());
                self.place.wrong("ca_file", &why, "name a readable file of certificates in PEM form")
            };
            let length =
                fs::metadata(file).map_err(|problem| unreadable(format!("cannot be read: {problem}")))?.len();
            if length > MAX_CERTIFICATES {
                return Err(unreadable("is larger than 4 MiB".to_owned()));
            }
            let pem = fs::read(file).map_err(|problem| unreadable(format!("cannot be read: {problem}")))?;
            http = http.with_root_certificates(&pem).map_err(|error| self.of_here(error))?;
        }
        if let Some(address) = self.local_address {
            http = http.with_local_address(address);
        }
        Ok(http)
    }

    /// Names the place of the field in an error about it.
    fn of_here(&self, error: Error) -> Error {
        let detail = format!("of {} {}", self.place, error.detail().unwrap_or_default());
        error.with_operation("read_configuration").with_detail(detail)
    }
}
