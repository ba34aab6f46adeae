//! All output: data goes to stdout, everything else to stderr, with colour only where it is wanted.

mod foot;
mod line;
mod log_file;

use std::{
    fmt,
    io::{self, BufRead, IsTerminal, Write},
    thread,
};

use intune_sync_report::escape_json;
pub(crate) use intune_sync_report::one_line;
use intune_sync_settings::Advice;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use self::{
    foot::Foot,
    line::{Kind, Line},
    log_file::LogFile,
};
pub(crate) use self::{foot::Headway, line::Level};
use crate::{
    cli::{Color, LogFormat, OutputOptions, Page, Verbosity},
    commands::Failure,
};

/// Where output goes.
pub struct Streams {
    /// Data.
    pub stdout: Box<dyn Write + Send>,
    /// Everything else.
    pub stderr: Box<dyn Write + Send>,
    /// Whether stdout is a terminal, so that colours can be shown.
    pub stdout_is_terminal: bool,
    /// The same of stderr.
    pub stderr_is_terminal: bool,
    /// Whether something can be kept at the foot of stderr.
    pub(crate) has_foot: bool,
    /// Whether there is a person to be asked.
    pub(crate) is_attended: bool,
}

impl Streams {
    /// Streams of another program, neither of them a terminal. Nobody is asked anything.
    #[must_use]
    pub fn new(stdout: impl Write + Send + 'static, stderr: impl Write + Send + 'static) -> Self {
        Self {
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            has_foot: false,
            is_attended: false,
        }
    }

    /// The process's own.
    pub(crate) fn of_process() -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            stdout_is_terminal: stdout.is_terminal(),
            stderr_is_terminal: stderr.is_terminal(),
            has_foot: has_foot(&stderr),
            is_attended: io::stdin().is_terminal() && stderr.is_terminal(),
            ..Self::new(stdout, stderr)
        }
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// Between two lines about the progress, where there is no progress bar.
const LINE_EVERY: SignedDuration = SignedDuration::from_secs(15);

/// Writes the last line of a program that ends at once, and erases what a progress bar has left.
pub(crate) fn last_line(text: &str) {
    erase_foot();
    // Where it cannot be written, nothing can be said about it either.
    let _ = writeln!(io::stderr(), "{}", one_line(text));
}

/// Erases what a progress bar has left, for who cannot reach the printer that has drawn it.
pub(crate) fn erase_foot() {
    if has_foot(&io::stderr()) {
        let _ = foot::erase(&mut io::stderr());
    }
}

/// Whether something can be kept at the foot: on a terminal that moves its cursor.
fn has_foot(stderr: &io::Stderr) -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stderr.is_terminal() && !is_dumb && understands_escapes()
}

#[cfg(windows)]
fn understands_escapes() -> bool {
    anstyle_query::windows::enable_ansi_colors() == Some(true)
}

#[cfg(not(windows))]
fn understands_escapes() -> bool {
    true
}

/// Writes to stdout and stderr. Nothing else in the program does.
pub(crate) struct Printer {
    streams: Streams,
    stdout_color: bool,
    stderr_color: bool,
    verbosity: Verbosity,
    log_format: LogFormat,
    log_file: Option<LogFile>,
    stdout_closed: bool,
    has_data: bool,
    foot: Option<Foot>,
    /// When the last line about the progress was due.
    line_at: Option<Timestamp>,
    /// The JSON object of the run, for who takes it as it is.
    object: Object,
}

/// What becomes of the JSON object of a run, besides its being printed.
enum Object {
    /// Nothing.
    Unwanted,
    /// It is kept, once there is one.
    Kept(Option<String>),
}

impl Printer {
    /// Writes to these, with the defaults until it is known what is wanted.
    pub(crate) fn new(streams: Streams) -> Self {
        let mut printer = Self {
            streams,
            stdout_color: false,
            stderr_color: false,
            verbosity: Verbosity::default(),
            log_format: LogFormat::default(),
            log_file: None,
            stdout_closed: false,
            has_data: false,
            foot: None,
            line_at: None,
            object: Object::Unwanted,
        };
        printer.color(Color::Auto);
        printer
    }

