//! Wrong usage: exit code 2, a message that names the value and what is allowed, a hint, and not one request.

use std::{fs, path::Path};

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::tenant::{Tenant, healthy};

/// Call after call as in a shell, with the program's reply to each. A call is variables, then arguments; `FOLDER` is
/// the folder of the files. Behind each call, what the message must name.
fn refused(calls: &[(&str, &str)]) -> String {
    let folder = files();
    let tenant = Tenant::new(healthy(3));
    let mut transcript = String::new();
    for (call, named) in calls {
        let reply = refuse(&tenant, folder.path(), call);
        assert!(reply.contains(named), "{call}: {reply}");
        transcript += &format!("$ {}\n{reply}\n", call.trim());
    }
    assert_eq!(
        tenant.statistics().requests.total(),
        0,
        "before anything is sent"
    );
    transcript
}

fn refuse(tenant: &Tenant, folder: &Path, call: &str) -> String {
    refuse_with(2, tenant, folder, call)
}

fn refuse_with(code: i32, tenant: &Tenant, folder: &Path, call: &str) -> String {
    let folder = folder.display().to_string();
    let port = tenant.address.port().to_string();
    let mut program = tenant.surround();
    for word in call.split(' ').filter(|word| !word.is_empty()) {
        let word = word.replace("FOLDER", &folder).replace("PORT", &port);
        program = match word.split_once('=') {
            Some((name, value)) if name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') => {
                program.env(name, value)
            }
            _ => program.args([word.as_str()]),
        };
    }
    let finished = program.run();
    assert_eq!(finished.code, code, "{call}: {finished:?}");
    assert_eq!(finished.stdout, "", "{call}");
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let [error, hint] = lines.as_slice() else {
        panic!("{call}: one message and one hint: {finished:?}")
    };
    assert!(error.starts_with("error: "), "{call}: {error}");
    assert!(hint.starts_with("hint: "), "{call}: {hint}");
    let error = system_words_left_out(error)
        .replace(&folder, "FOLDER")
        .replace(&format!(":{port}"), ":PORT");
    format!("{error}\n{hint}\n")
}

/// What the system says of a file or an address differs from one to the next.
fn system_words_left_out(error: &str) -> String {
    match error
        .split_once(" (os error ")
        .and_then(|(words, _)| words.rsplit_once(": "))
    {
        Some((ours, _)) => format!("{ours}: (the system's words)"),
        None => error.to_owned(),
    }
}

/// A file for each way in which one can be wrong.
fn files() -> TempDir {
    const ID: &str = "00112233-4455-6677-8899-aabbccddeeff";
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &str| {
        fs::write(folder.path().join(name), content).expect("written");
    };
    write("empty", "");
    write("devices", &format!("{ID}\n\n# a comment\nPC-0042\n{ID}\n"));
    write("devices.csv", &format!("Name,Id\nPC-1,{ID}\nPC-2,none\n"));
    write("comments", "# no device\n\n");
    write("two-words", "Bearer eyJ0eXAi.secret.secret\n");
    write("not.wasm", "this is text\n");
    write("core.wasm", "\0asm\u{1}\0\0\0");
    write("not.pem", "this is text\n");
    write("unknown-key.toml", "batch-size = 10\nbatchsize = 20\n");
    write("bad-value.toml", "batch-size = 0\n");
    write("bad-kind.toml", "batch-size = [1, 2]\n");
    write("not.toml", "pace = \"quota\"\nbatch-size: 10\n");
    write(
        "unknown-key.json",
        r#"{"fleet": {"devices": 5, "wings": 2}}"#,
    );
    write("not.json", "devices = 5");
    folder
}

