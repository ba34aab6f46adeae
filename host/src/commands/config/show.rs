//! The settings that a `sync` would have, and where each comes from.

use intune_sync_settings::variable;
use serde::Serialize;

use crate::{
    cli::{ConfigFile, From, Shown, Source, Value},
    output::table,
    printer::one_line,
};

/// For people: a line for each setting that is set, and the names of the others.
pub(super) fn text(file: Option<&ConfigFile>, settings: &[Shown]) -> String {
    let mut text = match file {
        Some(file) => format!("Config file: {}\n\n", one_line(&file.to_string())),
        None => "Config file: none\n\n".to_owned(),
    };
    let (set, not_set): (Vec<&Shown>, Vec<&Shown>) = settings
        .iter()
        .partition(|shown| shown.from != From::Nowhere);
    let row = |shown: &&Shown| {
        [
            shown.key.clone(),
            one_line(&written(&shown.value)),
            one_line(&place(shown).unwrap_or_default()),
        ]
    };
    text += &table(&set.iter().map(row).collect::<Vec<_>>());
    let names: Vec<&str> = not_set.iter().map(|shown| &*shown.key).collect();
    text += &format!("\nNot set: {}\n", names.join(", "));
    text
}

/// The same as one JSON object.
pub(super) fn json(file: Option<&ConfigFile>, settings: &[Shown]) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Object<'a> {
        config_file: Option<String>,
        profile: Option<&'a str>,
        settings: Vec<Setting<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Setting<'a> {
        key: &'a str,
        value: serde_json::Value,
        source: &'static str,
        place: Option<String>,
    }
    let settings = settings.iter().map(|shown| Setting {
        key: &shown.key,
        value: match &shown.value {
            Value::NotSet => serde_json::Value::Null,
            Value::Switch(on) => (*on).into(),
            Value::One(text) => text.clone().into(),
            Value::List(texts) => texts.clone().into(),
        },
        source: match &shown.from {
            From::Nowhere => "none",
            From::Flag => "flag",
            From::Written(Source::Variable(_)) => "variable",
            From::Written(Source::File { .. }) => "file",
            From::Default => "default",
        },
        place: match shown.from {
            From::Nowhere | From::Default => None,
            From::Flag | From::Written(_) => place(shown),
        },
    });
    let object = Object {
        config_file: file.map(|file| file.path.display().to_string()),
        profile: file.and_then(|file| file.profile.as_deref()),
        settings: settings.collect(),
    };
    serde_json::to_string(&object).expect("texts and lists are JSON") + "\n"
}

fn written(value: &Value) -> String {
    match value {
        Value::NotSet => "-".to_owned(),
        Value::Switch(on) => on.to_string(),
        Value::One(text) => text.clone(),
        Value::List(texts) => texts.join(", "),
    }
}

/// Where a value is written: `--batch-size`, `INTUNE_SYNC_BATCH_SIZE`, `job.toml:3`.
fn place(shown: &Shown) -> Option<String> {
    match &shown.from {
        From::Nowhere => None,
        From::Flag => Some(format!("--{}", shown.key)),
        From::Written(Source::Variable(_)) => Some(variable(&shown.key)),
        From::Written(Source::File {
            path,
            line,
            profile,
        }) => {
            let profile = profile
                .as_ref()
                .map(|profile| format!(" (profile {profile})"));
            Some(format!(
                "{}:{line}{}",
                path.display(),
                profile.unwrap_or_default()
            ))
        }
        From::Default => Some("default".to_owned()),
    }
}
