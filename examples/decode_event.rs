//! Decodes one encrypted push of each vendor through the same trait, and prints it as JSON.
//!
//! Run it: `cargo run --example decode_event`
//!
//! It needs neither network nor runtime. The vendors' encoders create the pushes, as in a gateway or a test; in a
//! server, query and body come from the request.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use miniprogram::baidu::event::{BaiduEventDecoder, BaiduEventEncoder};
use miniprogram::callback::{CallbackConfig, Seal};
use miniprogram::push::{CallbackCheck, OwnedPush};
use miniprogram::wechat::event::{PushRoute, WeChatEventDecoder, WeChatEventEncoder};
use miniprogram::{EventDecoder, Result, Secret, Timestamp};

const WECHAT_MESSAGE: &str = "<xml>
    <ToUserName><![CDATA[gh_fb9688c2a4b2]]></ToUserName>
    <FromUserName><![CDATA[od1P50M-fNQI5Gcq-trm4a7apsU8]]></FromUserName>
    <CreateTime>1488856591</CreateTime>
    <MsgType><![CDATA[event]]></MsgType>
    <Event><![CDATA[weapp_audit_fail]]></Event>
    <Reason><![CDATA[1:账号信息不符合规范:<br>(1):包含色情因素<br>]]></Reason>
    <FailTime>1488856591</FailTime>
</xml>";

const BAIDU_MESSAGE: &str = r#"{
    "appId": 1452365,
    "tpAppId": 17328232,
    "eventTime": "2019-01-14 12:45:10",
    "event": "PACKAGE_AUDIT_PASS",
    "packageId": 529394,
    "packageVersion": "0.2.2"
}"#;

fn main() -> Result<()> {
    // Token and key are shown in the vendor's console; read them from the environment or a secret store.
    let key = Secret::new("R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5");
    let wechat =
        CallbackConfig::encrypted("token of WeChat", &key)?.with_receiver_id("wx1a2b3c4d5e6f7081")?;
    let baidu = CallbackConfig::encrypted("token of Baidu", &key)?.with_platform_id("17328232");

    let now = Timestamp::from_unix(1_690_000_000);
    let route = PushRoute::Message { original_id: "gh_fb9688c2a4b2" };
    let seal = Seal::new(now, "20230722");
    let wechat_push = WeChatEventEncoder::new(wechat.clone())?.seal_push(route, WECHAT_MESSAGE, &seal)?;
    let baidu_push = BaiduEventEncoder::new(baidu.clone())?.seal_push(BAIDU_MESSAGE, &seal)?;

    let received: [(Box<dyn EventDecoder>, OwnedPush); 2] = [
        (Box::new(WeChatEventDecoder::new(wechat)?), wechat_push),
        (Box::new(BaiduEventDecoder::new(baidu)), baidu_push),
    ];
    for (decoder, mut push) in received {
        let mut forged = push.clone();
        forged.received_at = now.after(std::time::Duration::from_secs(301));

        // WeChat's audit pushes name their app only by its original id; the receiver must map it.
        let event = decoder.decode(push.as_push())?;
        println!("{}", serde_json::to_string_pretty(&event).expect("an event is always JSON"));

        // Respond to a refusal with 4xx and nothing else; log which check failed.
        let refusal = decoder.decode(forged.as_push()).expect_err("it is too old");
        if let Some(check) = CallbackCheck::of(&refusal) {
            println!("the same push 301 seconds later: {check}\n");
        }
    }
    Ok(())
}
