//! Wrong usage: each message names the value and what is allowed.

use intune_sync_settings::Advice;

use super::usage;

#[test]
fn bad_input_names_the_value_and_what_is_allowed() {
    let duration = "as seconds (`10`, `1.5`) or with units (`500ms`, `2m`, `1h30m`)";
    let units = "with units (`90s`, `2m`, `1h30m`, `7d`)";
    let guid = "it takes a GUID such as `00112233-4455-6677-8899-aabbccddeeff`";
    let origin = |problem: &str| {
        format!(
            "{problem}; it takes `https://host` or `https://host:port`, or http on a loopback address"
        )
    };
    let scheme = origin("it does not begin with https:// or http://");
    let rate =
        "it takes more than 0 and at most 1000000 syncs per second, with up to three decimals";
    let listen = "it takes a loopback address with a port, such as `127.0.0.1:8080` or `[::1]:0`, where 0 is any free port";
    for (line, flag, value, allowed) in [
        ("sync", "--batch-size", "0", "it takes 1 to 10000 devices"),
        ("sync", "--batch-size", "-1", "it takes 1 to 10000 devices"),
        (
            "sync",
            "--batch-size",
            "1000000",
            "it takes 1 to 10000 devices",
        ),
        ("plan", "--batch-size", "ten", "it takes 1 to 10000 devices"),
        (
            "sync",
            "--batch-delay-seconds",
            "-10",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        (
            "sync",
            "--batch-delay-seconds",
            "-5s",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        (
            "sync",
            "--batch-delay-seconds",
            "25h",
            &format!("it takes 0s to 1d, {duration}"),
        ),
        (
            "plan",
            "--stale-since",
            "7d",
            "it takes a date (`2026-11-01`), or with a time (`2026-11-01T06:00:00Z`)",
        ),
        (
            "sync",
            "--stale-for",
            "7",
            "it needs a unit: `7d`, `7h`, `7m` or `7s`",
        ),
        ("sync", "--max-retries", "101", "it takes 0 to 100 retries"),
        ("sync", "--max-retries", "-1", "it takes 0 to 100 retries"),
        (
            "sync",
            "--initial-backoff-seconds",
            "61m",
            &format!("it takes 0s to 1h, {duration}"),
        ),
        ("sync", "--max-rate", "0", rate),
        ("sync", "--max-rate", "-1", rate),
        ("sync", "--max-rate", "1000001", rate),
        (
            "sync",
            "--dispatch",
            "many",
            "it takes `batch`, `single` or `bulk`",
        ),
        ("sync", "--pace", "x", "it takes `fixed` or `quota`"),
        ("sync", "--order", "x", "it takes `stalest` or `listed`"),
        (
            "sync",
            "--compliance",
            "good",
            "it takes `unknown`, `compliant`, `noncompliant`, `conflict`, `error`, `inGracePeriod` or `configManager`",
        ),
        (
            "sync",
            "--owner",
            "me",
            "it takes `unknown`, `company` or `personal`",
        ),
        (
            "sync",
            "--stale-for",
            "0",
            &format!("it takes 1s to 3650d, {units}"),
        ),
        (
            "sync",
            "--deadline",
            "0",
            &format!("it takes 1s to 7d, {units}"),
        ),
        ("sync", "--limit", "0", "it takes 1 to 4294967295 devices"),
        ("sync", "--device", "PC-1", guid),
        ("sync", "--client-id", "x", guid),
        ("sync", "--object-id", "x", guid),
        (
            "sync",
            "--resource-id",
            "x",
            "it takes an Azure resource id, which begins with `/subscriptions/`",
        ),
        (
            "sync",
            "--graph-url",
            "http://graph.microsoft.com",
            &origin("http is for loopback addresses only"),
        ),
        (
            "sync",
            "--graph-url",
            "http://127.0.0.1/v1.0",
            &origin("it has a path, a query or a fragment"),
        ),
        ("sync", "--graph-url", "graph.microsoft.com", &scheme),
        ("sync", "--graph-url", "ftp://127.0.0.1", &scheme),
        (
            "sync",
            "--cloud",
            "mars",
            "it takes `public`, `usgov`, `usgov-dod` or `china`",
        ),
        (
            "sync",
            "--auth",
            "password",
            "it takes `managed-identity`, `workload-identity`, `azure-cli`, `client-secret`, `client-certificate`, \
             `github-actions`, `azure-pipelines` or `token-file`",
        ),
        (
            "sync",
            "--output",
            "xml",
            "it takes `text`, `json`, `jsonl` or `csv`",
        ),
        (
            "sync",
            "--color",
            "red",
            "it takes `auto`, `always` or `never`",
        ),
        ("demo", "--devices", "0", "it takes 1 to 1000000 devices"),
        (
            "demo",
            "--seed",
            "-1",
            "it takes a whole number from 0 to 18446744073709551615",
        ),
        ("demo", "--batch-size", "0", "it takes 1 to 10000 devices"),
        ("simulate", "--listen", "0.0.0.0:80", listen),
        (
            "simulate",
            "--devices",
            "x",
            "it takes 0 to 1000000 devices",
        ),
    ] {
        let error = usage(&format!("{line} {flag} {value}"), &[]);
        assert_eq!(
            error.message,
            format!("`{value}` is not allowed for `{flag}`: {allowed}")
        );
    }
    assert!(
        usage("sync --agent x", &[])
            .message
            .starts_with("`x` is not allowed for `--agent`: it takes `eas`, `mdm`, ")
    );
}

#[test]
fn other_wrong_usage_is_explained() {
    let mut seen = String::new();
    for line in [
        "",
        "snyc",
        "frobnicate",
        "--quiet",
        "sync --batch-szie 5",
        "sync --frobnicate",
        "sync extra",
        "sync --batch-size",
        "sync --pace",
        "sync --pace quoat",
        "sync --batch-size 0",
        "sync --os Windows,",
        "sync --yes=true",
        "sync --batch-size 1 --batch-size 2",
        "sync --quiet --verbose",
        "sync --auth token-file",
        "sync --token-file t",
        "sync --auth token-file --token-file t --object-id 00112233-4455-6677-8899-aabbccddeeff",
        "sync --auth client-secret --client-secret-file s --tenant-id common",
        "sync --auth client-secret --client-secret-file - --tenant-id contoso.com \
         --client-id 00112233-4455-6677-8899-aabbccddeeff --devices-from -",
        "sync --auth token-file --token-file - --devices-from -",
        "sync --auth client-certificate --client-certificate-file - --client-certificate-password-file - \
         --tenant-id contoso.com --client-id 00112233-4455-6677-8899-aabbccddeeff",
        "sync --auth client-certificate --client-certificate-file - --tenant-id contoso.com \
         --client-id 00112233-4455-6677-8899-aabbccddeeff --devices-from -",
        "sync --auth client-certificate --client-certificate-file c --client-certificate-password-file - \
         --tenant-id contoso.com --client-id 00112233-4455-6677-8899-aabbccddeeff --devices-from -",
        "sync --client-id 00112233-4455-6677-8899-aabbccddeeff --resource-id /subscriptions/x",
        "plan --dry-run",
        "demo --graph-url https://graph.microsoft.com",
    ] {
        let Advice { message, hint } = usage(line, &[]);
        seen += &format!("$ intune-sync {line}\nerror: {message}\nhint: {hint}\n\n");
    }
    insta::assert_snapshot!(seen);
}
