//! The chart of accepted syncs over time, as SVG.
//!
//! Its colours are those of the light page; the style of the page maps each to the one of the dark page.

use std::io;

use intune_sync_report::grouped;
use jiff::Timestamp;
use plotters::{coord::combinators::BindKeyPoints, prelude::*};

use crate::series::{Series, step};

const TEXT: RGBColor = RGBColor(0x57, 0x60, 0x6a);
const GRID: RGBColor = RGBColor(0xd0, 0xd7, 0xde);
const BAR: RGBColor = RGBColor(0x1a, 0x7f, 0x37);
const WAIT: RGBColor = RGBColor(0xb3, 0x54, 0x00);

/// A chart's size, and how much fits into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Intervals at most.
    pub(crate) intervals: i64,
    /// Labels of the time at most.
    pub(crate) labels: i64,
}

/// For a desk.
pub(crate) const WIDE: Size = Size {
    width: 960,
    height: 280,
    intervals: 60,
    labels: 9,
};

/// For a phone.
pub(crate) const NARROW: Size = Size {
    width: 340,
    height: 240,
    intervals: 24,
    labels: 4,
};

/// Draws the series, with the waits marked. What is written of it is numbers and times only.
pub(crate) fn svg(series: &Series, waits: &[(i64, i64)], size: Size) -> String {
    let mut svg = String::new();
    match draw(&mut svg, series, waits, size) {
        Ok(()) => svg,
        // What is written to a text cannot fail; the table below the chart says the same.
        Err(_) => String::new(),
    }
}

fn draw(
    svg: &mut String,
    series: &Series,
    waits: &[(i64, i64)],
    size: Size,
) -> Result<(), DrawingAreaErrorKind<io::Error>> {
    let area = SVGBackend::with_string(svg, (size.width, size.height)).into_drawing_area();
    let (from, to) = (series.start, series.end());
    let top = series.highest() + series.highest() / 10 + 1;
    let ticks = step(to - from, size.labels);
    let first = from.div_euclid(ticks) * ticks;
    let ticks_shown = (0..)
        .map(|at| first + at * ticks)
        .take_while(|at| *at <= to)
        .filter(|at| *at >= from)
        .collect();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(36)
        .x_label_area_size(24)
        .y_label_area_size(48)
        .build_cartesian_2d((from..to).with_key_points(ticks_shown), 0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(TEXT)
        .label_style(("sans-serif", 15).into_font().color(&TEXT))
        .y_labels(5)
        .x_labels(usize::try_from(size.labels).unwrap_or(1) + 1)
        .x_label_formatter(&|at| label(*at, to - from))
        .y_label_formatter(&|count| grouped(*count))
        .draw()?;
    // One that is short can still be seen.
    let least = (to - from) / i64::from(size.width) * 2;
    let strip = top - (top / 24).max(1).min(top);
    let marks = waits.iter().filter(|(at, until)| *at < to && *until > from);
    let marks = marks.flat_map(|(at, until)| {
        let (at, until) = ((*at).max(from), (*until).max(at + least).min(to));
        [
            Rectangle::new([(at, 0), (until, top)], WAIT.mix(0.2).filled()),
            Rectangle::new([(at, strip), (until, top)], WAIT.filled()),
        ]
    });
    chart.draw_series(marks)?;
    let bars = series.intervals().filter(|(_, count)| *count > 0);
    let gap = series.step / 8;
    chart.draw_series(bars.map(|(at, count)| {
        Rectangle::new(
            [(at + gap, 0), (at + series.step - gap, count)],
            BAR.filled(),
        )
    }))?;
    area.present()
}

/// A time, as precise as the labels of this length need it to differ.
fn label(at: i64, length: i64) -> String {
    let time = Timestamp::from_millisecond(at).unwrap_or_default();
    let format = match length / 60_000 {
        ..5 => "%H:%M:%S",
        5..2_880 => "%H:%M",
        _ => "%b %-d",
    };
    time.strftime(format).to_string()
}
