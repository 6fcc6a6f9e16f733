//! No secret reaches a log, an error or a journal: canaries through every failure path at trace level.
//!
//! A separate binary, because it inspects the log of the whole process.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "../it/harness.rs"]
mod harness;

use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex};

use miniprogram::baidu::{BAIDU, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::journal::MemoryJournal;
use miniprogram::push::Push;
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::{BaseUrl, HttpTransport};
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Scope, SimConfig};

use crate::harness::{Rig, wechat_item};

const TOKEN: &str = "canaryTok3n00000000000000000000";
const CALLBACK_TOKEN: &str = "canaryCallbackT0ken";
const AES_KEY: &str = "canaryAesKey0000000000000000000000000000000";

/// Everything logged, at every level, by all crates.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every way to print an error.
fn printed(error: &Error) -> String {
    let mut text =
        format!("{error} {error:#} {error:?} {error:#?} {}", serde_json::to_string(&error.report()).unwrap());
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(&format!(" {source} {source:?}"));
        cause = source.source();
    }
    text
}

fn platform(vendor: Vendor, config: ClientConfig, callbacks: CallbackConfig) -> Box<dyn MiniProgramPlatform> {
    if vendor == BAIDU {
        Box::new(BaiduPlatform::new(config).unwrap().with_callbacks(callbacks))
    } else {
        Box::new(WeChatPlatform::new(config).unwrap().with_callbacks(callbacks))
    }
}

/// Fails in every possible way, and collects everything printable.
async fn fail_everywhere(vendor: Vendor) -> Vec<String> {
    let rig = Rig::start(vendor, SimConfig::new().with_seed(11)).await;
    let app = AppId::from("7007");
    rig.sim.add_app(AppSpec::new(vendor, app.clone()).with_token(TOKEN)).unwrap();
    let token = AccessToken::new(TOKEN).unwrap();
    let journal = Arc::new(MemoryJournal::default());
    let mut config = rig.client().with_journal(Arc::<MemoryJournal>::clone(&journal)).with_max_attempts(1);
    config.tokens = Arc::new(StaticToken::new(vendor, app.clone(), token.clone()));
    let callbacks = CallbackConfig::encrypted(CALLBACK_TOKEN, &Secret::new(AES_KEY))
        .and_then(|config| config.with_receiver_id("wx1a2b3c4d5e6f7081"))
        .unwrap();
    let options: SubmitOptions = if vendor == WECHAT {
        wechat::SubmitOptions::new().with_item(wechat_item()).into()
    } else {
        baidu::SubmitOptions::new("a", "b").into()
    };

    let mut seen = vec![format!("{config:?} {callbacks:?} {token:?}")];
    let mut collect = |error: Error| seen.push(printed(&error));
    let faults = [
        Some(Fault::Before(Disturbance::ServerError(503))),
        Some(Fault::Before(Disturbance::Busy)),
        Some(Fault::Before(Disturbance::Reset)),
        Some(Fault::Before(Disturbance::Hang)),
        Some(Fault::After(Disturbance::CutBody)),
        Some(Fault::After(Disturbance::GarbageBody)),
        Some(Fault::After(Disturbance::OversizedBody)),
        Some(Fault::ExpiredToken),
        Some(Fault::VendorError { code: 123_456, message: "words".to_owned() }),
        None,
    ];
    let expected = faults.len() * 2 - 2;
    let mut failures = 0;
    for fault in faults {
        rig.sim.clear_faults();
        match fault {
            Some(fault) => rig.sim.add_fault(FaultRule::always(Scope::All, fault)),
            // No fault: the token of another app.
            None => drop(rig.sim.rotate_token(&app).unwrap()),
        }
        let platform = platform(vendor, config.clone(), callbacks.clone());
        let program = platform.authorizer(app.clone());
        if let Err(error) = program.code_versions().await {
            failures += 1;
            collect(error);
        }
        if let Err(error) = program.set_visit_status(VisitStatus::Closed).await {
            failures += 1;
            collect(error);
        }
        if let Err(error) = program.submit_audit(&SubmitTarget::Newest, &options).await {
            collect(error);
        }
        collect(program.visit_status().await.err().unwrap_or_else(|| Error::new(ErrorKind::Vendor, "none")));
        let mut body =
            br#"{"Nonce":"1","TimeStamp":"1700000000","Encrypt":"AAAA","MsgSignature":"0"}"#.to_vec();
        let push = Push::new(Timestamp::from_unix(1_700_000_000), &mut body)
            .with_query("timestamp=1700000000&nonce=1&encrypt_type=aes&msg_signature=0");
        let decoder = platform.event_decoder().unwrap();
        collect(decoder.decode(push).unwrap_err());
        seen_debug(&mut collect, &*platform, &*program, &*decoder);
    }
    assert!(failures >= expected, "{vendor}: only {failures} of the calls failed");

    // The address has no listener any more.
    let mut gone = rig.client();
    let base_url = BaseUrl::parse(&rig.sim.base_url()).unwrap();
    drop(rig);
    gone.tokens = Arc::new(StaticToken::new(vendor, app.clone(), token));
    let transport = HttpTransport::new(base_url).unwrap();
    let platform = platform(vendor, gone.with_transport(Arc::new(transport)).with_max_attempts(1), callbacks);
    if let Err(error) = platform.authorizer(app.clone()).visit_status().await {
        collect(error);
    }
    let intents = serde_json::to_string(&journal.open_intents(&app)).unwrap();
    seen.push(format!("{intents} {:?}", journal.closed_intents(&app)));
    seen
}

fn seen_debug(
    collect: &mut impl FnMut(Error),
    platform: &dyn MiniProgramPlatform,
    program: &dyn MiniProgram,
    decoder: &dyn EventDecoder,
) {
    collect(
        Error::new(ErrorKind::Config, "debug").with_detail(format!("{platform:?} {program:?} {decoder:?}")),
    );
}

#[tokio::test]
async fn canaries_appear_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let mut everything = fail_everywhere(WECHAT).await;
    everything.extend(fail_everywhere(BAIDU).await);
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.lines().count() > 100, "the log was not captured");
    everything.push(logged);
    for text in &everything {
        for canary in [TOKEN, CALLBACK_TOKEN, AES_KEY, "canary"] {
            if let Some(at) = text.find(canary) {
                let from = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
                panic!("a secret was printed: …{}", &text[from..at]);
            }
        }
    }
}
