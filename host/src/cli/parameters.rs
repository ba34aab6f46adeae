//! Flags as PowerShell writes them, `-BatchSize`: the runbook that this program replaces has such parameters.

use std::ffi::OsString;

use intune_sync_settings::Advice;

/// The parameters that are called otherwise here, in lower case.
const RENAMED: [(&str, &str); 2] = [("whatif", "dry-run"), ("debug", "verbose")];

/// The flag that is meant by the first argument that is written so; `longs` are the flags of the command.
pub(super) fn meant(args: &[OsString], longs: &[&str]) -> Option<Advice> {
    args.iter().skip(1).find_map(|arg| {
        let written = arg.to_str()?;
        let name = written.strip_prefix('-')?;
        let name = name.split([':', '=']).next().unwrap_or(name);
        if name.len() < 3 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let plain = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
        let renamed = RENAMED.iter().find(|(theirs, _)| *theirs == plain(name));
        let long = match renamed {
            Some((_, ours)) => longs.iter().find(|long| *long == ours),
            None => longs.iter().find(|long| plain(long) == plain(name)),
        }?;
        Some(Advice::new(
            format!("`-{name}` is not a flag: flags begin with two dashes"),
            format!("write `--{long}`"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_powershell_leads_to_the_flag() {
        let longs = [
            "batch-size",
            "batch-delay-seconds",
            "dry-run",
            "verbose",
            "os",
        ];
        for (line, hint) in [
            ("x sync -WhatIf", Some("write `--dry-run`")),
            ("x sync -BatchSize 50", Some("write `--batch-size`")),
            (
                "x sync -batchdelayseconds:5",
                Some("write `--batch-delay-seconds`"),
            ),
            ("x sync -batch-size=5", Some("write `--batch-size`")),
            ("x sync -Verbose", Some("write `--verbose`")),
            ("x sync -vq --os -1", None),
            ("x sync -Banana", None),
            ("x sync --batch-size 5", None),
        ] {
            let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
            let found = meant(&args, &longs).map(|advice| advice.hint);
            assert_eq!(found.as_deref(), hint, "{line}");
        }
    }
}
