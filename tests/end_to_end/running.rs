//! The program while it runs: its lines as they come, and signals to it.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use crate::program::{Finished, Program};

/// A program that was started. It ends with the test.
pub(crate) struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// A test that waits longer than this for a line has failed: it would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

impl Running {
    pub(crate) fn start(program: Program) -> Self {
        let mut child = program
            .into_command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self {
            stdout: Lines::of(child.stdout.take().expect("it is piped")),
            stderr: Lines::of(child.stderr.take().expect("it is piped")),
            child,
        }
    }

    /// Waits for the line on stdout that contains `text`.
    pub(crate) fn says(&mut self, text: &str) -> String {
        self.stdout.find(text)
    }

    /// Waits for the line on stderr that contains `text`.
    pub(crate) fn logs(&mut self, text: &str) -> String {
        self.stderr.find(text)
    }

    /// Sends `INT`, `TERM` or `HUP`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("there is `kill`").success());
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is a child").is_some()
    }

    /// Waits until it ends.
    pub(crate) fn finish(mut self) -> Finished {
        let (stdout, stderr) = (self.stdout.rest(), self.stderr.rest());
        let code = self.child.wait().expect("it ends").code();
        Finished {
            code: code.unwrap_or(-1),
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines as they come, and those that have come.
struct Lines {
    coming: Receiver<String>,
    come: String,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, coming) = channel();
        thread::spawn(move || {
            BufReader::new(pipe)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            coming,
            come: String::new(),
        }
    }

    fn find(&mut self, text: &str) -> String {
        loop {
            let Some(line) = self.next() else {
                panic!("no line with {text:?} came, but:\n{}", self.come)
            };
            if line.contains(text) {
                return line;
            }
        }
    }

    fn rest(&mut self) -> String {
        while self.next().is_some() {}
        std::mem::take(&mut self.come)
    }

    /// None at the end.
    fn next(&mut self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self.coming.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.come += &line;
                self.come.push('\n');
                Some(line)
            }
            Err(Disconnected) => None,
            Err(Timeout) => panic!("no further line came after:\n{}", self.come),
        }
    }
}
