//! The file of `--config`.

use intune_sync_files::{
    config::{Value, parse},
    decode,
};

pub(crate) fn run(input: &[u8]) -> bool {
    let text = decode(input);
    let config = match parse(&text, "`job.toml`") {
        Ok(config) => config,
        Err(error) => {
            let place = error.message.strip_prefix("`job.toml`, line ");
            let line = place.and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            let lines = text.matches('\n').count() + 1;
            assert!(
                line.is_some_and(|line| (1..=lines).contains(&line)),
                "{error}"
            );
            assert!(!error.message.contains('\n'), "{error}");
            return false;
        }
    };
    let lines = text.matches('\n').count() + 1;
    let profiles = config.profiles.iter().map(|profile| &profile.entries);
    for entries in profiles.chain([&config.entries]) {
        let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
        assert!(
            entries
                .iter()
                .all(|entry| (1..=lines).contains(&entry.line)),
            "{entries:?}"
        );
        assert!(entries.is_sorted_by_key(|entry| entry.line), "{entries:?}");
    }
    config
        .entries
        .iter()
        .any(|entry| !matches!(entry.value, Value::Other(_)))
}
