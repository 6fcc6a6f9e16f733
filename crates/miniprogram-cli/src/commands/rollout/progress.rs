//! The progress of a rollout: bars per wave and vendor on a terminal, otherwise a JSON line for each change.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use miniprogram::Vendor;
use miniprogram_rollout::engine::RolloutStatus;
use miniprogram_rollout::machine::Phase;
use miniprogram_rollout::plan::Settings;

use super::status::{halted, state};
use crate::failure::Failure;
use crate::output::{Output, to_value};
use crate::terminal::Format;

/// How a bar looks: the wave and the vendor, the share of apps that have ended, and where the others are.
const BAR: &str = "{prefix:24} [{bar:30}] {pos}/{len}  {wide_msg}";

/// Shows how far a rollout is.
pub(super) struct Progress {
    output: Output,
    /// None where lines are printed.
    bars: Option<Bars>,
    last: Option<serde_json::Value>,
}

struct Bars {
    all: MultiProgress,
    waves: Vec<String>,
    bars: BTreeMap<(u32, Vendor), ProgressBar>,
    head: ProgressBar,
}

impl Progress {
    pub(super) fn new(output: Output, plan: &Settings) -> Self {
        let on_terminal = output.format() == Format::Table && std::io::stderr().is_terminal();
        let bars = on_terminal.then(|| {
            let all = MultiProgress::new();
            let head = all.add(ProgressBar::no_length().with_style(style("{wide_msg}")));
            let waves = plan.waves.iter().map(|wave| wave.name.clone()).collect();
            Bars { all, waves, bars: BTreeMap::new(), head }
        });
        Self { output, bars, last: None }
    }

    /// Shows a status, if it is another one than before.
    pub(super) fn show(&mut self, status: &RolloutStatus) -> Result<(), Failure> {
        let value = to_value(status)?;
        if self.last.as_ref() == Some(&value) {
            return Ok(());
        }
        match &mut self.bars {
            Some(bars) => bars.show(status),
            None => self.output.json(&value)?,
        }
        self.last = Some(value);
        Ok(())
    }

    /// Says something beside the bars.
    pub(super) fn say(&self, text: &str) {
        match &self.bars {
            // If the terminal is gone, there is no way to report that.
            Some(bars) => drop(bars.all.println(text)),
            None => self.output.remark(text),
        }
    }

    /// Shows the last status, and leaves the bars as they are.
    pub(super) fn finish(mut self, status: &RolloutStatus) -> Result<(), Failure> {
        self.show(status)?;
        if let Some(bars) = &self.bars {
            bars.bars.values().chain([&bars.head]).for_each(ProgressBar::abandon);
        }
        Ok(())
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

impl Bars {
    fn show(&mut self, status: &RolloutStatus) {
        let why = halted(status).map(|why| format!(": {why}")).unwrap_or_default();
        self.head.set_message(format!("{}  {}{why}", status.name, state(status)));
        let mut counts: BTreeMap<(u32, Vendor), Vec<(&str, u64)>> = BTreeMap::new();
        for count in &status.counts {
            counts.entry((count.wave, count.vendor)).or_default().push((&count.phase, count.apps));
        }
        for ((wave, vendor), phases) in counts {
            let (all, waves) = (&self.all, &self.waves);
            let bar = self.bars.entry((wave, vendor)).or_insert_with(|| {
                let name = waves.get(wave as usize).map_or("", String::as_str);
                all.add(ProgressBar::new(0).with_style(style(BAR)).with_prefix(format!("{name} {vendor}")))
            });
            let is_end =
                |phase: &str| Phase::ALL.iter().any(|known| known.as_str() == phase && known.is_end());
            bar.set_length(phases.iter().map(|(_, apps)| apps).sum());
            bar.set_position(phases.iter().filter(|(phase, _)| is_end(phase)).map(|(_, apps)| apps).sum());
            let told: Vec<_> = phases.iter().map(|(phase, apps)| format!("{phase} {apps}")).collect();
            bar.set_message(told.join(", "));
        }
    }
}
