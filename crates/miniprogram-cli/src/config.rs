//! The configuration: a file, overridden by the environment, overridden by the command line.
//!
//! It is read by the commands that need it. Secrets that it refers to are read when they are used.

mod network;
mod table;

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind as Cause, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use config::{Config, FileFormat, Value, ValueKind};
use miniprogram::callback::BodyFormat;
use miniprogram::{Error, PlatformId, Secret, Vendor};
use miniprogram_callback::CallbackPlatform;
use miniprogram_store::PlatformKey;
pub(crate) use network::Network;
use table::{Origin, Place, SecretSource, Table, WAYS, for_others, wrong};

use crate::values::bytes;
use crate::vendors::{Entry, PushSettings, VendorEntry, Vendors};

/// The default file.
const DEFAULT_FILE: &str = "miniprogram.toml";
/// Its maximum size in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Variables that contain this program's secrets, whatever the configuration says.
const SECRET_VARIABLES: [&str; 11] = [
    "MINIPROGRAM_ACCESS_TOKEN",
    "MINIPROGRAM_AES_KEY",
    "MINIPROGRAM_AUTHORIZATION_CODE",
    "MINIPROGRAM_CALLBACK_TOKEN",
    "MINIPROGRAM_CLIENT_ID",
    "MINIPROGRAM_CLIENT_SECRET",
    "MINIPROGRAM_PROXY",
    "MINIPROGRAM_STORE",
    "MINIPROGRAM_STORE_KEY",
    "MINIPROGRAM_STORE_PREVIOUS_KEYS",
    "PGPASSWORD",
];

/// The top-level fields.
const TOP_KEYS: [&str; 10] = [
    "store",
    "listen",
    "status_listen",
    "max_connections",
    "max_body_memory",
    "core_dumps",
    "proxy",
    "ca_file",
    "local_address",
    "platform",
];
/// The fields of a platform at every vendor.
const PLATFORM_KEYS: [&str; 12] = [
    "vendor",
    "id",
    "token",
    "aes_key",
    "previous_aes_key",
    "receiver_id",
    "body_format",
    "base_url",
    "page_url",
    "proxy",
    "ca_file",
    "local_address",
];

/// What is configured.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    store: Option<SecretSource>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) status_listen: Option<StatusListen>,
    /// The maximum number of the receiver's connections.
    pub(crate) max_connections: Option<u32>,
    /// The maximum number of bytes of bodies that the receiver holds.
    pub(crate) max_body_memory: Option<u64>,
    /// Whether a crash of the receiver may write a core dump, with its secrets.
    pub(crate) core_dumps: bool,
    /// How vendors are reached, unless their platform says otherwise.
    pub(crate) network: Network,
    pub(crate) platforms: Vec<Platform>,
    /// The directory against which a relative path of the store is resolved.
    store_folder: PathBuf,
}

/// Where readiness and metrics are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusListen {
    /// At a separate address.
    Address(SocketAddr),
    /// At the callbacks' address, for everyone who can reach it.
    Public,
}

impl FromStr for StatusListen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "public" => Ok(Self::Public),
            address => address
                .parse()
                .map(Self::Address)
                .map_err(|_| "write an address and a port, such as 127.0.0.1:8081, or `public`"),
        }
    }
}

/// What overrides the file.
#[derive(Debug, Default)]
pub(crate) struct Overrides<'a> {
    /// The file; empty for none, absent for the default one.
    pub(crate) file: Option<&'a str>,
    pub(crate) store: Option<&'a Secret>,
    pub(crate) listen: Option<SocketAddr>,
}

/// A platform of the configuration.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) entry: Entry,
    pub(crate) id: PlatformId,
    pub(crate) base_url: Option<String>,
    pub(crate) page_url: Option<String>,
    pub(crate) network: Network,
    receiver_id: Option<String>,
    body_format: BodyFormat,
    credential: Option<SecretSource>,
    token: Option<SecretSource>,
    aes_key: Option<SecretSource>,
    previous_aes_key: Option<SecretSource>,
}

