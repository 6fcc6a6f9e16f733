//! The gate of a plan.

use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::Result;
use miniprogram_core::vendor_api::Printable;
use serde::Deserialize;

use super::super::gate::{GateRequest, HealthGate};
use super::post::Poster;
use super::program::Program;
use crate::machine::{Gated, Health};
use crate::plan::{Gate, GateCheck};

/// How much of what a gate says is kept, in characters.
const LONGEST: usize = 400;

/// Asks the program or the URL that a plan names. It gets the [`GateRequest`] as JSON.
///
/// | | pass | fail | inconclusive |
/// |---|---|---|---|
/// | program | exit status 0 | exit status 1 | any other end, also one that cannot be started or takes too long |
/// | URL | `{"verdict":"pass"}` with status 200 | `{"verdict":"fail"}` | anything else |
///
/// The first line of a program's standard output, and `note` of a URL's response, are kept in the ledger.
#[derive(Debug)]
pub struct PlanGate {
    check: Check,
    timeout: Duration,
}

#[derive(Debug)]
enum Check {
    Program(Program),
    Url(String, Poster),
}

impl PlanGate {
    pub(super) fn new(gate: &Gate, withheld: Vec<String>) -> Result<Self> {
        let check = match &gate.check {
            GateCheck::Command(line) => Check::Program(Program::new(line, &withheld)),
            GateCheck::Url(url) => Check::Url(url.clone(), Poster::new()?),
        };
        Ok(Self { check, timeout: gate.timeout })
    }
}

#[async_trait]
impl HealthGate for PlanGate {
    async fn check(&self, request: &GateRequest) -> Gated {
        let asked = serde_json::to_string(request).unwrap_or_default();
        let answer = match &self.check {
            Check::Program(program) => program.run(&asked, self.timeout).await.map(|ended| {
                let health = match ended.status.code() {
                    Some(0) => Health::Pass,
                    Some(1) => Health::Fail,
                    _ => Health::Inconclusive,
                };
                let unclear = || Some(ended.status.to_string()).filter(|_| health == Health::Inconclusive);
                (health, ended.said.clone().or_else(unclear))
            }),
            Check::Url(url, poster) => {
                poster.post(url, &[], asked, self.timeout).await.map(|(status, body)| {
                    match (status, serde_json::from_slice::<Verdict>(&body)) {
                        (200, Ok(verdict)) => (verdict.verdict, verdict.note),
                        (200, Err(_)) => {
                            (Health::Inconclusive, Some("the response has no verdict".to_owned()))
                        }
                        _ => (Health::Inconclusive, Some(format!("HTTP status {status}"))),
                    }
                })
            }
        };
        let (health, note) = answer.unwrap_or_else(|why| (Health::Inconclusive, Some(why)));
        let short = |note: String| Printable(&note).to_string().chars().take(LONGEST).collect();
        Gated::new(health, note.map(short))
    }
}

/// What a URL returns.
#[derive(Deserialize)]
struct Verdict {
    verdict: Health,
    #[serde(default)]
    note: Option<String>,
}
