//! What is asked before what cannot be undone, at a real terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use miniprogram::AppId;
use miniprogram_sim::{Decision, State};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::rollouts::{self, VERSION, count, status_with};
use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP};

/// How long a test waits before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command at a terminal. Once it asks, the answer is typed. Returns how it ended and what the terminal shows.
fn at_a_terminal(command: &mut Command, answer: Option<&str>) -> (i32, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let side = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
    // The command holds copies of its own.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(terminal);
    let mut master = File::from(master);
    let mut screen = master.try_clone().unwrap();
    let (sender, read) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 1024];
        // Fails once nobody has the terminal open any more.
        while let Ok(count @ 1..) = screen.read(&mut bytes) {
            if sender.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let (mut shown, mut answered) = (String::new(), false);
    while let Ok(bytes) = read.recv_timeout(PATIENCE) {
        shown += &String::from_utf8_lossy(&bytes);
        if let (Some(answer), false) = (answer, answered)
            && shown.contains("[y/N] ")
        {
            master.write_all(answer.as_bytes()).unwrap();
            answered = true;
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(answered, answer.is_some(), "{shown}");
    (status.code().unwrap_or(-1), shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_asked_about_at_a_terminal_and_nowhere_else() {
    let bench = Bench::start().await;
    let publish = ["release", "publish"];
    let released = || bench.sim.effects(&AppId::from(WECHAT_APP), "release");
    bench.arrange(WECHAT_APP, &State::Approved);
    for answer in ["n\n", "\n", "maybe\n"] {
        let (code, shown) = at_a_terminal(&mut bench.command(WECHAT_APP, &publish), Some(answer));
        assert_eq!((code, released()), (1, 0), "{answer:?}: {shown}");
        assert!(shown.contains(&format!("wechat {WECHAT_APP}: all of its users get version")), "{shown}");
        assert!(shown.contains("not confirmed"), "{shown}");
    }
    // A dry run has nothing to ask.
    let dry = [&publish[..], &["--dry-run"]].concat();
    let (code, shown) = at_a_terminal(&mut bench.command(WECHAT_APP, &dry), None);
    assert_eq!((code, released()), (0, 0), "{shown}");
    let (code, shown) = at_a_terminal(&mut bench.command(WECHAT_APP, &publish), Some("y\n"));
    assert_eq!((code, released()), (0, 1), "{shown}");

    let rolled_back = || bench.sim.effects(&AppId::from(WECHAT_APP), "rollback");
    let rollback = ["release", "rollback"];
    let (code, shown) = at_a_terminal(&mut bench.command(WECHAT_APP, &rollback), Some("no\n"));
    assert_eq!((code, rolled_back()), (1, 0), "{shown}");
    // Answered beforehand.
    let (code, shown) = at_a_terminal(&mut bench.command(WECHAT_APP, &["release", "rollback", "-y"]), None);
    assert_eq!((code, rolled_back()), (0, 1), "{shown}");
    // No terminal, no question.
    bench.arrange(BAIDU_APP, &State::Approved);
    let ran = Ran::of(&mut bench.command(BAIDU_APP, &publish));
    assert_eq!((ran.code, bench.sim.effects(&AppId::from(BAIDU_APP), "release")), (0, 1), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_asked_about_before_it_is_started_aborted_and_rolled_back() {
    let platforms = rollouts::platforms().await;
    let daemon = platforms.serve(&[]);
    let ask = |line: &[&str], answer| at_a_terminal(&mut platforms.command(line), answer);
    let (code, shown) = ask(&["rollout", "start", "spring.toml"], Some("n\n"));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains(&format!("version {VERSION} to 1 apps of wechat")), "{shown}");
    assert_eq!(platforms.run(&["rollout", "status", "spring"]).error(1)["kind"], "not_found");
    let (code, shown) = ask(&["rollout", "start", "spring.toml"], Some("yes\n"));
    assert_eq!(code, 0, "{shown}");
    status_with(&platforms, |status| count(status, "in_review") == 2).await;

    for order in ["abort", "rollback", "promote"] {
        let (code, shown) = ask(&["rollout", order, "spring"], Some("n\n"));
        assert_eq!(code, 1, "{order}: {shown}");
        assert!(shown.contains("spring, 2 apps: "), "{order}: {shown}");
    }
    // What can be taken back is not asked about.
    for order in [&["rollout", "pause", "spring"][..], &["rollout", "resume", "spring"]] {
        let (code, shown) = ask(order, None);
        assert_eq!(code, 0, "{shown}");
    }
    for app in [WECHAT_APP, BAIDU_APP] {
        platforms.sim.decide_audit(&AppId::from(app), &Decision::Approve).unwrap();
    }
    status_with(&platforms, |status| count(status, "released") == 2).await;
    let (code, shown) = ask(&["rollout", "rollback", "spring", "--yes"], None);
    assert_eq!(code, 0, "{shown}");
    status_with(&platforms, |status| count(status, "rolled_back") == 2).await;
    daemon.stop();
}