impl Settings {
    /// Reads the configuration.
    pub(crate) fn read(given: &Overrides<'_>, vendors: &Vendors) -> Result<Self, Error> {
        let (text, file) = match given.file {
            Some("") => (None, None),
            Some(named) => {
                let file = PathBuf::from(named);
                (Some(read_file(&file)?), Some(file))
            }
            None => match fs::metadata(DEFAULT_FILE) {
                Ok(_) => (Some(read_file(Path::new(DEFAULT_FILE))?), Some(PathBuf::from(DEFAULT_FILE))),
                Err(_) => (None, None),
            },
        };
        let mut builder = Config::builder();
        if let Some((text, _)) = &text {
            builder = builder.add_source(config::File::from_str(text, FileFormat::Toml));
        }
        let listen = given.listen.map(|address| address.to_string());
        let config = builder
            .set_override_option("store", given.store.map(|store| store.expose().to_owned()))
            .and_then(|builder| builder.set_override_option("listen", listen)?.build())
            .map_err(|problem| unreadable(file.as_deref(), &problem))?;
        let open = text.as_ref().is_some_and(|(_, metadata)| for_others(metadata));
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let origin = Origin { open, folder };
        let of_store = if given.store.is_some() { Origin::default() } else { origin.clone() };
        Self::of(config.cache, &origin, of_store, vendors)
    }

    fn of(root: Value, origin: &Origin, of_store: Origin, vendors: &Vendors) -> Result<Self, Error> {
        let ValueKind::Table(fields) = root.kind else {
            return Err(wrong("config", "must be a table", "see the README for an example"));
        };
        let mut top = Table { place: Place::Top, fields };
        let store = top.secret("store", &of_store)?;
        let listen = match top.text("listen")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                top.wrong(
                    "listen",
                    "is not an address",
                    "write an address and a port, such as 127.0.0.1:8080",
                )
            })?),
        };
        let status_listen = match top.text("status_listen")? {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|remedy: &str| top.wrong("status_listen", "is not an address", remedy))?,
            ),
        };
        let max_connections = match top.text("max_connections")? {
            None => None,
            Some(text) => {
                let number = text.parse().ok().filter(|number| *number > 0);
                let remedy = "write an integer, at least 1";
                Some(number.ok_or_else(|| top.wrong("max_connections", "is not a positive number", remedy))?)
            }
        };
        let max_body_memory = match top.text("max_body_memory")? {
            None => None,
            Some(text) => {
                Some(bytes(&text).map_err(|remedy| top.wrong("max_body_memory", "is not a size", remedy))?)
            }
        };
        let core_dumps = top.flag("core_dumps")?;
        let network = Network::take(&mut top, origin)?;
        let platforms = match top.fields.remove("platform").map(|value| value.kind) {
            None => Vec::new(),
            Some(ValueKind::Array(tables)) => {
                let numbered = tables.into_iter().enumerate();
                let read = |(at, value)| Platform::of(at + 1, value, origin, &network, vendors);
                numbered.map(read).collect::<Result<_, _>>()?
            }
            Some(_) => {
                return Err(top.wrong("platform", "must be a list", "start each platform with [[platform]]"));
            }
        };
        top.finish(&TOP_KEYS)?;
        let mut seen = HashSet::new();
        if let Some(twice) = platforms.iter().find(|platform| !seen.insert(platform.key())) {
            return Err(twice.place().wrong("id", "is configured twice", "remove one of the two"));
        }
        Ok(Self {
            store,
            listen,
            status_listen,
            max_connections,
            max_body_memory,
            core_dumps,
            network,
            platforms,
            store_folder: of_store.folder,
        })
    }

    /// The environment variables that contain secrets: this program's own, and those that the configuration names.
    pub(crate) fn secret_variables(&self) -> impl Iterator<Item = &str> {
        let of_platforms = self.platforms.iter().flat_map(|platform| {
            [
                &platform.credential,
                &platform.token,
                &platform.aes_key,
                &platform.previous_aes_key,
                &platform.network.proxy,
            ]
        });
        let named = of_platforms.chain([&self.store]).filter_map(|source| match source {
            Some(SecretSource::Variable(name)) => Some(name.as_str()),
            _ => None,
        });
        SECRET_VARIABLES.into_iter().chain(named)
    }

    /// The store's URL.
    pub(crate) fn store(&self) -> Result<Option<Secret>, Error> {
        let Some(source) = &self.store else { return Ok(None) };
        let url = source.read(&Place::Top, "store")?;
        let path = url.expose().strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        Ok(Some(match path {
            Some(path) => Secret::new(format!("sqlite:{}", self.store_folder.join(path).display())),
            None => url,
        }))
    }

    /// The vendor of all platforms, if they have the same.
    pub(crate) fn sole_vendor(&self) -> Option<Entry> {
        let first = &self.platforms.first()?.entry;
        let is_sole = self.platforms.iter().all(|platform| platform.entry.vendor() == first.vendor());
        is_sole.then(|| Entry::clone(first))
    }

    /// The platforms with this vendor and this id; `None` matches all.
    pub(crate) fn named(&self, vendor: Option<Vendor>, id: Option<&str>) -> Vec<&Platform> {
        let fits = |platform: &&Platform| {
            vendor.is_none_or(|vendor| platform.entry.vendor() == vendor)
                && id.is_none_or(|id| platform.id.as_str() == id)
        };
        self.platforms.iter().filter(fits).collect()
    }
}

