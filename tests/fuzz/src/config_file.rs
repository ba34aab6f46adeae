//! The file of `--config`.

use intune_sync_files::{
    config::{Value, parse},
    decode,
};

pub(crate) fn run(input: &[u8]) -> bool {
    let text = decode(input);
    let entries = match parse(&text, "`job.toml`") {
        Ok(entries) => entries,
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
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    entries
        .iter()
        .any(|(_, value)| !matches!(value, Value::Other(_)))
}
