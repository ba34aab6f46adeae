//! What is kept at the foot of the terminal: a bar, and how fast it goes.
//!
//! The cursor waits at the start of the first line. So whatever has happened to the lines since, a narrower window that
//! has wrapped them or a `^C` that the terminal has written into them, everything from there on is erased and drawn
//! anew.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::one_line;

/// How far something is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headway {
    /// Things that are done.
    pub(crate) done: u64,
    /// Of how many; 0 while that is not known.
    pub(crate) of: u64,
    /// Of these, how many have failed.
    pub(crate) failed: u64,
    /// What the things are, in the plural.
    pub(crate) what: &'static str,
    /// The same as a line of the log.
    pub(crate) text: String,
    /// What else there is to say, the most important first: as many of them are shown as there is room for.
    pub(crate) parts: Vec<String>,
    /// The last failure; empty if there is none.
    pub(crate) last_failure: String,
}

/// Erases everything from the start of the line on.
const ERASE: &str = "\r\x1b[J";

/// No more often than this is the foot drawn where nothing else changes.
const DRAW_EVERY: SignedDuration = SignedDuration::from_millis(100);

/// A terminal of which nothing else is known is this wide.
const USUAL_WIDTH: usize = 80;

/// The foot of a terminal.
#[derive(Default)]
pub(super) struct Foot {
    lines: Vec<String>,
    drawn: Option<(Timestamp, usize)>,
}

impl Foot {
    /// Shows how far it is, `width` columns wide.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be written.
    pub(super) fn show(
        &mut self,
        to: &mut impl Write,
        now: Timestamp,
        headway: &Headway,
        width: usize,
        color: bool,
    ) -> io::Result<()> {
        let is_due = self.drawn.is_none_or(|(at, at_width)| {
            at_width != width || now.duration_since(at).abs() >= DRAW_EVERY
        });
        if !is_due {
            return Ok(());
        }
        self.drawn = Some((now, width));
        self.lines = lines(headway, width, color);
        self.draw(to)
    }

    /// Writes something else above it.
    ///
    /// # Errors
    ///
    /// When that fails, or the terminal cannot be written.
    pub(super) fn above(
        &self,
        to: &mut impl Write,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        erase(to)?;
        write(to)?;
        self.draw(to)
    }

    fn draw(&self, to: &mut impl Write) -> io::Result<()> {
        let back = match self.lines.len() {
            0 | 1 => String::new(),
            lines => format!("\x1b[{}A", lines - 1),
        };
        let lines = self.lines.join("\r\n");
        to.write_all(format!("{ERASE}{lines}{back}\r").as_bytes())?;
        to.flush()
    }
}

/// Erases a foot, and the rest of the line if there is none.
///
/// # Errors
///
/// When the terminal cannot be written.
pub(super) fn erase(to: &mut (impl Write + ?Sized)) -> io::Result<()> {
    to.write_all(ERASE.as_bytes())?;
    to.flush()
}

/// How many columns the terminal on stderr has.
pub(super) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(USUAL_WIDTH, |(width, _)| width.0.into())
}

/// The lines of a foot. None reaches the last column: there a terminal would begin another.
fn lines(headway: &Headway, width: usize, color: bool) -> Vec<String> {
    let width = width.saturating_sub(1).max(1);
    let paint = |text: &str, color_of: AnsiColor| {
        let style: Style = color_of.on_default();
        match color {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    };
    let mut lines = Vec::new();
    match headway.of {
        0 => {
            let first = std::iter::once(&headway.text).chain(&headway.parts);
            lines.push(fitting(first, width));
        }
        of => {
            let done = headway.done.min(of);
            let long = format!("{done} of {of} {}", headway.what);
            let short = format!("{done}/{of}");
            let count = if width >= 60 { long } else { short };
            let percent = format!("{} %", done * 100 / of);
            let failed = match headway.failed {
                0 => String::new(),
                failed => format!("{failed} failed"),
            };
            let text = [count, percent, failed.clone()];
            let text = text.iter().filter(|part| !part.is_empty());
            let text = fitting(text, width);
            let room = width.saturating_sub(text.width() + 2).min(60);
            let shown = match failed.is_empty() || !text.ends_with(&failed) {
                true => text,
                false => format!(
                    "{}{}",
                    text.trim_end_matches(&*failed),
                    paint(&failed, AnsiColor::Red)
                ),
            };
            lines.push(match room {
                0..=4 => shown,
                room => format!("{}  {shown}", bar(done, of, room, paint)),
            });
            let speed = fitting(headway.parts.iter(), width);
            if !speed.is_empty() {
                lines.push(speed);
            }
        }
    }
    if !headway.last_failure.is_empty() {
        let text = one_line(&format!("last failure: {}", headway.last_failure));
        lines.push(paint(&cut(&text, width), AnsiColor::Red));
    }
    lines
}

/// `━━━━━╸────`.
fn bar(done: u64, of: u64, room: usize, paint: impl Fn(&str, AnsiColor) -> String) -> String {
    let halves = u128::from(done) * 2 * room as u128 / u128::from(of);
    let halves = usize::try_from(halves).unwrap_or(room * 2);
    let (whole, half) = (halves / 2, halves % 2);
    let full = "━".repeat(whole) + if half == 1 { "╸" } else { "" };
    let empty = "─".repeat(room - whole - half);
    paint(&full, AnsiColor::Green) + &empty
}

/// The parts with dots between them: the first one cut to the width, the others as far as they fit.
fn fitting<'a>(parts: impl Iterator<Item = &'a String>, width: usize) -> String {
    let mut text = String::new();
    for part in parts {
        let part = one_line(part);
        if text.is_empty() {
            text = cut(&part, width);
        } else if text.width() + 3 + part.width() <= width {
            text += " · ";
            text += &part;
        }
    }
    text
}