impl Platform {
    fn of(
        number: usize,
        value: Value,
        origin: &Origin,
        network: &Network,
        vendors: &Vendors,
    ) -> Result<Self, Error> {
        let ValueKind::Table(fields) = value.kind else {
            return Err(wrong(
                "platform",
                "must be a list of tables",
                "start each platform with [[platform]]",
            ));
        };
        let mut table = Table { place: Place::Platform { number, named: None }, fields };
        let known = || format!("write one of {}", vendors.names().collect::<Vec<_>>().join(", "));
        let entry = match table.text("vendor")? {
            None => return Err(table.wrong("vendor", "is missing", known())),
            Some(name) => {
                vendors.find(&name).ok_or_else(|| table.wrong("vendor", "is not known", known()))?
            }
        };
        let Some(id) = table.text("id")? else {
            return Err(table.wrong("id", "is missing", "write the platform's own id at the vendor"));
        };
        table.place = Place::Platform { number, named: Some((entry.vendor(), id.clone())) };
        let credential = entry.credential();
        let body_format = body_format(&mut table, &**entry)?;
        let platform = Self {
            entry: Entry::clone(entry),
            id: PlatformId::new(id),
            base_url: table.text("base_url")?,
            page_url: table.text("page_url")?,
            network: Network::take(&mut table, origin)?.or(network),
            receiver_id: table.text("receiver_id")?,
            body_format,
            credential: table.secret(credential, origin)?,
            token: table.secret("token", origin)?,
            aes_key: table.secret("aes_key", origin)?,
            previous_aes_key: table.secret("previous_aes_key", origin)?,
        };
        let known: Vec<&str> = PLATFORM_KEYS.into_iter().chain([credential]).collect();
        table.finish(&known)?;
        Ok(platform)
    }

    /// The platform's key in the store.
    pub(crate) fn key(&self) -> PlatformKey {
        PlatformKey::new(self.entry.vendor(), self.id.clone())
    }

    fn place(&self) -> Place {
        Place::Platform { number: 0, named: Some((self.entry.vendor(), self.id.as_str().to_owned())) }
    }

    /// The credential by which the platform authenticates itself.
    pub(crate) fn credential(&self) -> Result<Secret, Error> {
        self.required(self.credential.as_ref(), self.entry.credential())
    }

    /// Whether anything is configured that pushes are verified with.
    pub(crate) fn receives_pushes(&self) -> bool {
        self.token.is_some() || self.aes_key.is_some()
    }

    /// What its pushes are verified and read with.
    pub(crate) fn push_settings(&self) -> Result<PushSettings, Error> {
        let token = self.required(self.token.as_ref(), "token")?;
        let (mut aes_key, mut previous_aes_key) = (None, None);
        if self.entry.encrypts_pushes() {
            aes_key = Some(self.required(self.aes_key.as_ref(), "aes_key")?);
            let previous = self.previous_aes_key.as_ref();
            previous_aes_key =
                previous.map(|source| source.read(&self.place(), "previous_aes_key")).transpose()?;
        }
        Ok(PushSettings {
            platform_id: Some(self.id.clone()),
            token: Some(token),
            aes_key,
            previous_aes_key,
            receiver_id: self.receiver_id.clone().or_else(|| self.entry.receiver_id(&self.id)),
            body_format: self.body_format,
            acceptance_test: false,
        })
    }