#[test]
fn a_value_out_of_its_range() {
    let transcript = refused(&[
        ("sync --batch-size 0", "`0`"),
        ("sync --batch-size -1", "`-1`"),
        ("sync --batch-size 1000000", "`1000000`"),
        ("sync --batch-size x", "`x`"),
        ("sync --batch-size 1.5", "`1.5`"),
        ("sync --batch-size", "`--batch-size`"),
        ("sync --batch-size=", "`--batch-size`"),
        ("sync --batch-size 5 --batch-size 6", "`--batch-size`"),
        ("sync --batch-delay-seconds -1", "`-1`"),
        ("sync --batch-delay-seconds -0.5s", "`-0.5s`"),
        ("sync --batch-delay-seconds 25h", "`25h`"),
        (
            "sync --batch-delay-seconds 99999999999999999999",
            "`99999999999999999999`",
        ),
        ("sync --batch-delay-seconds 10x", "`10x`"),
        ("sync --batch-delay-seconds NaN", "`NaN`"),
        ("sync --max-retries -1", "`-1`"),
        ("sync --max-retries 101", "`101`"),
        ("sync --initial-backoff-seconds 2h", "`2h`"),
        ("sync --max-rate 0", "`0`"),
        ("sync --max-rate -5", "`-5`"),
        ("sync --deadline 0", "`0`"),
        ("sync --deadline 8d", "`8d`"),
        ("sync --stale-for -24h", "`-24h`"),
        ("sync --stale-for 11y", "`11y`"),
        ("sync --limit 0", "`0`"),
        ("sync --limit -1", "`-1`"),
        ("sync --limit 4294967296", "`4294967296`"),
        ("plan --batch-size 0", "`0`"),
        ("demo --devices 0", "`0`"),
        ("demo --batch-size 0", "`0`"),
        ("demo --seed -1", "`-1`"),
        ("simulate --devices -1", "`-1`"),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn a_word_that_is_not_known() {
    let transcript = refused(&[
        ("", "no command"),
        ("snyc", "`snyc`"),
        ("wipe", "`wipe`"),
        ("sync --batchsize 5", "`--batchsize`"),
        ("sync --frobnicate", "`--frobnicate`"),
        ("sync everything", "`everything`"),
        ("plan --dry-run", "`--dry-run`"),
        ("demo --graph-url http://127.0.0.1:PORT", "`--graph-url`"),
        ("sync --dispatch bluk", "`bluk`"),
        ("sync --pace slow", "`slow`"),
        ("sync --order newest", "`newest`"),
        ("sync --cloud mars", "`mars`"),
        ("sync --auth password", "`password`"),
        ("sync --output xml", "`xml`"),
        ("sync --color sometimes", "`sometimes`"),
        ("sync --compliance compliant,loyal", "`loyal`"),
        ("sync --owner nobody", "`nobody`"),
        ("sync --agent smith", "`smith`"),
        ("sync --os=", "`--os`"),
        ("sync --device PC-0042", "`PC-0042`"),
        ("sync --dry-run=yes", "`yes`"),
        ("sync --quiet --verbose", "`--quiet` and `--verbose`"),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn an_address_that_no_token_may_go_to() {
    let transcript = refused(&[
        (
            "sync --graph-url http://graph.microsoft.com",
            "`http://graph.microsoft.com`",
        ),
        (
            "sync --graph-url http://127.0.0.1.example.com",
            "`http://127.0.0.1.example.com`",
        ),
        (
            "sync --graph-url http://10.0.0.1:PORT",
            "`http://10.0.0.1:PORT`",
        ),
        (
            "sync --graph-url http://127.0.0.1:PORT/v1.0",
            "`http://127.0.0.1:PORT/v1.0`",
        ),
        (
            "sync --graph-url http://127.0.0.1:PORT?x",
            "`http://127.0.0.1:PORT?x`",
        ),
        (
            "sync --graph-url graph.microsoft.com",
            "`graph.microsoft.com`",
        ),
        (
            "sync --graph-url ftp://127.0.0.1:PORT",
            "`ftp://127.0.0.1:PORT`",
        ),
        (
            "sync --graph-url http://127.0.0.1:70000",
            "`http://127.0.0.1:70000`",
        ),
        ("sync --graph-url=", "`--graph-url`"),
        ("simulate --listen 0.0.0.0:0", "`0.0.0.0:0`"),
        ("simulate --listen 127.0.0.1", "`127.0.0.1`"),
        ("simulate --listen 127.0.0.1:PORT", "`127.0.0.1:PORT`"),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn an_address_with_a_password_is_refused_without_showing_it() {
    let usage = [
        "sync --graph-url http://me:hunter2@127.0.0.1:PORT",
        "INTUNE_SYNC_GRAPH_URL=http://me:hunter2@127.0.0.1:PORT sync",
        "simulate --listen http://me:hunter2@127.0.0.1:PORT",
        "sync --cloud http://me:hunter2@127.0.0.1:PORT",
        "sync http://me:hunter2@127.0.0.1:PORT",
        "http://me:hunter2@127.0.0.1:PORT",
        "sync --dry-run=http://me:hunter2@127.0.0.1:PORT",
        "ACTIONS_ID_TOKEN_REQUEST_URL=http://me:hunter2@127.0.0.1:PORT ACTIONS_ID_TOKEN_REQUEST_TOKEN=x plan \
             --auth github-actions",
        "SYSTEM_OIDCREQUESTURI=http://me:hunter2@127.0.0.1:PORT SYSTEM_ACCESSTOKEN=x plan --auth azure-pipelines \
             --service-connection-id 00112233-4455-6677-8899-aabbccddeeff",
    ];
    // What no identity comes from has an exit code of its own.
    let identity = [
        "IDENTITY_ENDPOINT=http://me:hunter2@127.0.0.1:PORT plan",
        "AZURE_AUTHORITY_HOST=http://me:hunter2@127.0.0.1:PORT AZURE_FEDERATED_TOKEN_FILE=FOLDER/two-words plan \
             --auth workload-identity --tenant-id contoso.com --client-id 00112233-4455-6677-8899-aabbccddeeff",
        "AZURE_TENANT_ID=http://me:hunter2@127.0.0.1:PORT AZURE_FEDERATED_TOKEN_FILE=FOLDER/two-words plan \
             --auth workload-identity",
    ];
    let folder = files();
    let tenant = Tenant::new(healthy(3));
    let usage = usage.map(|call| (2, call)).into_iter();
    for (code, call) in usage.chain(identity.map(|call| (4, call))) {
        let reply = refuse_with(code, &tenant, folder.path(), call);
        assert!(
            reply.contains("`http://...@127.0.0.1:PORT`") && !reply.contains("hunter2"),
            "{reply}"
        );
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}

#[test]
fn an_identity_that_is_not_clear() {
    let transcript = refused(&[
        ("sync --client-id me", "`me`"),
        ("sync --resource-id me", "`me`"),
        (
            "sync --client-id 00112233-4455-6677-8899-aabbccddeeff --object-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--client-id` and `--object-id`",
        ),
        ("sync --auth token-file", "`--auth token-file`"),
        (
            "sync --token-file FOLDER/empty",
            "`--token-file FOLDER/empty`",
        ),
        (
            "sync --auth token-file --token-file FOLDER/empty --client-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--client-id",
        ),
        ("sync --auth client-secret", "`--client-secret-file`"),
        (
            "sync --auth client-secret --client-secret-file FOLDER/two-words",
            "`--tenant-id`",
        ),
        ("sync --auth azure-cli --tenant-id common", "`common`"),
        (
            "sync --auth azure-cli --client-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--client-id",
        ),
        (
            "sync --auth workload-identity --object-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--object-id",
        ),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn an_examination_or_a_grant_that_is_not_clear() {
    let transcript = refused(&[
        ("doctor --probe PC-1", "`PC-1`"),
        ("doctor --tenant-id me", "`me`"),
        ("doctor --output jsonl", "`jsonl`"),
        ("doctor --ca-file FOLDER/not.pem", "`FOLDER/not.pem`"),
        (
            "doctor --auth token-file --token-file FOLDER/empty",
            "`FOLDER/empty`",
        ),
        ("INTUNE_SYNC_CLOUD=mars doctor", "`INTUNE_SYNC_CLOUD`"),
        ("grant", "`grant`"),
        ("grant --principal-id me", "`me`"),
        ("grant --name=", "`--name`"),
        (
            "grant --name vm --principal-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--principal-id` and `--name`",
        ),
        (
            "grant --name vm --client-id 00112233-4455-6677-8899-aabbccddeeff",
            "`--client-id",
        ),
        (
            "grant --name vm --graph-url http://10.0.0.1",
            "`http://10.0.0.1`",
        ),
        ("grant --name vm --auth token-file", "`--token-file`"),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn a_variable_that_is_wrong() {
    let transcript = refused(&[
        (
            "INTUNE_SYNC_BATCH_SIZE=0 sync",
            "`0` is not allowed for `INTUNE_SYNC_BATCH_SIZE`",
        ),
        (
            "INTUNE_SYNC_BATCH_DELAY_SECONDS=-1 plan",
            "`-1` is not allowed for `INTUNE_SYNC_BATCH_DELAY_SECONDS`",
        ),
        (
            "INTUNE_SYNC_DISPATCH=bluk sync",
            "`bluk` is not allowed for `INTUNE_SYNC_DISPATCH`",
        ),
        (
            "INTUNE_SYNC_GRAPH_URL=http://10.0.0.1 sync",
            "`http://10.0.0.1` is not allowed for `INTUNE_SYNC_GRAPH_URL`",
        ),
        (
            "INTUNE_SYNC_DRY_RUN=perhaps sync",
            "`perhaps` is not allowed for `INTUNE_SYNC_DRY_RUN`",
        ),
        (
            "INTUNE_SYNC_DEVICE=PC-1 sync",
            "`PC-1` is not allowed for `INTUNE_SYNC_DEVICE`",
        ),
        ("INTUNE_SYNC_CONFIG=FOLDER/missing sync", "`FOLDER/missing`"),
        ("INTUNE_SYNC_STALEFOR=7d sync", "`INTUNE_SYNC_STALEFOR`"),
        ("INTUNE_SYNC_XYZZY=7d doctor", "`INTUNE_SYNC_XYZZY`"),
        (
            "HTTPS_PROXY=http://DOM\\me:secret@proxy:80 sync",
            "`HTTPS_PROXY`",
        ),
        (
            "https_proxy=http://me:sec#ret@proxy:80 doctor",
            "`https_proxy`",
        ),
        ("ALL_PROXY=http://me:sec@ret@proxy:80 plan", "`ALL_PROXY`"),
        ("HTTP_PROXY=proxy:port sync", "`HTTP_PROXY`"),
        ("SSL_CERT_FILE=FOLDER/missing sync", "`FOLDER/missing`"),
        ("SSL_CERT_DIR=FOLDER/missing sync", "`FOLDER/missing`"),
    ]);
    assert_snapshot!(transcript);
}

#[test]
fn a_file_that_is_wrong() {
    let transcript = refused(&[
        (
            "sync --devices-from FOLDER/devices",
            "`FOLDER/devices`, line 4: `PC-0042`",
        ),
        (
            "sync --devices-from FOLDER/devices.csv",
            "`FOLDER/devices.csv`, line 3: `none`",
        ),
        ("sync --devices-from FOLDER/empty", "`FOLDER/empty`"),
        ("sync --devices-from FOLDER/comments", "`FOLDER/comments`"),
        ("sync --devices-from FOLDER/missing", "`FOLDER/missing`"),
        ("sync --devices-from FOLDER", "`FOLDER`"),
        (
            "sync --auth token-file --token-file FOLDER/empty",
            "`FOLDER/empty`",
        ),
        (
            "sync --auth token-file --token-file FOLDER/missing",
            "`FOLDER/missing`",
        ),
        ("sync --auth token-file --token-file FOLDER", "`FOLDER`"),
        (
            "sync --auth token-file --token-file FOLDER/two-words",
            "`FOLDER/two-words`",
        ),
        (
            "sync --auth client-secret --tenant-id contoso.com --client-id 00112233-4455-6677-8899-aabbccddeeff --client-secret-file FOLDER/missing",
            "`FOLDER/missing`",
        ),
        (
            "sync --auth client-secret --tenant-id contoso.com --client-id 00112233-4455-6677-8899-aabbccddeeff --client-secret-file FOLDER/two-words",
            "`FOLDER/two-words`",
        ),
        ("sync --ca-file FOLDER/missing", "`FOLDER/missing`"),
        ("sync --ca-file FOLDER/empty", "`FOLDER/empty`"),
        ("sync --ca-file FOLDER/not.pem", "`FOLDER/not.pem`"),
        ("sync --component FOLDER/missing", "`FOLDER/missing`"),
        ("sync --component FOLDER/not.wasm", "component"),
        ("sync --component FOLDER/core.wasm", "component"),
        ("sync --config FOLDER/missing", "`FOLDER/missing`"),
        ("sync --config FOLDER/not.toml", "`FOLDER/not.toml`, line 2"),
        ("sync --config FOLDER/unknown-key.toml", "`batchsize`"),
        (
            "sync --config FOLDER/bad-value.toml",
            "`0` is not allowed for `batch-size` in `FOLDER/bad-value.toml`",
        ),
        (
            "sync --config FOLDER/bad-kind.toml",
            "`batch-size` in `FOLDER/bad-kind.toml`",
        ),
        ("simulate --config FOLDER/missing", "`FOLDER/missing`"),
        ("simulate --config FOLDER/not.json", "`FOLDER/not.json`"),
        ("simulate --config FOLDER/unknown-key.json", "`wings`"),
    ]);
    assert!(!transcript.contains("eyJ0eXAi"), "a token is not shown");
    assert_snapshot!(transcript);
}

#[test]
fn a_rehearsal_that_makes_no_sense() {
    let transcript = refused(&[
        ("rehearse --devices 0", "`0`"),
        ("rehearse --devices 2000001", "`2000001`"),
        ("rehearse --quota 0", "`0`"),
        ("rehearse --limiter leaky", "`leaky`"),
        ("rehearse --neighbour 100", "`100`"),
        ("rehearse --neighbour 1.5", "`1.5`"),
        ("rehearse --neighbour-period 5m", "`--neighbour-period`"),
        ("rehearse --neighbour 50 --neighbour-period 0", "`0`"),
        ("rehearse --latency 2s..1s", "`2s..1s`"),
        ("rehearse --latency 61s", "`61s`"),
        ("rehearse --latency -1", "`-1`"),
        ("rehearse --faults 100", "`100`"),
        ("rehearse --faults 0.001", "`0.001`"),
        ("rehearse --bulk-cost free", "`free`"),
        ("rehearse --seed x", "`x`"),
        ("rehearse --output jsonl", "`jsonl`"),
        ("rehearse --os Windows", "`--os`"),
        ("rehearse --batch-size 0", "`0`"),
        ("rehearse --component FOLDER/missing", "`FOLDER/missing`"),
        ("rehearse --component FOLDER/not.wasm", "component"),
        ("rehearse --config FOLDER/unknown-key.toml", "`batchsize`"),
        (
            "rehearse --config FOLDER/bad-value.toml",
            "`0` is not allowed for `batch-size` in `FOLDER/bad-value.toml`",
        ),
        (
            "INTUNE_SYNC_PACE=slow rehearse",
            "`slow` is not allowed for `INTUNE_SYNC_PACE`",
        ),
        (
            "INTUNE_SYNC_OUTPUT=jsonl rehearse",
            "`jsonl` is not allowed for `INTUNE_SYNC_OUTPUT`",
        ),
        (
            "rehearse -q --devices 1000 --batch-size 1 --batch-delay-seconds 24h",
            "60d",
        ),
    ]);
    assert_snapshot!(transcript);
}

/// Several things at once: still nothing is sent, and still there is one message.
#[test]
fn standard_input_without_a_device() {
    let tenant = Tenant::new(healthy(3));
    for (input, named) in [
        ("", "standard input"),
        ("# none\n", "standard input"),
        ("PC-1\n", "line 1: `PC-1`"),
    ] {
        let finished = tenant
            .surround()
            .args(["sync", "--devices-from", "-"])
            .run_with_input(input);
        assert_eq!(finished.code, 2, "{finished:?}");
        assert!(finished.stderr.contains(named), "{finished:?}");
        assert!(finished.stderr.contains("\nhint: "), "{finished:?}");
    }
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// Without a fault in it the same call does send: what is counted above can be counted.
#[test]
fn the_same_call_without_a_fault_is_sent() {
    let tenant = Tenant::new(healthy(3));
    let finished = tenant.surround().args(["sync"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let requests = tenant.statistics().requests;
    assert_eq!(
        (requests.identity, requests.list, requests.batch),
        (1, 1, 1)
    );
}