/// A text cut to this many columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let kept = text.chars().take_while(|c| {
        let columns = c.width().unwrap_or(0);
        let fits = columns <= left;
        left = left.saturating_sub(columns);
        fits
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use vt100::Parser;

    use super::*;

    fn headway() -> Headway {
        Headway {
            done: 350,
            of: 1_000,
            failed: 4,
            what: "devices",
            text: "350 of 1000 devices done".to_owned(),
            parts: [
                "throttled for 12s",
                "1m9s left",
                "9.4/s of 9.75/s",
                "until 14:03:20 UTC",
                "42s so far",
            ]
            .map(str::to_owned)
            .into(),
            last_failure: "PC-0042: 404 ResourceNotFound: the device is not there any more"
                .to_owned(),
        }
    }

    /// What the screen shows of the foot and of what was written above it, without the empty lines at its end.
    fn screen(parser: &Parser) -> Vec<String> {
        let (_, width) = parser.screen().size();
        let rows = parser.screen().rows(0, width);
        let mut rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    fn drawn(width: u16, color: bool, headway: &Headway) -> (Vec<String>, Vec<u8>) {
        let mut bytes = Vec::new();
        let shown = Foot::default().show(
            &mut bytes,
            Timestamp::UNIX_EPOCH,
            headway,
            width.into(),
            color,
        );
        shown.expect("a vector takes everything");
        let mut parser = Parser::new(24, width, 0);
        parser.process(&bytes);
        (screen(&parser), bytes)
    }

    #[test]
    fn a_wide_and_a_narrow_terminal_show_what_fits() {
        let (wide, _) = drawn(200, false, &headway());
        insta::assert_snapshot!(wide.join("\n"), @r"
        ━━━━━━━━━━━━━━━━━━━━━───────────────────────────────────────  350 of 1000 devices · 35 % · 4 failed
        throttled for 12s · 1m9s left · 9.4/s of 9.75/s · until 14:03:20 UTC · 42s so far
        last failure: PC-0042: 404 ResourceNotFound: the device is not there any more
        ");
        let (narrow, _) = drawn(40, false, &headway());
        insta::assert_snapshot!(narrow.join("\n"), @r"
        ━━━╸───────  350/1000 · 35 % · 4 failed
        throttled for 12s · 1m9s left
        last failure: PC-0042: 404 ResourceNot…
        ");
    }

    #[test]
    fn no_line_is_wrapped_however_narrow_it_is_and_whatever_a_name_holds() {
        let mut headway = headway();
        headway.last_failure = "ＷＩＤＥ\u{1f600}\n\u{1b}[31m".repeat(50);
        for width in 1..=250_u16 {
            for color in [false, true] {
                let (rows, _) = drawn(width, color, &headway);
                assert!(rows.len() <= 3, "{width}: {rows:#?}");
            }
        }
    }

    #[test]
    fn colour_changes_no_character() {
        let ((plain, bytes), (colored, escapes)) =
            (drawn(100, false, &headway()), drawn(100, true, &headway()));
        assert_eq!(plain, colored);
        let sgr = |bytes: &[u8]| bytes.windows(2).filter(|pair| pair == b"\x1b[").count();
        assert!(sgr(&bytes) < sgr(&escapes));
    }

    #[test]
    fn nothing_is_left_of_it_after_a_line_a_ctrl_c_and_a_resize() {
        let now = Timestamp::UNIX_EPOCH;
        let mut parser = Parser::new(24, 120, 0);
        let mut foot = Foot::default();
        let mut bytes = Vec::new();
        foot.show(&mut bytes, now, &headway(), 120, false)
            .expect("it is written");
        bytes.extend(b"^C");
        foot.above(&mut bytes, |to| writeln!(to, "note: stopping\r"))
            .expect("it is written");
        parser.process(&bytes);
        let rows = screen(&parser);
        assert_eq!(rows[0], "note: stopping");
        assert_eq!(rows.len(), 4, "{rows:#?}");
        assert!(!rows.concat().contains("^C"), "{rows:#?}");

        // The window becomes narrower, and the lines are wrapped by the terminal; then it is drawn anew.
        parser.screen_mut().set_size(24, 40);
        let mut bytes = Vec::new();
        foot.show(&mut bytes, now, &headway(), 40, false)
            .expect("it is written");
        parser.process(&bytes);
        let rows = screen(&parser);
        assert_eq!(rows.len(), 4, "{rows:#?}");

        let mut bytes = Vec::new();
        erase(&mut bytes).expect("it is written");
        parser.process(&bytes);
        assert_eq!(screen(&parser), ["note: stopping"]);
    }
}