    /// The platform's intake of pushes.
    pub(crate) fn callback(&self, settings: &PushSettings) -> Result<CallbackPlatform, Error> {
        let protocol = self.entry.callback(settings).map_err(|error| {
            let of = format!("of {}: {}", self.place(), error.detail().unwrap_or_default());
            error.with_detail(of)
        })?;
        CallbackPlatform::new(self.key(), protocol)
    }

    fn required(&self, source: Option<&SecretSource>, key: &'static str) -> Result<Secret, Error> {
        match source {
            Some(source) => source.read(&self.place(), key),
            None => Err(self.place().wrong(key, "is missing", WAYS)),
        }
    }
}

/// The format of the platform's pushes, XML by default.
fn body_format(table: &mut Table, entry: &dyn VendorEntry) -> Result<BodyFormat, Error> {
    match table.text("body_format")?.as_deref() {
        Some(_) if !entry.chooses_body_format() => {
            let why = "has no effect: the vendor has only one format of pushes";
            Err(table.wrong("body_format", why, "remove the line"))
        }
        None | Some("xml") => Ok(BodyFormat::Xml),
        Some("json") => Ok(BodyFormat::Json),
        Some(_) => Err(table.wrong("body_format", "is neither xml nor json", "write \"xml\" or \"json\"")),
    }
}

fn read_file(file: &Path) -> Result<(String, Metadata), Error> {
    let refused = |why: String| {
        let detail = format!("{} {why}", file.display());
        wrong("config", &detail, "name a readable TOML file, or an empty one for none")
    };
    let read = || {
        let handle = File::open(file)?;
        let metadata = handle.metadata()?;
        let mut text = String::new();
        handle.take(MAX_FILE + 1).read_to_string(&mut text)?;
        Ok((text, metadata))
    };
    match read() {
        Ok((text, _)) if text.len() as u64 > MAX_FILE => Err(refused("is larger than 1 MiB".to_owned())),
        Ok(read) => Ok(read),
        Err(problem) => {
            let problem: std::io::Error = problem;
            Err(refused(match problem.kind() {
                Cause::NotFound => "does not exist".to_owned(),
                _ => format!("cannot be read: {problem}"),
            }))
        }
    }
}

/// A file that is not valid TOML. The parser quotes the line, which may contain a secret: reported are its number, and what
/// the parser says about it unless that repeats a word of the line.
fn unreadable(file: Option<&Path>, problem: &config::ConfigError) -> Error {
    let place = match problem {
        config::ConfigError::FileParse { cause, .. } => {
            let text = cause.to_string();
            let mut lines = text.lines();
            let at = lines.next().and_then(|first| first.split_once(" at ")).map(|(_, at)| at);
            let at = at.filter(|at| at.starts_with("line ")).map(|at| format!(" at {at}"));
            let quoted = text.lines().filter(|line| line.contains(" | ")).collect::<String>();
            let said: Vec<&str> =
                lines.filter(|line| !line.contains('|') && !line.trim().is_empty()).collect();
            let said = said.join(", ");
            let mut words = said.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3);
            let repeats = words.any(|word| quoted.contains(word));
            let said = Some(said).filter(|said| !said.is_empty() && !repeats);
            at.unwrap_or_default() + &said.map(|said| format!(": {said}")).unwrap_or_default()
        }
        _ => String::new(),
    };
    let name = file.map(|file| file.display().to_string()).unwrap_or_default();
    let detail = format!("{name} is not valid TOML{place}");
    wrong("config", &detail, "fix the file; strings need double quotes")
}

#[cfg(test)]
mod tests {
    use miniprogram::ErrorKind;

    use super::*;