    /// Writes what is wanted from now on, and the file of the log, if there is one.
    ///
    /// # Errors
    ///
    /// When that file cannot be written.
    pub(crate) fn set(&mut self, options: &OutputOptions) -> Result<(), Failure> {
        let log_file = options.log_file.as_deref().map(LogFile::open).transpose();
        self.log_file = log_file.map_err(Failure::from_usage)?;
        self.verbosity = options.verbosity;
        self.log_format = options.log_format;
        self.color(options.color);
        Ok(())
    }

    fn color(&mut self, color: Color) {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain =
            is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = |is_terminal: bool| match color {
            Color::Auto => is_terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        };
        self.stdout_color = color(self.streams.stdout_is_terminal);
        self.stderr_color = color(self.streams.stderr_is_terminal);
    }

    /// Other places to write to, which are not terminals.
    #[cfg(test)]
    pub(crate) fn to(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
        options: &OutputOptions,
    ) -> Self {
        let mut printer = Self::new(Streams::new(stdout, stderr));
        printer.set(options).expect("it can write its log");
        printer
    }

    /// Keeps the JSON object of the run, whatever is printed of it.
    pub(crate) fn with_object(mut self) -> Self {
        self.object = Object::Kept(None);
        self
    }

    /// Whether the JSON object of the run is kept.
    pub(crate) fn keeps_object(&self) -> bool {
        matches!(self.object, Object::Kept(_))
    }

    /// Keeps the object, if it is wanted, instead of an earlier one.
    pub(crate) fn keep(&mut self, object: impl FnOnce() -> String) {
        if let Object::Kept(kept) = &mut self.object {
            *kept = Some(object());
        }
    }

    /// Whether an object is kept.
    pub(crate) fn has_object(&self) -> bool {
        matches!(self.object, Object::Kept(Some(_)))
    }

    /// The object that was kept.
    pub(crate) fn take_object(&mut self) -> Option<String> {
        match &mut self.object {
            Object::Kept(kept) => kept.take(),
            Object::Unwanted => None,
        }
    }

