//! A private PostgreSQL server for tests, started once per test binary. Other crates' tests include this file by path.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// The script that runs the server: it stops when its standard input closes, which a killed test causes as well.
struct Server {
    _script: Child,
    names: ChildStdin,
    urls: BufReader<ChildStdout>,
    databases: u32,
}

static SERVER: OnceLock<Result<Mutex<Server>, String>> = OnceLock::new();

/// URL of a new, empty database. `None`, reported with the test's name, if PostgreSQL is unavailable.
pub(crate) fn database(test: &str) -> Option<String> {
    match SERVER.get_or_init(|| start(&[]).map(Mutex::new)) {
        Ok(server) => Some(server.lock().unwrap().database()),
        Err(why) => {
            say_skipped(test, why);
            None
        }
    }
}

/// Starts a server with its own options; it is stopped when dropped.
#[allow(dead_code, reason = "not every test binary that includes this file needs one")]
pub(crate) fn server_with(test: &str, options: &[&str]) -> Option<(impl Sized + use<>, String)> {
    match start(options) {
        Ok(mut server) => {
            let url = server.database();
            Some((server, url))
        }
        Err(why) => {
            say_skipped(test, &why);
            None
        }
    }
}

/// Reports it despite the captured output of passing tests.
fn say_skipped(test: &str, why: &str) {
    let line = format!("skipped: {test}: PostgreSQL cannot be had here: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn start(options: &[&str]) -> Result<Server, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script =
        here.ancestors().map(|directory| directory.join("scripts/postgres")).find(|path| path.exists());
    let script = script.ok_or("scripts/postgres is not part of this package")?;
    let mut script = Command::new(script)
        .args(options)
        // Killing the tests' process group leaves the script running to clean up.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|problem| problem.to_string())?;
    let (names, mut urls) = (script.stdin.take().unwrap(), BufReader::new(script.stdout.take().unwrap()));
    let mut ready = String::new();
    if urls.read_line(&mut ready).unwrap() > 0 {
        return Ok(Server { _script: script, names, urls, databases: 0 });
    }
    let output = script.wait_with_output().unwrap();
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(output.status.code(), Some(77), "scripts/postgres failed: {why}");
    Err(why)
}

impl Server {
    fn database(&mut self) -> String {
        self.databases += 1;
        writeln!(self.names, "test_{}", self.databases).unwrap();
        let mut url = String::new();
        self.urls.read_line(&mut url).unwrap();
        assert!(url.starts_with("postgres://"), "scripts/postgres made no database");
        url.trim().to_owned()
    }
}
