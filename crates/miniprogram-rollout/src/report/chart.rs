//! The charts, as the inside of an SVG element.
//!
//! Lines and texts are drawn in [`INK`]; the style sheet replaces that colour, so that they are readable on a light and
//! on a dark ground. The colours of the marks are chosen for both.

use miniprogram_core::Timestamp;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::timeline::{Group, Sample};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const INK: RGBColor = RGBColor(128, 128, 128);
const WIDTH: u32 = 900;
const FONT: &str = "sans-serif";
const SIZE: u32 = 16;

/// The colours of vendors, and of whose move it is.
pub(super) const SERIES: [RGBColor; 5] = [
    RGBColor(46, 125, 50),
    RGBColor(30, 118, 200),
    RGBColor(214, 120, 20),
    RGBColor(150, 80, 190),
    RGBColor(0, 145, 150),
];

/// The colour of a series, as CSS and SVG write it.
pub(super) fn css((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

pub(super) const fn colour(group: Group) -> RGBColor {
    match group {
        Group::Released => RGBColor(46, 125, 50),
        Group::Releasing => RGBColor(120, 185, 80),
        Group::Gray => RGBColor(205, 190, 70),
        Group::InReview => RGBColor(30, 118, 200),
        Group::Preparing => RGBColor(110, 175, 225),
        Group::Looking => RGBColor(0, 145, 150),
        Group::Waiting => RGBColor(200, 200, 205),
        Group::TakingBack => RGBColor(150, 80, 190),
        Group::Left => RGBColor(110, 100, 120),
        Group::Rejected => RGBColor(225, 130, 20),
        Group::Failed => RGBColor(200, 40, 45),
    }
}

/// A chart: its size, and the elements inside of it.
pub(super) struct Chart {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) inside: String,
}

/// A row of bars.
pub(super) struct Row {
    pub(super) label: String,
    /// How long each bar is, and its colour.
    pub(super) bars: Vec<(u64, RGBColor)>,
}

/// Draws rows of horizontal bars, each with its number.
pub(super) fn bars(rows: &[Row]) -> Chart {
    const BAR: i32 = 18;
    const GAP: i32 = 12;
    const LABELS: i32 = 300;
    const NUMBERS: i32 = 90;
    let row_height = |row: &Row| BAR * i32::try_from(row.bars.len()).unwrap_or(1).max(1) + GAP;
    let height = rows.iter().map(row_height).sum::<i32>() + GAP;
    let longest = rows.iter().flat_map(|row| &row.bars).map(|(count, _)| *count).max().unwrap_or(0).max(1);
    let room = f64::from(WIDTH as i32 - LABELS - NUMBERS);
    drawn(u32::try_from(height).unwrap_or(1), |area| {
        let mut top = GAP;
        for row in rows {
            let middle = top + (row_height(row) - GAP) / 2;
            area.draw(&Text::new(fitting(&row.label, 38), (LABELS - 10, middle), text(HPos::Right)))?;
            for (count, colour) in &row.bars {
                let length = (*count as f64 / longest as f64 * room).round() as i32;
                let end = LABELS + if *count > 0 { length.max(1) } else { 0 };
                area.draw(&Rectangle::new([(LABELS, top + 1), (end, top + BAR - 1)], colour.filled()))?;
                area.draw(&Text::new(count.to_string(), (end + 6, top + BAR / 2), text(HPos::Left)))?;
                top += BAR;
            }
            top += GAP;
        }
        area.draw(&PathElement::new([(LABELS, 0), (LABELS, height)], INK))?;
        Ok(())
    })
}

/// Draws how many apps are in which states over time. `label` formats a time of the axis, and is told whether the axis
/// spans days.
pub(super) fn stacked(samples: &[Sample], label: impl Fn(Timestamp, bool) -> String) -> Chart {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return drawn(1, |_| Ok(())) };
    let span = seconds(last.at, first.at).max(1);
    let most = samples.iter().map(|sample| sample.apps.iter().sum::<u64>()).max().unwrap_or(0).max(1);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    drawn(360, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(40)
            .x_label_area_size(34)
            .y_label_area_size(70)
            .build_cartesian_2d((0..span).with_key_points(ticks(first.at, span)), 0..most)?;
        let spans_days = span > 86_400;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.3))
            .axis_style(INK)
            .label_style((FONT, SIZE).into_font().color(&INK))
            .y_labels(6)
            .x_label_formatter(&|x| {
                label(first.at.after(std::time::Duration::from_secs(x.unsigned_abs())), spans_days)
            })
            .draw()?;
        // Each band lies on the sum of those before it. Counts hold until the next sample.
        let mut below = vec![0_i64; samples.len()];
        for group in Group::ALL {
            let above: Vec<i64> = (below.iter().zip(samples))
                .map(|(below, sample)| below + i64::try_from(sample.apps[group as usize]).unwrap_or(0))
                .collect();
            if above != below {
                let mut outline = steps(samples, &above);
                outline.extend(steps(samples, &below).into_iter().rev());
                chart.draw_series([Polygon::new(outline, colour(group).filled())])?;
            }
            below = above;
        }
        Ok(())
    })
}

fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    i64::try_from(later.since(earlier).as_secs()).unwrap_or(i64::MAX)
}

/// The corners of a line that keeps its height until the next sample.
fn steps(samples: &[Sample], heights: &[i64]) -> Vec<(i64, i64)> {
    let mut corners: Vec<(i64, i64)> = Vec::with_capacity(2 * samples.len());
    for (sample, height) in samples.iter().zip(heights) {
        let x = seconds(sample.at, samples[0].at);
        if let Some((_, before)) = corners.last().copied().filter(|(_, before)| before != height) {
            corners.push((x, before));
        }
        corners.push((x, *height));
    }
    corners
}

/// At most seven round times of the day within a span, in seconds since its start.
fn ticks(start: Timestamp, span: i64) -> Vec<i64> {
    const DAY: i64 = 86_400;
    const ROUND: [i64; 14] =
        [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY];
    let round = ROUND.into_iter().find(|round| span / round < 7);
    let round = round.unwrap_or_else(|| (span / 7 / DAY + 1) * DAY);
    // Asia/Shanghai is eight hours ahead.
    let offset = (start.as_unix() + 8 * 3600).rem_euclid(round);
    let first = (round - offset) % round;
    (0..).map(|number| first + number * round).take_while(|tick| *tick <= span).collect()
}

fn text(side: HPos) -> TextStyle<'static> {
    TextStyle::from((FONT, SIZE)).color(&INK).pos(Pos::new(side, VPos::Center))
}

/// Cuts a text that is wider than so many Latin letters.
fn fitting(text: &str, width: usize) -> String {
    let mut used = 0;
    let mut cut = String::new();
    for c in text.chars() {
        used += if c.is_ascii() { 1 } else { 2 };
        if used > width {
            cut.push('…');
            break;
        }
        cut.push(c);
    }
    cut
}

/// Draws a chart, and keeps what is inside of the SVG element: its own tag names a namespace, which HTML does without.
fn drawn(height: u32, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Chart {
    let mut svg = String::new();
    let complete = {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        draw(&area).and_then(|()| area.present().map_err(Into::into))
    };
    // Nothing fails when text is written to memory. If it did, the table beside the chart would remain.
    let begin = svg.find('>').filter(|_| complete.is_ok());
    let inside = begin.and_then(|begin| svg[begin + 1..].trim_end().strip_suffix("</svg>"));
    Chart { width: WIDTH, height, inside: inside.unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_times_in_shanghai() {
        // 2027-01-15 16:00:00 there.
        let start = Timestamp::from_unix(1_800_000_000);
        for (span, most) in [(1, 7), (59, 7), (7_000, 7), (90_000, 7), (86_400 * 40, 7), (86_400 * 4000, 7)] {
            let ticks = ticks(start, span);
            assert!(!ticks.is_empty() && ticks.len() <= most, "{span}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (0..=span).contains(tick)));
        }
        let days = ticks(start, 86_400 * 3);
        let shown = days.iter().map(|tick| Timestamp::from_unix(start.as_unix() + tick));
        assert!(shown.clone().all(|time| time.to_civil("%M:%S", 8) == "00:00"), "{days:?}");
        assert!(shown.into_iter().any(|time| time.to_civil("%H", 8) == "00"), "{days:?}");
    }

    #[test]
    fn a_label_that_is_too_wide_is_cut() {
        assert_eq!(fitting("审核驳回", 6), "审核驳…");
        assert_eq!(fitting("rejected", 8), "rejected");
    }
}