    /// Reads a text from a file that no other user may read.
    fn read(text: &str) -> Result<Settings, Error> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.toml");
        fs::write(&file, text).unwrap();
        #[cfg(unix)]
        set_mode(&file, 0o600);
        let file = file.to_str().unwrap();
        Settings::read(&Overrides { file: Some(file), ..Overrides::default() }, &Vendors::bundled())
    }

    #[cfg(unix)]
    fn set_mode(file: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    #[test]
    fn a_whole_file_is_read() {
        let text = format!(
            r#"
            store = "sqlite:state.db"
            listen = "127.0.0.1:8080"
            status_listen = "public"
            max_connections = 100
            max_body_memory = "16MiB"
            core_dumps = true
            [[platform]]
            vendor = "wechat"
            id = "wx1"
            secret = "s"
            token = "t"
            aes_key = "{KEY}"
            previous_aes_key = "{KEY}"
            [[platform]]
            vendor = "baidu"
            id = 17328232
            client_id = "c"
            receiver_id = "17328232"
            base_url = "http://127.0.0.1:1"
            "#
        );
        let settings = read(&text).unwrap();
        let store = settings.store().unwrap().unwrap();
        assert!(store.expose().starts_with("sqlite:/") && store.expose().ends_with("/state.db"), "beside it");
        assert_eq!(settings.listen.unwrap().port(), 8080);
        assert_eq!((settings.status_listen, settings.core_dumps), (Some(StatusListen::Public), true));
        assert_eq!((settings.max_connections, settings.max_body_memory), (Some(100), Some(16 << 20)));
        let [wechat, baidu] = &settings.platforms[..] else { panic!("{settings:?}") };
        assert_eq!(wechat.credential().unwrap().expose(), "s");
        let pushes = wechat.push_settings().unwrap();
        assert_eq!(pushes.receiver_id.as_deref(), Some("wx1"), "WeChat seals for the platform's id");
        assert_eq!(pushes.body_format, BodyFormat::Xml);
        assert_eq!((baidu.id.as_str(), baidu.credential().unwrap().expose()), ("17328232", "c"));
        assert_eq!(baidu.push_settings().unwrap_err().field(), Some("token"));
        assert_eq!(settings.named(Some(baidu.entry.vendor()), None).len(), 1);
        assert_eq!(settings.named(None, Some("nobody")).len(), 0);
    }

    #[test]
    fn the_form_of_pushes_is_chosen_where_the_vendor_knows_both() {
        for (line, expected) in [
            ("", BodyFormat::Xml),
            ("body_format = \"xml\"", BodyFormat::Xml),
            ("body_format = \"json\"", BodyFormat::Json),
        ] {
            let text = format!(
                "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\ntoken = \"t\"\naes_key = \"{KEY}\"\n{line}"
            );
            let settings = read(&text).unwrap().platforms[0].push_settings().unwrap();
            assert_eq!(settings.body_format, expected, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_is_shown() {
        let platform = "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n";
        for (text, field, says) in [
            ("canary = 1".to_owned(), "canary", "unknown"),
            ("store = 4242".to_owned(), "store", "not a number"),
            ("listen = \"canary\"".to_owned(), "listen", "is not an address"),
            ("status_listen = \"canary\"".to_owned(), "status_listen", "is not an address"),
            ("max_connections = 0".to_owned(), "max_connections", "not a positive number"),
            ("max_body_memory = \"canary\"".to_owned(), "max_body_memory", "is not a size"),
            ("core_dumps = \"canary\"".to_owned(), "core_dumps", "must be true or false"),
            ("platform = 1".to_owned(), "platform", "must be a list"),
            ("[[platform]]\nid = \"x\"".to_owned(), "vendor", "of platform 1 is missing"),
            ("[[platform]]\nvendor = \"acme\"".to_owned(), "vendor", "is not known"),
            ("[[platform]]\nvendor = \"wechat\"".to_owned(), "id", "is missing"),
            (format!("{platform}sekret = \"canary\""), "sekret", "of the wechat platform wx1 is unknown"),
            (format!("{platform}client_id = \"canary\""), "client_id", "is unknown"),
            (format!("{platform}secret = 4242"), "secret", "not a number"),
            (format!("{platform}secret = \"\""), "secret", "is empty"),
            (
                format!("{platform}token = {{ from = \"canary\" }}"),
                "token",
                "must have exactly one of env and file",
            ),
            (
                format!("{platform}token = {{ env = \"A\", file = \"B\" }}"),
                "token",
                "must have exactly one of env and file",
            ),
            (format!("{platform}secret = \"canary"), "config", "is not valid TOML at line 4"),
            (format!("{platform}{platform}"), "id", "is configured twice"),
            (format!("{platform}body_format = \"canary\""), "body_format", "is neither xml nor json"),
            (format!("{platform}body_format = 1"), "body_format", "must be text"),
            (
                "[[platform]]\nvendor = \"baidu\"\nid = \"1\"\nbody_format = \"json\"".to_owned(),
                "body_format",
                "has no effect",
            ),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{text}: {error}");
            assert!(error.detail().unwrap_or_default().contains(says), "{text}: {error}");
            assert!(
                !format!("{error:#?}{error:#}").replace("`canary`", "").contains("\"canary\"\n"),
                "{error:#?}"
            );
            assert!(!error.to_string().contains("4242"), "{error}");
        }
    }

    #[test]
    fn what_the_parser_says_is_told_unless_it_repeats_the_line() {
        let error = read("store = \"sqlite:x\"\nlisten = ").unwrap_err();
        let detail = error.detail().unwrap_or_default();
        let (_, said) = detail.split_once("at line 2, column ").unwrap();
        assert!(said.split_once(": ").is_some_and(|(_, said)| said.len() > 5), "{detail}");
        let canary = read("store = canary-of-a-secret").unwrap_err();
        assert!(!format!("{canary:?}").contains("canary"), "{canary:?}");
    }

    #[test]
    fn the_variables_that_hold_secrets_are_known() {
        let text = "store = { env = \"S\" }\n[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\nsecret = { env = \"A\" }\n\
                    token = { env = \"B\" }\naes_key = { file = \"f\" }\nprevious_aes_key = { env = \"C\" }\n";
        let settings = read(text).unwrap();
        let names: Vec<&str> = settings.secret_variables().collect();
        assert_eq!(names[..SECRET_VARIABLES.len()], SECRET_VARIABLES);
        assert_eq!(names[SECRET_VARIABLES.len()..], ["A", "B", "C", "S"]);
    }

    #[test]
    fn secrets_are_read_when_they_are_used() {
        let platform = "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n";
        let settings = read(&format!("{platform}secret = {{ env = \"MINIPROGRAM_TEST_NOT_SET\" }}")).unwrap();
        let error = settings.platforms[0].credential().unwrap_err();
        assert_eq!(error.field(), Some("secret"));
        assert!(error.advice().contains("MINIPROGRAM_TEST_NOT_SET"), "{error:#}");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "from a file\r\n").unwrap();
        let text = format!("{platform}secret = {{ file = \"{}\" }}", file.display());
        let settings = read(&text).unwrap();
        #[cfg(unix)]
        {
            set_mode(&file, 0o604);
            let error = settings.platforms[0].credential().unwrap_err();
            assert!(error.to_string().contains("others may read"), "{error}");
            assert!(error.advice().contains("chmod"), "{error:#}");
            set_mode(&file, 0o640);
        }
        assert_eq!(settings.platforms[0].credential().unwrap().expose(), "from a file");
        fs::write(&file, "\n").unwrap();
        assert!(settings.platforms[0].credential().unwrap_err().to_string().contains("is empty"));
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_makes_the_file_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.toml");
        let named = file.to_str().unwrap();
        let read = |text: &str| {
            fs::write(&file, text).unwrap();
            set_mode(&file, 0o644);
            Settings::read(&Overrides { file: Some(named), ..Overrides::default() }, &Vendors::bundled())
        };
        let platform = "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n";
        assert_eq!(read(&format!("{platform}secret = \"s\"")).unwrap_err().field(), Some("secret"));
        assert_eq!(read("store = \"postgres://u:p@localhost/x\"").unwrap_err().field(), Some("store"));
        assert!(read(&format!("store = \"sqlite:x\"\n{platform}secret = {{ env = \"A\" }}")).is_ok());
    }

    #[test]
    fn what_is_given_goes_above_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.toml");
        fs::write(&file, "store = \"sqlite:a\"\nlisten = \"127.0.0.1:1\"").unwrap();
        let given = Overrides {
            file: file.to_str(),
            store: Some(&Secret::new("sqlite:b.db")),
            listen: "127.0.0.1:2".parse().ok(),
        };
        let settings = Settings::read(&given, &Vendors::bundled()).unwrap();
        assert_eq!(settings.store().unwrap().unwrap().expose(), "sqlite:b.db", "as it was given");
        assert_eq!(settings.listen.unwrap().port(), 2);
        let none = Settings::read(&Overrides { file: Some(""), ..Overrides::default() }, &Vendors::bundled())
            .unwrap();
        assert!(none.store().unwrap().is_none() && none.platforms.is_empty());
        let missing = Settings::read(
            &Overrides { file: Some("/nowhere.toml"), ..Overrides::default() },
            &Vendors::bundled(),
        );
        assert!(missing.unwrap_err().to_string().contains("does not exist"));
    }
}
