//! All output: data goes to stdout, everything else to stderr, with colour only where it is wanted.

mod foot;
mod log_file;

use std::{
    io::{self, BufRead, IsTerminal, Write},
    thread,
};

use clap::builder::styling::{AnsiColor, Style};
use intune_sync_report::escape_json;
pub(crate) use intune_sync_report::one_line;
use intune_sync_settings::Advice;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::oneshot;

pub(crate) use self::foot::Headway;
use self::{foot::Foot, log_file::LogFile};
use crate::cli::{Color, LogFormat, OutputOptions, Page, Verbosity};

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

/// A line about what happens, before it is written anywhere.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// When it happened.
    at: Timestamp,
    /// `INFO`, or `error`.
    word: &'a str,
    color: AnsiColor,
    text: &'a str,
    hint: &'a str,
    /// It is of the log, and shows its time everywhere.
    is_timed: bool,
}

/// Writes to stdout and stderr. Nothing else in the program does.
pub(crate) struct Printer {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    stdout_color: bool,
    stderr_color: bool,
    stderr_has_foot: bool,
    verbosity: Verbosity,
    log_format: LogFormat,
    log_file: Option<LogFile>,
    stdout_closed: bool,
    has_data: bool,
    foot: Option<Foot>,
    /// When the last line about the progress was due.
    line_at: Option<Timestamp>,
}

impl Printer {
    /// The process's own stdout and stderr, and the file of the log, if there is one.
    ///
    /// # Errors
    ///
    /// When that file cannot be written.
    pub(crate) fn stdio(options: &OutputOptions) -> Result<Self, Advice> {
        let mut printer = Self::of_process(options);
        if let Some(path) = &options.log_file {
            printer.log_file = Some(LogFile::open(path)?);
        }
        Ok(printer)
    }

    /// The same, with the defaults: what is wanted is not known.
    pub(crate) fn plain() -> Self {
        Self::of_process(&OutputOptions::default())
    }

    fn of_process(options: &OutputOptions) -> Self {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain =
            is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let color = |is_terminal: bool| match options.color {
            Color::Auto => is_terminal && !plain,
            Color::Always => true,
            Color::Never => false,
        };
        Self {
            stdout_color: color(stdout.is_terminal()),
            stderr_color: color(stderr.is_terminal()),
            stderr_has_foot: has_foot(&stderr),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            verbosity: options.verbosity,
            log_format: options.log_format,
            log_file: None,
            stdout_closed: false,
            has_data: false,
            foot: None,
            line_at: None,
        }
    }

    /// Other places to write to, which are not terminals.
    #[cfg(test)]
    pub(crate) fn to(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
        options: &OutputOptions,
    ) -> Self {
        let color = options.color == Color::Always;
        Self {
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            stdout_color: color,
            stderr_color: color,
            stderr_has_foot: false,
            verbosity: options.verbosity,
            log_format: options.log_format,
            log_file: None,
            stdout_closed: false,
            has_data: false,
            foot: None,
            line_at: None,
        }
    }

