//! The cost of decoding a push on top of its cryptography.
//!
//! ```sh
//! cargo bench --bench callbacks
//! ```
//!
//! Compare within one run: `decode` with `floor`, which only checks the signature and opens the frame.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use miniprogram::baidu::event::{BaiduEventDecoder, BaiduEventEncoder};
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::push::OwnedPush;
use miniprogram::vendor_api::frame::{self, FrameKey, HexCase};
use miniprogram::wechat::event::{PushRoute, WeChatEventDecoder, WeChatEventEncoder};
use miniprogram::{EventDecoder, Secret, Timestamp};

const KEY: &str = "R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5";
const TOKEN: &str = "refTok7";
const WECHAT_MESSAGE: &str = "<xml><ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName><FromUserName><![CDATA[od1P50M]]></FromUserName><CreateTime>1488856591</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[weapp_audit_fail]]></Event><Reason><![CDATA[1:账号信息不符合规范:<br>(1):包含色情因素<br>]]></Reason><FailTime>1488856591</FailTime></xml>";
const BAIDU_MESSAGE: &str = r#"{"appId":1452365,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10","event":"PACKAGE_AUDIT_PASS","packageId":529394,"packageVersion":"0.2.2"}"#;

fn decoding(criterion: &mut Criterion) {
    let now = Timestamp::from_unix(1_690_000_000);
    let seal = Seal::new(now, "20230722");
    let config = CallbackConfig::encrypted(TOKEN, &Secret::new(KEY))
        .and_then(|config| config.with_receiver_id("wx1a2b3c4d5e6f7081"))
        .expect("valid secrets");
    let route = PushRoute::Message { original_id: "gh_fb9688c2a4b2" };
    let wechat =
        WeChatEventEncoder::new(config.clone()).and_then(|to| to.seal_push(route, WECHAT_MESSAGE, &seal));
    let baidu = BaiduEventEncoder::new(config.clone()).and_then(|to| to.seal_push(BAIDU_MESSAGE, &seal));
    let decoders: [(Box<dyn EventDecoder>, OwnedPush, &str); 2] = [
        (
            Box::new(WeChatEventDecoder::new(config.clone()).expect("a decoder")),
            wechat.expect("a push"),
            WECHAT_MESSAGE,
        ),
        (Box::new(BaiduEventDecoder::new(config)), baidu.expect("a push"), BAIDU_MESSAGE),
    ];
    let key = FrameKey::parse(&Secret::new(KEY)).expect("a key of 43 characters");
    for (decoder, push, message) in decoders {
        let mut group = criterion.benchmark_group(decoder.vendor().to_string());
        let sealed = frame::seal(&key, seal.random, message.as_bytes(), b"wx1a2b3c4d5e6f7081");
        let signature = frame::signature(&[TOKEN, "1690000000", "20230722", &sealed]);
        group.bench_function("floor", |bencher| {
            bencher.iter_batched(
                || sealed.clone(),
                |sealed| {
                    let parts = [TOKEN, "1690000000", "20230722", sealed.as_str()];
                    assert!(frame::signature_holds(&parts, &signature, HexCase::Lower));
                    let mut bytes = sealed.into_bytes();
                    frame::open(&key, &mut bytes).expect("an honest frame").message.len()
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function("decode", |bencher| {
            bencher.iter_batched(
                || push.clone(),
                |mut push| decoder.decode(push.as_push()).expect("an honest push").into_owned(),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, decoding);
criterion_main!(benches);
