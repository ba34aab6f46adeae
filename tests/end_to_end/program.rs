//! The program under test.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

/// Writes a file that its owner alone can read.
pub(crate) fn write_secret(path: &Path, secret: &str) {
    std::fs::write(path, secret).expect("it can be written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let owners = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, owners).expect("it is ours");
    }
}

/// A call of the built `intune-sync`, with a separate environment.
pub(crate) struct Program(Command);

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_intune-sync"));
        // Of the caller's environment only what names folders: the compiled component is cached there.
        command.env_clear();
        for name in [
            "HOME",
            "PATH",
            "XDG_CACHE_HOME",
            "USERPROFILE",
            "LOCALAPPDATA",
            "SystemRoot",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("XDG_STATE_HOME", new_state_home());
        // Those of whose machine this is have no part in it.
        command.env("INTUNE_SYNC_NO_CONFIG", "true");
        Self(command)
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        if name == "INTUNE_SYNC_CONFIG" {
            self.0.env("INTUNE_SYNC_NO_CONFIG", "");
        }
        self.0.env(name, value);
        self
    }

    pub(crate) fn run(self) -> Finished {
        self.run_with_input("")
    }

    pub(crate) fn run_with_input(mut self, input: &str) -> Finished {
        let mut child = self
            .0
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A program that ends without reading its input closes the pipe.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Finished::from(child.wait_with_output().expect("the program ends"))
    }

    /// The same call, started by another command with these arguments.
    #[cfg(unix)]
    pub(crate) fn under(self, wrapper: &[&str]) -> Self {
        let call: Vec<&str> = self.words().collect();
        self.as_called_by(&[wrapper, call.as_slice()].concat())
    }

    /// The same call, on a terminal. Its arguments must be single words to a shell.
    #[cfg(unix)]
    pub(crate) fn under_script(self) -> Self {
        self.under_script_after("")
    }

    /// The same, after commands of a shell on the same terminal.
    #[cfg(unix)]
    pub(crate) fn under_script_after(self, commands: &str) -> Self {
        let call: Vec<&str> = self.words().collect();
        let call = format!("{commands}exec {}", call.join(" "));
        let record = "/dev/null";
        self.as_called_by(&["script", "--quiet", "--return", "--command", &call, record])
    }

    /// The program and its arguments.
    #[cfg(unix)]
    fn words(&self) -> impl Iterator<Item = &str> {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_str().expect("UTF-8"))
    }

    /// Another call in the same environment.
    #[cfg(unix)]
    fn as_called_by(&self, words: &[&str]) -> Self {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear();
        for (name, value) in self.0.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        Self(command)
    }

    /// The command itself, for what a test does with the process.
    pub(crate) fn into_command(self) -> Command {
        self.0
    }

    /// Runs it with `--output json` and reads the object.
    pub(crate) fn json(self) -> (Finished, Value) {
        let finished = self.args(["--output", "json"]).run();
        let object = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {finished:?}"));
        (finished, object)
    }

    /// Runs it with `--output jsonl` and reads the lines, the summary last.
    pub(crate) fn jsonl(self) -> (Finished, Vec<Value>) {
        let finished = self.args(["--output", "jsonl"]).run();
        let read = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
        };
        let lines = finished.stdout.lines().map(read).collect();
        (finished, lines)
    }
}

/// Each call has its own history and its own locks, as calls on different machines have.
fn new_state_home() -> PathBuf {
    static STATE_HOMES: LazyLock<PathBuf> = LazyLock::new(|| {
        let homes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("state");
        // Those of earlier tests, if there are any.
        let _ = std::fs::remove_dir_all(&homes);
        homes
    });
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    STATE_HOMES.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string())
}

impl Finished {
    /// The error on stderr, and the hint that follows it.
    pub(crate) fn error(&self) -> (&str, &str) {
        let mut lines = self.stderr.lines();
        let error = lines.find_map(|line| line.strip_prefix("error: "));
        let hint = lines.next().and_then(|line| line.strip_prefix("hint: "));
        match (error, hint) {
            (Some(error), Some(hint)) => (error, hint),
            _ => panic!("no error with a hint: {self:?}"),
        }
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
