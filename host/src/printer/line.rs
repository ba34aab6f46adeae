//! A line about what happens, in each of its forms: for people, for the file of the log, as JSON.

use clap::builder::styling::AnsiColor;
use intune_sync_report::{escape_json, one_line};
use jiff::Timestamp;
use serde::Serialize;

/// How much a line of the log matters, in the runbook's three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What happens. Not with `--quiet`.
    Info,
    /// What may need attention.
    Warning,
    /// What has failed.
    Error,
}

/// A line about what happens, before it is written anywhere.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// When it happened.
    at: Timestamp,
    pub(super) kind: Kind,
    text: &'a str,
    /// What to do about it; empty if there is nothing to do.
    hint: &'a str,
}

/// Where a line belongs. Those of the log show their time everywhere.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The log of a run.
    Log(Level),
    /// Why the program ends.
    Failure,
    /// What may need attention.
    Caution,
    /// Something worth knowing.
    Note,
    /// What to do next.
    Hint,
}

impl Kind {
    /// Whether `--quiet` leaves it.
    pub(super) const fn is_loud(self) -> bool {
        !matches!(self, Self::Log(Level::Info) | Self::Note)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Log(Level::Info) => "info",
            Self::Log(Level::Warning) | Self::Caution => "warning",
            Self::Log(Level::Error) | Self::Failure => "error",
            Self::Note => "note",
            Self::Hint => "hint",
        }
    }

    const fn color(self) -> AnsiColor {
        match self {
            Self::Log(Level::Info) => AnsiColor::Green,
            Self::Log(Level::Warning) | Self::Caution => AnsiColor::Yellow,
            Self::Log(Level::Error) | Self::Failure => AnsiColor::Red,
            Self::Note | Self::Hint => AnsiColor::Cyan,
        }
    }
}

impl<'a> Line<'a> {
    /// A line of now.
    pub(super) fn of(kind: Kind, text: &'a str, hint: &'a str) -> Self {
        Self {
            at: Timestamp::now(),
            kind,
            text,
            hint,
        }
    }

    /// The same of another moment.
    pub(super) const fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    /// For people: `[2026-11-23 02:17:00] [INFO] text`, or `error: text` and `hint: text` below it.
    pub(super) fn shown(&self, color: bool) -> String {
        if matches!(self.kind, Kind::Log(_)) {
            return self.timed(color);
        }
        let lines = self.parts().map(|part| {
            let (word, style) = (part.kind.word(), part.kind.color().on_default().bold());
            let text = one_line(part.text);
            match color {
                true => format!("{style}{word}:{style:#} {text}"),
                false => format!("{word}: {text}"),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// For the file of the log, in which each line has its time.
    pub(super) fn logged(&self) -> String {
        let lines = self.parts().map(|part| part.timed(false));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// As one JSON object.
    pub(super) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            time: String,
            level: &'static str,
            message: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            hint: &'a str,
        }
        let object = Object {
            time: format!("{:.3}", self.at),
            level: self.kind.word(),
            message: self.text,
            hint: self.hint,
        };
        let json = serde_json::to_string(&object).expect("texts are JSON");
        escape_json(&json).into_owned()
    }

    /// The line, and its hint as another one.
    fn parts(&self) -> impl Iterator<Item = Self> {
        let hint = Self {
            kind: Kind::Hint,
            text: self.hint,
            ..*self
        };
        let parts = [*self, hint].into_iter();
        parts.filter(|part| !part.text.is_empty())
    }

    fn timed(&self, color: bool) -> String {
        let time = self.at.strftime("%Y-%m-%d %H:%M:%S");
        let (word, style) = (
            self.kind.word().to_ascii_uppercase(),
            self.kind.color().on_default(),
        );
        let text = one_line(self.text);
        match color {
            true => format!("[{time}] [{style}{word}{style:#}] {text}"),
            false => format!("[{time}] [{word}] {text}"),
        }
    }
}
