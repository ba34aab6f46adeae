//! The page of a run in a browser: what it looks like, that it reaches nothing, that it can be used from the keyboard,
//! and what axe finds.
//!
//! Chromium is driven by `check.mjs`. Where it, Node.js or the packages of `package.json` are not on this machine, the
//! test is skipped, and said to be; `INTUNE_SYNC_BROWSER=1` makes that a failure.

#[path = "../../host/page/tests/support/mod.rs"]
mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use intune_sync_history::Totals;
use intune_sync_page::Page;

const FAILURES: i64 = 50_000;

#[expect(clippy::print_stdout, reason = "it is how a test reports")]
fn main() -> ExitCode {
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    match Browser::find() {
        Ok(browser) => match browser.check(&pages()) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
        Err(why) if env::var_os("INTUNE_SYNC_BROWSER").is_some() => {
            println!("browser: FAILED, {why}, and INTUNE_SYNC_BROWSER is set");
            ExitCode::FAILURE
        }
        Err(why) => {
            println!("browser: skipped, {why}");
            ExitCode::SUCCESS
        }
    }
}

/// A browser, and what drives it.
struct Browser {
    node: PathBuf,
    chromium: PathBuf,
    packages: PathBuf,
}

impl Browser {
    fn find() -> Result<Self, String> {
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
        if !packages.join("installed").is_file() {
            return Err(
                "its packages are not installed: `make browser` does it where there is npm"
                    .to_owned(),
            );
        }
        let chromium = on_path(&["chromium", "chromium-browser", "google-chrome"])?;
        if !starts(&chromium) {
            return Err(format!("`{}` does not start here", chromium.display()));
        }
        Ok(Self {
            node: on_path(&["node"])?,
            chromium,
            packages,
        })
    }

    /// Whether the script finds the pages in this folder as they should be.
    fn check(&self, pages: &Path) -> bool {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser/check.mjs");
        let mut command = Command::new(&self.node);
        command
            .arg(script)
            .args([&self.packages, &self.chromium])
            .arg(pages);
        command.status().expect("node starts").success()
    }
}

/// Whether a browser shows an empty page: in some containers none can.
fn starts(chromium: &Path) -> bool {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-profile");
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank");
    command
        .output()
        .is_ok_and(|ended| ended.status.success() && !ended.stdout.is_empty())
}

fn on_path(names: &[&str]) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    candidates
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| format!("there is no `{}`", names[0]))
}

/// Writes the pages that the script looks at.
fn pages() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&folder).expect("it is ours");
    let write = |name: &str, page: Page| {
        fs::write(folder.join(name), page.html()).expect("it is ours");
    };
    write("mixed.html", support::page(support::run()));
    write("failures.html", support::page_of_failures(250));
    write("large.html", support::page_of_failures(FAILURES));
    let names = support::hostile_names();
    write("hostile.html", support::page_of_names(&names));
    write(
        "empty.html",
        Page::new(support::run(), Totals::default(), Vec::new()),
    );
    let names = serde_json::to_string(&names).expect("plain data");
    fs::write(folder.join("names.json"), names).expect("it is ours");
    folder
}
