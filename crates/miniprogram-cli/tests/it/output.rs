//! Tables, closed pipes, full disks.

use std::process::Stdio;

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command};

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_plain_and_aligned_where_nobody_looks() {
    let bench = Bench::start().await;
    let table = |app, line: &[&str]| Ran::of(bench.command(app, line).env("CLICOLOR_FORCE", "1"));
    let categories = table(BAIDU_APP, &["code", "categories"]);
    assert!(!categories.stdout.contains('\u{1b}'));
    let expected = "\
FIRST           SECOND                THIRD
1 快递业与邮政  2 快递
1 快递业与邮政  3 邮政
5 工具          6 备忘录
5 工具          7 日历
5 工具          8 天气
5 工具          9 计算类
5 工具          10 办公
190 教育        197 学历教育（学校）
190 教育        198 教育信息服务
";
    assert_eq!(categories.stdout, expected);
    let versions = table(WECHAT_APP, &["code", "versions"]).stdout;
    assert!(versions.starts_with("VERSION  STAGE     PACKAGE_ID  AUDIT_ID"), "{versions}");
    assert!(versions.lines().all(|line| line == line.trim_end()), "{versions}");
    let effect = table(WECHAT_APP, &["release", "visit", "close"]).stdout;
    assert!(effect.starts_with("outcome     done\nevidence    answered\nattempts    1\n"), "{effect}");
    let visit = table(BAIDU_APP, &["release", "visit", "status"]).stdout;
    assert_eq!(visit, "status      open\nraw_status  baidu app 1\n");
    let gray = table(WECHAT_APP, &["release", "gray", "status"]).stdout;
    assert_eq!(gray, "no gray release has been started\n");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for line in [&["completions", "zsh"][..], &["vendors"], &["--help"], &["sim"]] {
        let mut command = command();
        let mut child = command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{line:?}");
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Ran::of(command().args(["completions", shell]));
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains("miniprogram") && ran.stdout.contains("qrcode"), "{shell}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_cannot_be_printed_is_done_all_the_same() {
    let bench = Bench::start().await;
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = bench.command(WECHAT_APP, &["release", "visit", "close", "--format", "json"]);
    let error = Ran::of(command.stdout(full)).error(1);
    assert_eq!((&error["operation"], &error["outcome"]), (&"output".into(), &"done".into()));
    assert_eq!(bench.sim.effects(&WECHAT_APP.into(), "set_visit_status"), 1);
}