    /// Writes a report or JSON to stdout. When its reader has gone away (`| head`), this and all that follows is
    /// dropped, and [`stdout_closed`](Self::stdout_closed) returns true.
    ///
    /// # Errors
    ///
    /// Any other failure, such as a full disk.
    pub(crate) fn data(&mut self, text: &str) -> io::Result<()> {
        self.has_data = true;
        if self.stdout_closed {
            return Ok(());
        }
        let text = escape_json(text);
        let stdout = &mut self.streams.stdout;
        let mut write = || {
            stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush())
        };
        let written = match &self.foot {
            Some(foot) => {
                let mut written = Ok(());
                // Stdout may be the same terminal.
                let _ = foot.above(&mut self.streams.stderr, |_| {
                    written = write();
                    Ok(())
                });
                written
            }
            None => write(),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.stdout_closed = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Whether the reader of stdout has gone away.
    pub(crate) fn stdout_closed(&self) -> bool {
        self.stdout_closed
    }

    /// Whether anything was to be written to stdout.
    pub(crate) fn has_data(&self) -> bool {
        self.has_data
    }

    /// Writes a page to stdout, in colour where that is wanted.
    ///
    /// # Errors
    ///
    /// As with [`data`](Self::data).
    pub(crate) fn page(&mut self, page: &Page) -> io::Result<()> {
        self.data(if self.stdout_color {
            &page.styled
        } else {
            &page.plain
        })
    }

    /// Shows why the program ends without having done its work, and what to do about it.
    pub(crate) fn error(&mut self, Advice { message, hint }: &Advice) {
        self.say(Line::of(Kind::Failure, message, hint));
    }

    /// Shows what may need attention, and what to do about it.
    pub(crate) fn warning(&mut self, Advice { message, hint }: &Advice) {
        self.say(Line::of(Kind::Caution, message, hint));
    }

    /// Shows something worth knowing. Not with `--quiet`.
    pub(crate) fn note(&mut self, message: &str) {
        self.say(Line::of(Kind::Note, message, ""));
    }

    /// Shows what to do next.
    pub(crate) fn hint(&mut self, hint: &str) {
        self.say(Line::of(Kind::Hint, hint, ""));
    }

    /// Shows a command, as it can be typed.
    pub(crate) fn command(&mut self, command: &str) {
        let line = Line::of(Kind::Hint, command, "");
        match self.log_format {
            LogFormat::Json => self.say(line),
            LogFormat::Text => {
                self.line(&one_line(command));
                self.append(&line);
            }
        }
    }

    /// A line of the log, in the runbook's shape and in UTC: `[2026-11-23 02:17:00] [INFO] text`.
    pub(crate) fn log(&mut self, now: Timestamp, level: Level, text: &str) {
        self.say(Line::of(Kind::Log(level), text, "").at(now));
    }

    /// Whether details belong in the log: `--verbose`.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether a person can be asked: stdin and stderr are terminals.
    pub(crate) fn is_attended(&self) -> bool {
        self.streams.is_attended
    }

    /// Whether a person watches, as far as that can be known: stderr is a terminal.
    pub(crate) fn is_watched(&self) -> bool {
        self.streams.has_foot
    }

    /// Asks a question on stderr and reads the reply: true for `y` and `yes`. The end of `replies` is a no. There is no
    /// reply where `over` ends first.
    ///
    /// # Errors
    ///
    /// When `replies` cannot be read.
    pub(crate) async fn ask(
        &mut self,
        question: &str,
        mut replies: impl BufRead + Send + 'static,
        over: impl Future<Output = ()>,
    ) -> io::Result<Option<bool>> {
        self.end_progress();
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = write!(self.streams.stderr, "{} [y/N] ", one_line(question))
            .and_then(|()| self.streams.stderr.flush());
        // Nothing ends a read of a terminal: a thread of the runtime would hold up the end of the program.
        let (sender, reply) = oneshot::channel();
        thread::Builder::new().spawn(move || {
            let mut reply = String::new();
            let read = replies.read_line(&mut reply).map(|_| reply);
            // Nobody may wait for it any more.
            let _ = sender.send(read);
        })?;
        tokio::select! {
            reply = reply => {
                let reply = reply.map_err(io::Error::other)??;
                let reply = reply.trim().to_ascii_lowercase();
                Ok(Some(matches!(reply.as_str(), "y" | "yes")))
            }
            () = over => {
                self.line("");
                Ok(None)
            }
        }
    }

    /// Shows how far it is: at the foot of the terminal, or by a line of the log every 15 seconds. Nothing at the foot
    /// with `--quiet`.
    pub(crate) fn progress(&mut self, now: Timestamp, headway: &Headway) {
        let has_bar = self.streams.has_foot
            && self.verbosity > Verbosity::Quiet
            && self.log_format == LogFormat::Text;
        if now.duration_since(*self.line_at.get_or_insert(now)) >= LINE_EVERY {
            self.line_at = Some(now);
            let line = Line::of(Kind::Log(Level::Info), &headway.text, "").at(now);
            match has_bar {
                true => self.append(&line),
                false => self.say(line),
            }
        }
        if !has_bar {
            return;
        }
        let foot = self.foot.get_or_insert_default();
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = foot.show(
            &mut self.streams.stderr,
            now,
            headway,
            foot::width(),
            self.stderr_color,
        );
    }

    /// Removes the progress bar.
    pub(crate) fn end_progress(&mut self) {
        if self.foot.take().is_some() {
            let _ = foot::erase(&mut self.streams.stderr);
        }
    }

    /// Writes a line to stderr, unless `--quiet` is for it, and to the file of the log.
    fn say(&mut self, line: Line<'_>) {
        if line.kind.is_loud() || self.verbosity > Verbosity::Quiet {
            let text = match self.log_format {
                LogFormat::Json => line.json(),
                LogFormat::Text => line.shown(self.stderr_color),
            };
            self.line(&text);
        }
        self.append(&line);
    }

    /// Appends a line to the file of the log, if there is one.
    fn append(&mut self, line: &Line<'_>) {
        let Some(file) = &mut self.log_file else {
            return;
        };
        let text = match self.log_format {
            LogFormat::Json => line.json(),
            LogFormat::Text => line.logged(),
        };
        if let Some(problem) = file.append(&text) {
            // It is said once: there is nothing to append to any more.
            self.log_file = None;
            self.warning(&problem);
        }
    }

    fn line(&mut self, text: &str) {
        let stderr = &mut self.streams.stderr;
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = match &self.foot {
            Some(foot) => foot.above(stderr, |stderr| writeln!(stderr, "{text}")),
            None => writeln!(stderr, "{text}"),
        };
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.end_progress();
    }
}

/// A path as a shell reads it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:\\~".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
pub(crate) mod tests;
