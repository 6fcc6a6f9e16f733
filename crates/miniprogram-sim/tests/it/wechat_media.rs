use miniprogram_sim::State;
use reqwest::Method;

use crate::support::{Bench, start_time};
use crate::wechat_support::{GIF, MP4};

const AUDIT: &str = "/wxa/uploadmedia";
const MATERIAL: &str = "/cgi-bin/media/upload";
const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn material_for_an_audit() {
    let bench = Bench::wechat(State::Online).await;
    let picture = bench.file(AUDIT, "media", "a.gif", GIF).await.json();
    assert_eq!((&picture["errcode"], &picture["type"]), (&0.into(), &"image".into()));
    assert!(!picture["mediaid"].as_str().unwrap().is_empty());
    assert_eq!(bench.file(AUDIT, "media", "a.mp4", MP4).await.json()["type"], "video");
    // The bytes decide, not the file name.
    assert_eq!(bench.file(AUDIT, "media", "a.png", "no picture").await.code(), 40005);
    let large = |start: &str, size: usize| format!("{start}{}", "x".repeat(size));
    assert_eq!(bench.file(AUDIT, "media", "a.gif", &large(GIF, 2 * MEGABYTE)).await.code(), 40006);
    assert_eq!(bench.file(AUDIT, "media", "a.mp4", &large(MP4, 9 * MEGABYTE)).await.code(), 0);
    assert_eq!(bench.file(AUDIT, "media", "a.mp4", &large(MP4, 10 * MEGABYTE)).await.code(), 40006);
    assert_eq!(bench.file(AUDIT, "file", "a.gif", GIF).await.code(), 41005);
    assert_eq!(bench.file(AUDIT, "media", "a.gif", "").await.code(), 44001);
    assert_eq!(bench.post_text(AUDIT, "{}").await.code(), 41005);
    assert_eq!(bench.get(AUDIT).await.code(), 43002);
    assert_eq!(bench.effects("upload_audit_media"), 3);
    let name = bench.sim.truth(&bench.app).unwrap().name;
    bench.sim.set_wechat_name_rules([(name, 53012)]);
    assert_eq!(bench.file(AUDIT, "media", "a.gif", GIF).await.code(), 86020);
}

#[tokio::test]
async fn temporary_material_is_answered_without_a_code() {
    let bench = Bench::wechat(State::Online).await;
    let picture = bench.file("/cgi-bin/media/upload?type=image", "media", "a.gif", GIF).await.json();
    assert!(picture.get("errcode").is_none() && picture.get("errmsg").is_none(), "{picture}");
    assert_eq!((&picture["type"], &picture["created_at"]), (&"image".into(), &start_time().as_unix().into()));
    assert_eq!(picture["media_id"].as_str().unwrap().len(), 64);
    assert_eq!(
        bench.file("/cgi-bin/media/upload?type=video", "media", "a.mp4", MP4).await.json()["type"],
        "video"
    );
    for (query, content, code) in [
        ("?type=paper", GIF, 40004),
        ("", GIF, 40004),
        ("?type=image", MP4, 40005),
        ("?type=voice", GIF, 40005),
        ("?type=image", "", 44001),
    ] {
        let seen = bench.file(&format!("{MATERIAL}{query}"), "media", "a", content).await;
        assert_eq!(seen.code(), code, "{query}");
    }
    let thumb = format!("{GIF}{}", "x".repeat(64 * 1024));
    assert_eq!(bench.file("/cgi-bin/media/upload?type=thumb", "media", "a.gif", &thumb).await.code(), 40006);
    assert_eq!(bench.effects("upload_material"), 2);
    let logged = bench.sim.request_log();
    assert!(
        logged.iter().all(|request| request.body.len() <= 8000 && request.method == Method::POST.as_str())
    );
}
