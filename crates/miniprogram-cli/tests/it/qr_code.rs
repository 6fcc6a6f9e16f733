//! The QR code is written completely or not at all.

use crate::support::{BAIDU_APP, Bench, WECHAT_APP};

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_written_whole_and_never_over_another_file() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    for app in [WECHAT_APP, BAIDU_APP] {
        let file = folder.path().join(app);
        let name = file.to_str().unwrap();
        let line = ["code", "qrcode", "--path", "pages/index/index", "--output", name];
        let result = bench.run(app, &line).json();
        let image = std::fs::read(&file).unwrap();
        assert!(image.starts_with(b"\xff\xd8\xff") || image.starts_with(b"\x89PNG"));
        assert_eq!((&result["output"], &result["bytes"]), (&name.into(), &image.len().into()));

        std::fs::write(&file, "mine").unwrap();
        let before = bench.sim.requests();
        let error = bench.run(app, &line).error(1);
        assert_eq!(error["field"], "output");
        assert_eq!((bench.sim.requests(), std::fs::read(&file).unwrap().as_slice()), (before, &b"mine"[..]));
        bench.run(app, &[&line[..], &["--force"]].concat()).json();
        assert_eq!(std::fs::read(&file).unwrap(), image);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_when_it_fails() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent/code.png");
    let line = ["code", "qrcode", "--output", absent.to_str().unwrap()];
    assert_eq!(bench.run(WECHAT_APP, &line).error(1)["field"], "output");
    let file = folder.path().join("code.png");
    let line = ["code", "qrcode", "--package-id", "5", "--output", file.to_str().unwrap()];
    bench.run(WECHAT_APP, &line).error(3);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_gets_the_bytes_alone() {
    let bench = Bench::start().await;
    let output = bench.command(WECHAT_APP, &["code", "qrcode", "--output", "-"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(output.stdout.starts_with(b"\xff\xd8\xff") || output.stdout.starts_with(b"\x89PNG"));
}
