//! What is written where, in which colours, and what is left out.

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

#[test]
fn the_file_of_the_log_has_what_a_bar_and_the_last_line_say() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("log");
    for (log_format, expected) in [
        (
            LogFormat::Text,
            ["[INFO] 7 of 9", "[HINT] intune-sync runs resume R"],
        ),
        (
            LogFormat::Json,
            [
                r#""level":"info","message":"7 of 9"}"#,
                r#""level":"hint","message":"intune-sync runs resume R"}"#,
            ],
        ),
    ] {
        let stderr = Written::default();
        let options = OutputOptions {
            log_format,
            ..OutputOptions::default()
        };
        let mut printer = Printer::to(io::sink(), stderr.clone(), &options);
        printer.streams.has_foot = true;
        printer.log_file = Some(LogFile::open(&path).expect("it can be written"));
        let begun: Timestamp = "2026-11-23T02:17:00Z".parse().expect("a time");
        let headway = Headway {
            text: "7 of 9".to_owned(),
            ..Headway::default()
        };
        for seconds in [0, 14, 15, 16] {
            printer.progress(begun + SignedDuration::from_secs(seconds), &headway);
        }
        printer.end_progress();
        printer.command("intune-sync runs resume R");
        let log = std::fs::read_to_string(&path).expect("it is there");
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 2, "{log}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.ends_with(expected), "{line}");
        }
        // Anyone who reads JSON gets nothing else.
        let stderr = stderr.text();
        assert_eq!(
            stderr.lines().all(|line| line.starts_with('{')),
            log_format == LogFormat::Json
        );
        std::fs::remove_file(&path).expect("it is there");
    }
}
