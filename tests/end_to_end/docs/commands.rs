//! The command lines of `intune-sync` in a text, whatever surrounds them: a shell, YAML, a unit of systemd, a sentence.

/// The arguments of each command line in a text whose lines may be continued with `\`.
pub(super) fn of(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    text.lines().flat_map(of_line).collect()
}

fn of_line(line: &str) -> Vec<Vec<String>> {
    // `args: [sync, --pace, quota]`, of a container.
    if let Some((_, list)) = line.split_once("args: [") {
        let list = list.trim_end_matches(']').split(", ").map(str::to_owned);
        return vec![list.collect()];
    }
    let mut found = Vec::new();
    for (at, name) in line.match_indices("intune-sync ") {
        let is_name = line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| " /`(\t".contains(before));
        let words = words(&line[at + name.len()..]);
        // What follows it may also be a file or a flag of another command, whose argument it is.
        let is_command = words.first().is_some_and(|word| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        });
        if is_name && is_command {
            found.push(words);
        }
    }
    found
}

/// The words of one command, as a shell splits them: up to what ends it, without redirections.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut depth = 0_u32;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') if depth == 0 => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '(') => {
                depth += 1;
                word.get_or_insert_default().push(c);
            }
            (None, ')') if depth > 0 => {
                depth -= 1;
                word.get_or_insert_default().push(c);
            }
            (None, ' ' | '\t') if depth == 0 => words.extend(word.take()),
            (None, '#') if depth == 0 && word.is_none() => break,
            (None, '|' | ';' | '&' | ')' | '`' | '>') if depth == 0 => break,
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    // What a sentence leaves out, or a variable that a reader fills in, is left out here too.
    words.retain(|word| word != "…");
    words
}

#[test]
fn a_command_ends_where_its_shell_ends_it() {
    for (text, expected) in [
        (
            "intune-sync plan --os iOS | jq .",
            &["plan", "--os", "iOS"][..],
        ),
        ("pass show x | intune-sync plan -q > out", &["plan", "-q"]),
        (
            "intune-sync sync --name 'A *' # all",
            &["sync", "--name", "A *"],
        ),
        (
            "ExecStart=/usr/bin/intune-sync sync \\\n  --yes",
            &["sync", "--yes"],
        ),
        (
            "intune-sync sync --devices-from <(intune-sync list) --yes",
            &["sync", "--devices-from", "<(intune-sync list)", "--yes"],
        ),
        (
            "$(intune-sync audit --output json)",
            &["audit", "--output", "json"],
        ),
        (
            "  args: [sync, --pace, quota]",
            &["sync", "--pace", "quota"],
        ),
    ] {
        assert_eq!(of(text)[0], expected, "{text}");
    }
    for text in [
        "install target/intune-sync /usr/bin/",
        "az --name intune-sync \\\n  --query id",
        "run.intune-sync sync",
        "intune-sync.timer",
    ] {
        assert!(of(text).is_empty(), "{text}");
    }
}
