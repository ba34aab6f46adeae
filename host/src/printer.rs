//! All output: data goes to stdout, everything else to stderr, with colour only where it is wanted.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    thread,
};

use clap::builder::styling::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use intune_sync_report::escape_json;
pub(crate) use intune_sync_report::one_line;
use intune_sync_settings::Advice;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use crate::cli::{Color, OutputOptions, Page, Verbosity};

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

/// Writes the last line of a program that ends at once, on a line of its own whatever a progress bar has left there.
pub(crate) fn last_line(text: &str) {
    let mut stderr = io::stderr();
    let start = if stderr.is_terminal() { "\n" } else { "" };
    // Where it cannot be written, nothing can be said about it either.
    let _ = writeln!(stderr, "{start}{}", one_line(text));
}

/// Writes to stdout and stderr. Nothing else in the program does.
pub(crate) struct Printer {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    stdout_color: bool,
    stderr_color: bool,
    stderr_is_terminal: bool,
    verbosity: Verbosity,
    stdout_closed: bool,
    bar: Option<ProgressBar>,
    /// When the last line about the progress was due.
    line_at: Option<Timestamp>,
}

impl Printer {
    /// The process's own stdout and stderr.
    pub(crate) fn stdio(options: &OutputOptions) -> Self {
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
            stderr_is_terminal: stderr.is_terminal(),
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            verbosity: options.verbosity,
            stdout_closed: false,
            bar: None,
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
            stderr_is_terminal: false,
            verbosity: options.verbosity,
            stdout_closed: false,
            bar: None,
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
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
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
        self.labelled("error", AnsiColor::Red, message);
        self.hint(hint);
    }

    /// Shows what may need attention, and what to do about it.
    pub(crate) fn warning(&mut self, Advice { message, hint }: &Advice) {
        self.labelled("warning", AnsiColor::Yellow, message);
        self.hint(hint);
    }

    /// Shows something worth knowing. Not with `--quiet`.
    pub(crate) fn note(&mut self, message: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.labelled("note", AnsiColor::Cyan, message);
        }
    }

    /// Shows what to do next; an empty text shows nothing.
    pub(crate) fn hint(&mut self, hint: &str) {
        if !hint.is_empty() {
            self.labelled("hint", AnsiColor::Cyan, hint);
        }
    }

    /// Shows a command, as it can be typed.
    pub(crate) fn command(&mut self, command: &str) {
        self.line(&one_line(command));
    }

    /// A line of the log, in the runbook's shape and in UTC: `[2026-11-23 02:17:00] [INFO] text`.
    pub(crate) fn log(&mut self, now: Timestamp, level: Level, text: &str) {
        let (word, color) = match level {
            Level::Info if self.verbosity == Verbosity::Quiet => return,
            Level::Info => ("INFO", AnsiColor::Green),
            Level::Warning => ("WARNING", AnsiColor::Yellow),
            Level::Error => ("ERROR", AnsiColor::Red),
        };
        let time = now.strftime("%Y-%m-%d %H:%M:%S");
        let word = self.paint(word, color.on_default());
        self.line(&format!("[{time}] [{word}] {}", one_line(text)));
    }

    /// Whether details belong in the log: `--verbose`.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
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

    /// Shows how far it is: by a progress bar at the foot of the terminal, or by a line of the log every 15 seconds.
    /// No bar with `--quiet`.
    pub(crate) fn progress(&mut self, now: Timestamp, done: u64, of: u64, text: &str) {
        if !self.stderr_is_terminal || self.verbosity == Verbosity::Quiet {
            if now.duration_since(*self.line_at.get_or_insert(now)) >= LINE_EVERY {
                self.line_at = Some(now);
                self.log(now, Level::Info, text);
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{wide_bar} {msg}")
                .expect("the template is a constant");
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
                .with_style(style.progress_chars("━╸─"))
        });
        bar.set_length(of.max(1));
        bar.set_position(done);
        bar.set_message(one_line(text));
    }

    /// Removes the progress bar.
    pub(crate) fn end_progress(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn labelled(&mut self, word: &str, color: AnsiColor, text: &str) {
        let word = self.paint(&format!("{word}:"), color.on_default().bold());
        self.line(&format!("{word} {}", one_line(text)));
    }

    fn line(&mut self, text: &str) {
        let stderr = &mut self.stderr;
        let mut write = || writeln!(stderr, "{text}");
        // Where stderr cannot be written, nothing can be said about it either.
        let _ = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
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
        OutputOptions { color, verbosity }
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
