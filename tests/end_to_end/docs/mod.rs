//! The documentation: each command in it is run, and what it shows is what is printed.

mod commands;
mod fields;
mod messages;
mod page;
mod place;
mod shown;
mod source;

use std::{fmt::Write, process::Command, thread};

use self::{
    page::{Block, Directive, Page, is_writing},
    place::{Ended, Place},
};
use crate::program::Program;

/// Each block of commands runs, in a shell, as a reader would run it: `sh` holds commands, `console` also what they
/// print.
#[test]
fn each_command_does_what_its_page_says() {
    let failures: Vec<String> = thread::scope(|scope| {
        let pages: Vec<_> = Page::all()
            .into_iter()
            .map(|page| scope.spawn(move || failures_of(&page)))
            .collect();
        let ended = pages
            .into_iter()
            .map(|page| page.join().expect("it does not panic"));
        ended.flatten().collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// A command that cannot run here, or is part of a sentence, is one that the program takes.
#[test]
fn each_command_is_one_that_the_program_takes() {
    let mut failures = String::new();
    for page in Page::all() {
        let blocks = page.blocks().into_iter().map(|block| block.typed());
        for text in blocks.chain(page.spans()) {
            for words in commands::of(&text) {
                let words: Vec<&str> = words.iter().map(String::as_str).map(value).collect();
                // With this at its end, a command line is read, and nothing is done.
                let finished = Program::new()
                    .args(words.iter().copied())
                    .args(["--help"])
                    .run();
                if finished.code != 0 {
                    let (name, error) = (&page.name, finished.stderr);
                    let _ = writeln!(failures, "{name}: intune-sync {}: {error}", words.join(" "));
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The reference shows the flags of each command that the program has.
#[test]
fn the_reference_has_each_command() {
    let page = Page::of_docs("reference.md");
    let mut missing = Vec::new();
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(command) = commands.pop() {
        let path = command.iter().map(String::as_str);
        let help = Program::new().args(path.chain(["--help"])).run().stdout;
        let list = help.split_once("\nCommands:\n").map(|(_, list)| list);
        // A name begins in the third column; what begins further right continues the line above.
        let names = list.into_iter().flat_map(|list| {
            let lines = list.lines().take_while(|line| !line.is_empty());
            lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        });
        let names: Vec<&str> = names.filter(|name| !["", "help"].contains(name)).collect();
        if names.is_empty()
            && !page
                .text
                .contains(&format!("\n$ intune-sync {} -h\n", command.join(" ")))
        {
            missing.push(command.join(" "));
        }
        commands.extend(
            names
                .iter()
                .map(|name| [&command[..], &[(*name).to_owned()]].concat()),
        );
    }
    assert!(
        missing.is_empty(),
        "a block `console written` of `-h` is missing: {missing:?}"
    );
}

/// A flag that a sentence names is one that the reference shows.
#[test]
fn each_flag_is_one_that_the_program_has() {
    let reference = Page::of_docs("reference.md");
    let shown = reference
        .blocks()
        .into_iter()
        .filter(|block| block.directive == Directive::Written);
    let shown: Vec<String> = shown.flat_map(|block| block.lines).collect();
    let shown = shown.join("\n");
    let known: Vec<&str> = flags(&shown).collect();
    // Of every program, of `systemctl`, and of `az`.
    let of_others = [
        "--allow-no-subscriptions",
        "--now",
        "--query",
        "--resource-type",
        "--service-principal",
        "--version",
    ];
    let mut unknown = Vec::new();
    for page in Page::all() {
        for span in page.spans() {
            let strange =
                flags(&span).filter(|flag| !known.contains(flag) && !of_others.contains(flag));
            unknown.extend(strange.map(|flag| format!("{}: {flag}", page.name)));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(known.len() > 80, "{known:?}");
}

/// The long flags in a text.
fn flags(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    words.filter(|word| word.starts_with("--") && word.len() > 2)
}

/// A reader's own value, where only values of a kind are taken.
fn value(word: &str) -> &str {
    let stands_for = ["ID", "DEVICE", "N", "DURATION", "PERCENT"].contains(&word)
        || word.ends_with("_ID")
        || word.starts_with("$(")
        || word.starts_with('…');
    match word {
        "N" => "1",
        "DURATION" => "1h",
        _ if stands_for => "00112233-4455-6677-8899-aabbccddeeff",
        _ => word,
    }
}

/// What of a page does not happen as it says.
fn failures_of(page: &Page) -> Vec<String> {
    let place = Place::new(&page.text);
    let mut failures = Vec::new();
    let mut text: Vec<String> = page.text.lines().map(str::to_owned).collect();
    // From the end, so that a block which is written does not move those that come after it.
    let blocks = page.blocks();
    for block in &blocks {
        file(&place, block);
    }
    let mut written = Vec::new();
    for block in &blocks {
        match (block.language.as_str(), &block.directive) {
            (_, Directive::NoRun(_)) => {}
            ("sh" | "console", _) if reaches_out(block) => failures.push(format!(
                ":{}: it writes to the system: `no-run: …`",
                block.line
            )),
            ("sh", Directive::Needs(program)) if !is_there(program) => {
                note(&format!(
                    "{}:{}: there is no `{program}` here",
                    page.name, block.line
                ));
            }
            ("sh", directive) => failures.extend(sh(&place, block, directive)),
            ("console", Directive::Written) => written.push((block, console_output(&place, block))),
            ("console", _) => failures.extend(console(&place, block)),
            _ => {}
        }
    }
    for (block, lines) in written.into_iter().rev() {
        if is_writing() {
            text.splice(block.line..block.line + block.lines.len(), lines);
        } else if lines != block.lines {
            failures.push(format!(":{}: `make docs` writes it anew", block.line));
        }
    }
    if is_writing() {
        page.write(&(text.join("\n") + "\n"));
    }
    failures
        .iter()
        .map(|failure| format!("{}{failure}", page.name))
        .collect()
}

/// A block whose first line is `# NAME` is a file of that name.
fn file(place: &Place, block: &Block) {
    let name = block.lines.first().and_then(|line| line.strip_prefix("# "));
    // In TOML it is a comment.
    let lines = match block.language.as_str() {
        "toml" => &block.lines[..],
        "csv" => block.lines.get(1..).unwrap_or_default(),
        _ => return,
    };
    if let Some(name) = name.filter(|name| !name.contains(' ')) {
        place.file(name, &(lines.join("\n") + "\n"));
    }
}

fn sh(place: &Place, block: &Block, directive: &Directive) -> Option<String> {
    let expected = expected_code(directive);
    let Ended { code, output } = place.run(&block.lines.join("\n"));
    (code != expected).then(|| {
        format!(
            ":{}: exit code {code} instead of {expected}:\n{output}",
            block.line
        )
    })
}

/// Each command, with what follows it up to the next one.
fn console(place: &Place, block: &Block) -> Vec<String> {
    let shown = block.lines.split_inclusive(|line| line.starts_with("$ "));
    let mut failures = Vec::new();
    let mut command: Option<&str> = None;
    let mut check = |command: Option<&str>, shown: &[String]| {
        let Some(command) = command else { return };
        let Ended { code, output } = place.run(command);
        let expected: Vec<String> = shown.iter().map(|line| place.filled_in(line)).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        let found: Vec<&str> = output.lines().collect();
        if code != expected_code(&block.directive) || !shown::is_shown(&expected, &found) {
            let (line, expected) = (block.line, expected.join("\n"));
            failures.push(format!(
                ":{line}: `{command}` ends with {code} and prints\n{output}\ninstead of\n{expected}\n"
            ));
        }
    };
    for part in shown {
        let (last, shown) = part.split_last().expect("it has a line");
        match last.strip_prefix("$ ") {
            Some(next) => {
                check(command, shown);
                command = Some(next);
            }
            None => check(command.take(), part),
        }
    }
    check(command, &[]);
    failures
}

/// The block as it would be written.
fn console_output(place: &Place, block: &Block) -> Vec<String> {
    let commands = block
        .lines
        .iter()
        .filter_map(|line| line.strip_prefix("$ "));
    commands
        .flat_map(|command| {
            let output = place.run(command).output;
            let output = output.lines().map(|line| line.trim_end().to_owned());
            std::iter::once(format!("$ {command}"))
                .chain(output)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn expected_code(directive: &Directive) -> i32 {
    match directive {
        Directive::Exits(code) => *code,
        _ => 0,
    }
}

/// Whether it names a place that is not of the page's folder, and that a command may write to.
fn reaches_out(block: &Block) -> bool {
    let typed = block.typed();
    ["sudo ", " /etc/", " /opt/", " /usr/", " /var/"]
        .iter()
        .any(|place| typed.contains(place))
}

fn is_there(program: &str) -> bool {
    let mut which = Command::new("sh");
    which.args(["-c", &format!("command -v {program} > /dev/null")]);
    which.status().is_ok_and(|status| status.success())
}

#[expect(clippy::print_stderr, reason = "what a test leaves out is said")]
fn note(text: &str) {
    eprintln!("{text}");
}