    /// Writes a report or JSON to stdout. When its reader has gone away (`| head`), this and all that follows is dropped, and
    /// [`stdout_closed`](Self::stdout_closed) returns true.
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
        let stdout = &mut self.stdout;
        let mut write = || {
            stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush())
        };
        let written = match &self.foot {
            Some(foot) => {
                let mut written = Ok(());
                // Stdout may be the same terminal.
                let _ = foot.above(&mut self.stderr, |_| {
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
        self.labelled("error", AnsiColor::Red, message, hint);
    }

    /// Shows what may need attention, and what to do about it.
    pub(crate) fn warning(&mut self, Advice { message, hint }: &Advice) {
        self.labelled("warning", AnsiColor::Yellow, message, hint);
    }

    /// Shows something worth knowing. Not with `--quiet`.
    pub(crate) fn note(&mut self, message: &str) {
        self.labelled("note", AnsiColor::Cyan, message, "");
    }

    /// Shows what to do next.
    pub(crate) fn hint(&mut self, hint: &str) {
        self.labelled("hint", AnsiColor::Cyan, hint, "");
    }

    /// Shows a command, as it can be typed.
    pub(crate) fn command(&mut self, command: &str) {
        self.line(&one_line(command));
    }

    /// A line of the log, in the runbook's shape and in UTC: `[2026-11-23 02:17:00] [INFO] text`.
    pub(crate) fn log(&mut self, now: Timestamp, level: Level, text: &str) {
        let (word, color) = match level {
            Level::Info => ("INFO", AnsiColor::Green),
            Level::Warning => ("WARNING", AnsiColor::Yellow),
            Level::Error => ("ERROR", AnsiColor::Red),
        };
        self.say(Line {
            at: now,
            word,
            color,
            text,
            hint: "",
            is_timed: true,
        });
    }

    /// Whether details belong in the log: `--verbose`.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// Whether a person watches, as far as that can be known: stderr is a terminal.
    pub(crate) fn is_watched(&self) -> bool {
        self.stderr_has_foot
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
        let _ =
            write!(self.stderr, "{} [y/N] ", one_line(question)).and_then(|()| self.stderr.flush());
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

    /// Shows how far it is: at the foot of the terminal, or by a line of the log every 15 seconds. Nothing at the foot with
    /// `--quiet`.
    pub(crate) fn progress(&mut self, now: Timestamp, headway: &Headway) {
        if !self.stderr_has_foot
            || self.verbosity == Verbosity::Quiet
            || self.log_format == LogFormat::Json
        {
            if now.duration_since(*self.line_at.get_or_insert(now)) >= LINE_EVERY {
                self.line_at = Some(now);
                self.log(now, Level::Info, &headway.text);
            }
            return;
        }
        let foot = self.foot.get_or_insert_default();
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = foot.show(
            &mut self.stderr,
            now,
            headway,
            foot::width(),
            self.stderr_color,
        );
    }

    /// Removes the progress bar.
    pub(crate) fn end_progress(&mut self) {
        if self.foot.take().is_some() {
            let _ = foot::erase(&mut self.stderr);
        }
    }

    fn labelled(&mut self, word: &str, color: AnsiColor, text: &str, hint: &str) {
        self.say(Line {
            at: Timestamp::now(),
            word,
            color,
            text,
            hint,
            is_timed: false,
        });
    }

    /// Writes a line to stderr, unless `--quiet` is for it, and to the file of the log.
    fn say(&mut self, line: Line<'_>) {
        let is_loud = !matches!(line.word, "INFO" | "note");
        if is_loud || self.verbosity > Verbosity::Quiet {
            match self.log_format {
                LogFormat::Json => self.line(&line.json()),
                LogFormat::Text if line.is_timed => {
                    let word = self.paint(line.word, line.color.on_default());
                    self.line(&line.timed(&word));
                }
                LogFormat::Text => {
                    for (word, color, text) in [
                        (line.word, line.color, line.text),
                        ("hint", AnsiColor::Cyan, line.hint),
                    ] {
                        if !text.is_empty() {
                            let word = self.paint(&format!("{word}:"), color.on_default().bold());
                            self.line(&format!("{word} {}", one_line(text)));
                        }
                    }
                }
            }
        }
        let text = match self.log_format {
            LogFormat::Json => line.json(),
            LogFormat::Text => {
                let mut text = line.timed(&line.word.to_ascii_uppercase());
                if !line.hint.is_empty() {
                    let hint = Line {
                        text: line.hint,
                        ..line
                    };
                    text = format!("{text}\n{}", hint.timed("HINT"));
                }
                text
            }
        };
        if let Some(file) = &mut self.log_file
            && let Some(problem) = file.append(&text)
        {
            // It is said once: there is nothing to append to any more.
            self.log_file = None;
            self.warning(&problem);
        }
    }

    fn line(&mut self, text: &str) {
        let stderr = &mut self.stderr;
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = match &self.foot {
            Some(foot) => foot.above(stderr, |stderr| writeln!(stderr, "{text}")),
            None => writeln!(stderr, "{text}"),
        };
    }

    fn paint(&self, text: &str, style: Style) -> String {
        if self.stderr_color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.end_progress();
    }
}

impl Line<'_> {
    /// `[2026-11-23 02:17:00] [INFO] text`.
    fn timed(&self, word: &str) -> String {
        let time = self.at.strftime("%Y-%m-%d %H:%M:%S");
        format!("[{time}] [{word}] {}", one_line(self.text))
    }

    /// The same as one JSON object.
    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            time: String,
            level: String,
            message: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            hint: &'a str,
        }
        let object = Object {
            time: format!("{:.3}", self.at),
            level: self.word.to_ascii_lowercase(),
            message: self.text,
            hint: self.hint,
        };
        let json = serde_json::to_string(&object).expect("texts are JSON");
        escape_json(&json).into_owned()
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
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written, to look at while a printer still owns the other end.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no test panics while writing").clone())
                .expect("texts are UTF-8")
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .expect("no test panics while writing")
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A writer that fails in one way.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn options(color: Color, verbosity: Verbosity) -> OutputOptions {
        OutputOptions {
            color,
            verbosity,
            ..OutputOptions::default()
        }
    }

    fn everything(options: &OutputOptions) -> (String, String) {
        let (stdout, stderr) = (Written::default(), Written::default());
        let mut printer = Printer::to(stdout.clone(), stderr.clone(), options);
        let now: Timestamp = "2026-11-23T02:17:00Z".parse().expect("a time");
        printer.data("data\n").expect("it can be written");
        printer.log(now, Level::Info, "begun");
        printer.log(now, Level::Warning, "slow");
        printer.log(now, Level::Error, "PC\u{1b}[31m\n[2026] [INFO] forged");
        printer.note("noted");
        printer.warning(&Advice::new("warned", "care"));
        printer.error(&Advice::without_hint("failed"));
        (stdout.text(), stderr.text())
    }

    #[test]
    fn the_log_has_the_runbooks_shape() {
        let (stdout, stderr) = everything(&options(Color::Auto, Verbosity::Normal));
        assert_eq!(stdout, "data\n");
        insta::assert_snapshot!(stderr, @r"
        [2026-11-23 02:17:00] [INFO] begun
        [2026-11-23 02:17:00] [WARNING] slow
        [2026-11-23 02:17:00] [ERROR] PC [31m [2026] [INFO] forged
        note: noted
        warning: warned
        hint: care
        error: failed
        ");
    }

    #[test]
    fn quiet_leaves_warnings_and_errors() {
        let (_, stderr) = everything(&options(Color::Auto, Verbosity::Quiet));
        assert!(
            !stderr.contains("begun") && !stderr.contains("noted"),
            "{stderr}"
        );
        assert!(
            stderr.contains("slow") && stderr.contains("forged") && stderr.contains("warned"),
            "{stderr}"
        );
    }

    #[test]
    fn colour_is_only_there_when_wanted() {
        let (_, stderr) = everything(&options(Color::Always, Verbosity::Normal));
        assert!(stderr.contains("[\u{1b}[31mERROR\u{1b}[0m]"), "{stderr:?}");
        for color in [Color::Auto, Color::Never] {
            let (_, stderr) = everything(&options(color, Verbosity::Normal));
            assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
        }
    }

    #[test]
    fn a_reader_that_went_away_is_not_an_error_but_a_full_disk_is() {
        let mut printer = Printer::to(
            Failing(io::ErrorKind::BrokenPipe),
            io::sink(),
            &OutputOptions::default(),
        );
        assert!(!printer.stdout_closed());
        assert!(printer.data("x").is_ok());
        assert!(printer.stdout_closed());
        let mut printer = Printer::to(
            Failing(io::ErrorKind::StorageFull),
            io::sink(),
            &OutputOptions::default(),
        );
        assert!(printer.data("x").is_err());
    }

    #[tokio::test]
    async fn a_question_whose_reply_nobody_waits_for_is_left() {
        let (silent, _kept) = io::pipe().expect("a pipe");
        let stderr = Written::default();
        let mut printer = Printer::to(io::sink(), stderr.clone(), &OutputOptions::default());
        let replies = io::BufReader::new(silent);
        let reply = printer.ask("sync 3 devices?", replies, std::future::ready(()));
        assert_eq!(reply.await.ok(), Some(None));
        assert_eq!(stderr.text(), "sync 3 devices? [y/N] \n");
    }

    #[tokio::test]
    async fn only_a_yes_is_a_yes() {
        for (reply, expected) in [
            ("y\n", true),
            ("YES\r\n", true),
            ("\n", false),
            ("", false),
            ("yep\n", false),
        ] {
            let stderr = Written::default();
            let mut printer = Printer::to(io::sink(), stderr.clone(), &OutputOptions::default());
            let asked = printer.ask("sync 3 devices?", reply.as_bytes(), std::future::pending());
            assert_eq!(asked.await.ok(), Some(Some(expected)), "{reply:?}");
            assert_eq!(stderr.text(), "sync 3 devices? [y/N] ");
        }
    }
}
