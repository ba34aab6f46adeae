//! Holds the reference's table of settings equal to the one in the code. `make docs` writes it anew.

use std::{env, fs, path::Path};

use intune_sync_settings::{Bound, Cover, Setting, Shape};

const START: &str = "<!-- settings -->\n";
const END: &str = "<!-- /settings -->\n";

#[test]
fn the_reference_has_each_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let page = fs::read_to_string(&path).expect("the repository has a reference");
    let (head, rest) = page.split_once(START).expect("it has the first marker");
    let (found, tail) = rest.split_once(END).expect("it has the second marker");
    let table = table();
    if env::var_os("INTUNE_SYNC_WRITE_DOCS").is_some() {
        let written = format!("{head}{START}{table}{END}{tail}");
        fs::write(&path, written).expect("the reference can be written");
    } else {
        assert_eq!(found, table, "`make docs` writes it anew");
    }
}

fn table() -> String {
    let mut table = "\n| Setting | Takes | Default | Does | A request to the service may |\n|---|---|---|---|---|\n"
        .to_owned();
    for setting in Setting::all() {
        let key = match setting.is_flag {
            true => format!("`--{}`", setting.key),
            false => format!("`{}`", setting.variable()),
        };
        let default = setting.default.map(|default| format!("`{default}`"));
        table += &format!(
            "| {key} | {} | {} | {} | {} |\n",
            takes(setting),
            default.unwrap_or_default(),
            setting.help,
            may(setting)
        );
    }
    table + "\n"
}

fn takes(setting: &Setting) -> String {
    let words = setting.words();
    let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    let one = match (setting.range(), words.as_slice(), setting.shape()) {
        (Some(range), ..) => range,
        (None, [_, ..], _) => words.join(", "),
        (None, [], Shape::Switch) => return String::new(),
        (None, [], _) => setting.value_name.to_lowercase(),
    };
    match setting.shape() {
        Shape::List { .. } => format!("one or more: {one}"),
        Shape::Switch | Shape::One => one,
    }
}

fn may(setting: &Setting) -> String {
    match setting.bound {
        Bound::AtMost => "go below".to_owned(),
        Bound::AtMostDefault => "go below, and not above the default unless it is set".to_owned(),
        Bound::AtLeast => "go above".to_owned(),
        Bound::UpTo(["false", "true"]) => "not turn it on if it is `false`".to_owned(),
        Bound::UpTo(["true", "false"]) => "not turn it off if it is `true`".to_owned(),
        Bound::UpTo(words) => format!("not go further in {}", quoted(words)),
        Bound::UpToDefault(words) => format!(
            "not go further in {}, nor beyond the default unless it is set",
            quoted(words)
        ),
        Bound::Same => "not choose another".to_owned(),
        Bound::Covered(Cover::Equal) => "name some of these".to_owned(),
        Bound::Covered(Cover::Beginning) => "name some of these, or longer beginnings".to_owned(),
        Bound::Covered(Cover::Pattern) => "name some of these, or names that match one".to_owned(),
        Bound::Added => "add some".to_owned(),
        Bound::Operator | Bound::Program => "not set it".to_owned(),
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
