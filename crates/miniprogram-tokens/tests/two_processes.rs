//! Two processes on one PostgreSQL: an expiry causes one refresh, whichever process notices it, and a process that
//! sleeps through its lease does not overwrite what the other one wrote.
//!
//! Without the test harness, because this program is also the processes that it starts.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and speak"
)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use baidu_smartapp::{BAIDU, BaiduAuthorization};
use futures::future::join_all;
use miniprogram_core::authorization::AuthorizationApi;
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::{AppId, ClientConfig, Secret, Vendor};
use miniprogram_sim::{AppSpec, Callback, SimConfig, Simulator};
use miniprogram_store::{Acquired, NewTokens, PlatformKey, PostgresStore, StoreOptions, Ticket, TokenStore};
use miniprogram_tokens::TokenManager;
use wechat_wxa::{WECHAT, WeChatAuthorization};

#[path = "../../miniprogram-store/tests/it/postgres.rs"]
mod postgres;

const EXPIRIES: u64 = 500;
/// Per process: 100 in all.
const CALLERS: usize = 50;
const MODELS: [(Vendor, &str); 2] = [(WECHAT, "wx0123456789abcdef"), (BAIDU, "17000001")];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match std::env::args().nth(1).as_deref() {
        Some("caller") => runtime.block_on(caller()),
        // Whatever cargo passes on, such as a filter: this is one test.
        _ => runtime.block_on(test()),
    }
}

fn scope(vendor: Vendor, app: &str) -> TokenScope {
    TokenScope::authorizer(vendor, Callback::sample(vendor).platform_id.into(), AppId::from(app))
}

/// A process of the platform: for every line on its standard input, all its callers use the previous token, have it
/// refused, and request another one, which is printed.
async fn caller() {
    let [url, base, secret, key] = ["URL", "BASE", "SECRET", "KEY"].map(|name| std::env::var(name).unwrap());
    let store = Arc::new(PostgresStore::connect(&url, StoreOptions::default()).await.unwrap());
    let config = |vendor| {
        ClientConfig::without_tokens(Callback::sample(vendor).platform_id)
            .with_base_url(BaseUrl::parse(&base).unwrap())
    };
    let apis: [Arc<dyn AuthorizationApi>; 2] = [
        Arc::new(WeChatAuthorization::new(config(WECHAT), secret).unwrap()),
        Arc::new(BaiduAuthorization::new(config(BAIDU), key).unwrap()),
    ];
    let manager = apis
        .into_iter()
        .fold(TokenManager::builder(store), |builder, api| builder.with_platform(api))
        .build()
        .unwrap();
    let mut held: [Option<AccessToken>; 2] = [None, None];
    for line in std::io::stdin().lines() {
        let model: usize = line.unwrap().parse().unwrap();
        let scope = scope(MODELS[model].0, MODELS[model].1);
        let callers = (0..CALLERS).map(|_| {
            let (manager, scope, refused) = (manager.clone(), scope.clone(), held[model].clone());
            tokio::spawn(async move {
                if let Some(refused) = refused {
                    manager.reject(&scope, &refused).await.unwrap();
                }
                manager.token(&scope).await.unwrap()
            })
        });
        let mut tokens: Vec<_> = join_all(callers).await.into_iter().map(Result::unwrap).collect();
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "everybody is given the same token");
        println!("{}", tokens[0].secret().expose());
        held[model] = tokens.pop();
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(url: &str, sim: &Simulator) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("caller")
            .env("URL", url)
            .env("BASE", sim.base_url())
            .env("SECRET", sim.wechat_secret().expose())
            .env("KEY", sim.baidu_key())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn tell(&mut self, model: usize) {
        writeln!(self.input, "{model}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        assert!(
            self.output.read_line(&mut line).unwrap() > 0,
            "the process has ended: {:?}",
            self.child.try_wait()
        );
        line.trim().to_owned()
    }
}

async fn test() {
    let Some(url) = postgres::database("two_processes_refresh_once") else { return };
    let sim = Simulator::start(SimConfig::new()).await.unwrap();
    let store = PostgresStore::migrate(&url, StoreOptions::default()).await.unwrap();
    let now = SystemClock.now();
    for (vendor, app) in MODELS {
        let first = format!("46.{app}.first");
        sim.add_app(AppSpec::new(vendor, app).with_refresh_token(first.clone())).unwrap();
        let ticket = Ticket::new(sim.push_ticket(vendor).unwrap(), now, now);
        let platform = Callback::sample(vendor).platform_id;
        store.save_ticket(&PlatformKey::new(vendor, platform), &ticket).await.unwrap();
        let lease = store.acquire(&scope(vendor, app), "setup", now, Duration::from_secs(60)).await.unwrap();
        let Acquired::Granted { lease, .. } = lease else { panic!("somebody holds the lease of a new app") };
        let tokens = NewTokens::new(None).with_refresh_token(Some(Secret::new(first)));
        store.commit(&lease, &tokens, now).await.unwrap();
    }
    let mut processes = [Process::start(&url, &sim), Process::start(&url, &sim)];
    for expiry in 1..=EXPIRIES {
        for (model, (vendor, app)) in MODELS.into_iter().enumerate() {
            let app = AppId::from(app);
            sim.expire_token(&app).unwrap();
            processes.iter_mut().for_each(|process| process.tell(model));
            let current = [processes[0].answer(), processes[1].answer()];
            assert_eq!(sim.effects(&app, "refresh"), expiry, "{vendor}: one refresh per expiry");
            assert_eq!(current[0], current[1], "{vendor}");
            assert_eq!(current[0], sim.token(&app).unwrap().expose(), "{vendor}");
        }
    }
    println!("{EXPIRIES} expiries per vendor, 2 processes of {CALLERS} callers: one refresh each");
}
