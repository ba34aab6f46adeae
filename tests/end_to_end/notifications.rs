//! Messages about runs, at a webhook that records what it gets.

use std::path::Path;

use intune_sync_simulator::Share;
use serde_json::{Value, json};

use crate::{
    program::{Finished, Program, write_secret},
    running::{Running, until},
    schema,
    tenant::{Tenant, healthy},
    tls::TestAuthority,
    webhook::{Reply, SECRET, TAKEN, Webhook},
};

const URL: &str = "INTUNE_SYNC_NOTIFY_URL";

/// A tenant in which syncs of some devices fail.
fn failing() -> Tenant {
    let mut config = healthy(60);
    config.fleet.unsupported = Share::percent(20);
    Tenant::new(config)
}

/// `sync` of this tenant, about which this webhook hears.
fn sync(tenant: &Tenant, webhook: &Webhook) -> Program {
    tenant.sync().env(URL, &webhook.url())
}

fn test(webhook: &Webhook) -> Program {
    Program::new()
        .env(URL, &webhook.url())
        .args(["notify", "test"])
}

/// Nothing of what is secret was shown.
fn assert_no_secret(finished: &Finished) {
    for shown in [&finished.stdout, &finished.stderr] {
        assert!(
            !shown.contains(SECRET) && !shown.contains("/workflows"),
            "{shown}"
        );
    }
}

/// The last warning, and the hint that follows it.
fn warning(finished: &Finished) -> (&str, &str) {
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let warning = |line: &&str| line.starts_with("warning: ");
    let at = lines.iter().rposition(warning);
    let at = at.unwrap_or_else(|| panic!("no warning: {finished:?}"));
    let hint = lines
        .get(at + 1)
        .and_then(|line| line.strip_prefix("hint: "));
    let hint = hint.unwrap_or_else(|| panic!("no hint: {finished:?}"));
    (lines[at].trim_start_matches("warning: "), hint)
}

#[test]
fn a_test_message_is_one_post_without_a_token() {
    let webhook = Webhook::new();
    let finished = test(&webhook).run();
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (0, ""),
        "{finished:?}"
    );
    let said = format!("a test message was sent to `{}`\n", webhook.authority());
    assert_eq!(finished.stdout, said);
    let [request] = &webhook.received()[..] else {
        panic!("{:?}", webhook.received())
    };
    assert_eq!(
        (request.method.as_str(), &request.target),
        ("POST", &webhook.target())
    );
    assert_eq!(request.headers["content-type"], "application/json");
    for token in ["authorization", "cookie"] {
        assert!(
            !request.headers.contains_key(token),
            "{:?}",
            request.headers
        );
    }
    let message = request.json();
    schema::assert_notification(&message.to_string());
    assert_eq!(message["Outcome"], "test");
    assert_eq!(
        message["Text"],
        "this is a test: messages about runs arrive here"
    );
}

#[test]
fn the_address_can_be_in_a_file_which_the_config_file_names() {
    let webhook = Webhook::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("webhook");
    write_secret(&path, &format!("{}\n", webhook.url()));
    let config = folder.path().join("job.toml");
    let toml = format!(
        "notify-url-file = {:?}\nnotify-kind = \"slack\"\npace = \"quota\"\n",
        text(&path)
    );
    std::fs::write(&config, toml).expect("written");
    let finished = Program::new()
        .args(["notify", "test", "--config", text(&config)])
        .run();
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (0, ""),
        "{finished:?}"
    );
    assert!(webhook.message()["blocks"].is_array());
    let finished = Program::new()
        .args([
            "notify",
            "test",
            "--notify-url-file",
            text(&path),
            "--notify-kind",
            "teams",
        ])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let last = webhook.received().pop().expect("a second one").json();
    assert_eq!(last["type"], "message");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_open_to_everyone_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let webhook = Webhook::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("webhook");
    write_secret(&path, &webhook.url());
    let everyones = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&path, everyones).expect("it is ours");
    let finished = Program::new()
        .args(["notify", "test", "--notify-url-file", text(&path)])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let (warning, hint) = warning(&finished);
    let shown = path.display();
    assert_eq!(
        warning,
        format!(
            "the file with the webhook's address `{shown}` is open to every user of this machine: its mode is 0644"
        )
    );
    assert!(hint.starts_with("`chmod 600 "), "{hint}");
}

#[test]
fn a_run_in_which_devices_failed_is_reported() {
    let (tenant, webhook) = (failing(), Webhook::new());
    let finished = sync(&tenant, &webhook).run();
    assert_eq!(finished.code, 3, "{finished:?}");
    assert_no_secret(&finished);
    let message = webhook.message();
    schema::assert_notification(&message.to_string());
    let failed = tenant.how_many("unsupported");
    assert!(failed > 5, "{failed}");
    assert_eq!(
        message["Text"],
        format!("the run finished, and the sync of {failed} of 60 devices failed")
    );
    assert_eq!(message["Outcome"], "completed-with-errors");
    assert_eq!(message["ExitCode"], 3);
    let counts = ["TotalDevices", "SuccessCount", "ErrorCount", "PendingCount"];
    let expected = [60, 60 - failed, failed, 0].map(Some);
    assert_eq!(counts.map(|count| message[count].as_u64()), expected);
    let failures = message["Failures"].as_array().expect("a list");
    assert_eq!(failures.len(), 5);
    assert_eq!(failures[0]["Status"], 400);
    assert_eq!(message["Tenant"], "00000000-0000-4000-8000-00000000beef");
    let run = message["RunId"].as_str().expect("an id");
    let next = message["Next"].as_str().expect("a command");
    assert_eq!(next, format!("intune-sync runs show {run} --only failed"));
}

#[test]
fn a_run_that_went_well_is_reported_where_that_is_wanted() {
    let tenant = Tenant::new(healthy(3));
    for (args, messages) in [
        (&[][..], 0),
        (&["--notify", "always"], 1),
        (&["--notify", "never"], 0),
    ] {
        let webhook = Webhook::new();
        let finished = sync(&tenant, &webhook).args(args.iter().copied()).run();
        assert_eq!(
            (finished.code, webhook.received().len()),
            (0, messages),
            "{args:?}: {finished:?}"
        );
        if messages == 1 {
            assert_eq!(
                webhook.message()["Text"],
                "the run finished, and a sync of 3 devices was accepted"
            );
        }
    }
    let never = Webhook::new();
    let finished = sync(&failing(), &never).args(["--notify", "never"]).run();
    assert_eq!(
        (finished.code, never.received().len()),
        (3, 0),
        "{finished:?}"
    );
}

#[test]
fn a_run_that_does_not_begin_is_reported() {
    let (tenant, webhook) = (Tenant::new(healthy(3)), Webhook::new());
    let finished = sync(&tenant, &webhook)
        .env("IDENTITY_HEADER", "wrong")
        .run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let (error, hint) = finished.error();
    let message = webhook.message();
    schema::assert_notification(&message.to_string());
    assert_eq!(
        message["Text"],
        format!("the run was not authorized: {error}")
    );
    assert_eq!(message["Hint"], hint);
    assert_eq!(message["TotalDevices"], Value::Null);
}

#[test]
fn a_plan_and_a_mistyped_flag_are_not_reported() {
    let (tenant, webhook) = (failing(), Webhook::new());
    let plan = tenant.plan().env(URL, &webhook.url()).run();
    assert_eq!(plan.code, 0, "{plan:?}");
    let dry = sync(&tenant, &webhook)
        .args(["--dry-run", "--notify", "always"])
        .run();
    assert_eq!(dry.code, 0, "{dry:?}");
    let wrong = sync(&tenant, &webhook)
        .args(["--token-file", "none", "--auth", "token-file"])
        .run();
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert_eq!(webhook.received().len(), 0);
}

#[test]
fn trouble_that_passes_is_waited_out() {
    for trouble in [
        Reply::Status(429, &[("retry-after", "1")], "rate_limited"),
        Reply::Status(500, &[], ""),
        Reply::Status(503, &[], "try again"),
    ] {
        let webhook = Webhook::replying(&[trouble, TAKEN]);
        let finished = test(&webhook).run();
        assert_eq!(finished.code, 0, "{finished:?}");
        let [first, second] = &webhook.received()[..] else {
            panic!("{:?}", webhook.received())
        };
        assert_eq!(first.body, second.body);
    }
}

#[test]
fn what_does_not_pass_is_a_warning_and_the_exit_code_stays() {
    let tenant = failing();
    for (reply, problem, hint) in [
        (
            Reply::Status(404, &[], "no_service"),
            "status 404: no_service",
            "the webhook was removed or turned off, or its address is incomplete: make a new one, or copy it again",
        ),
        (
            // Who repeats the address is not quoted.
            Reply::Status(400, &[], "bad sig AAECAwQFBgcICQoLDA0ODw"),
            "status 400",
            "it may take another kind of message: see `--notify-kind`",
        ),
        (
            Reply::Status(302, &[("location", "https://example.com/")], ""),
            "status 302",
            "redirects are not followed: give the address to which it leads",
        ),
        (
            Reply::Status(429, &[("retry-after", "3600")], "rate_limited"),
            "status 429: rate_limited",
            "it gets too many messages; `intune-sync notify test` tries it again",
        ),
    ] {
        let webhook = Webhook::replying(&[reply]);
        let finished = sync(&tenant, &webhook).args(["-v"]).run();
        assert_eq!(finished.code, 3, "{finished:?}");
        assert_no_secret(&finished);
        let name = webhook.authority();
        let sent = format!("the message to `{name}` was not sent: {problem}");
        assert_eq!(warning(&finished), (sent.as_str(), hint));
        assert_eq!(webhook.received().len(), 1, "{problem}");
    }
}

/// A body that stalls or does not end does not mean that the message was not sent, or that the component is to blame.
#[test]
fn a_message_is_sent_once_the_head_of_the_response_says_so() {
    let webhook = Webhook::replying(&[Reply::Endless(200)]);
    let finished = test(&webhook).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(webhook.received().len(), 1);
}

/// It may have arrived: two are worse than one that is late.
#[test]
fn a_message_without_a_response_is_not_sent_again() {
    let webhook = Webhook::replying(&[Reply::Close]);
    let finished = test(&webhook).run();
    assert_eq!(finished.code, 1, "{finished:?}");
    let (error, _) = finished.error();
    assert!(
        error.contains("was not sent: the connection to "),
        "{error}"
    );
    assert_eq!(webhook.received().len(), 1);
}

#[test]
fn tls_takes_a_certificate_that_is_trusted() {
    let authority = TestAuthority::new();
    let webhook = Webhook::behind_tls(&authority);
    let finished = test(&webhook).run();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(
        finished
            .error()
            .0
            .contains("was not sent: no secure connection to "),
        "{finished:?}"
    );
    assert_eq!(webhook.received().len(), 0);
    let file = authority.file();
    let finished = test(&webhook).args(["--ca-file", text(&file)]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(webhook.message()["Outcome"], "test");
}

#[test]
fn an_address_that_cannot_be_used_is_wrong_usage_and_not_shown() {
    let tenant = Tenant::new(healthy(1));
    for (url, problem) in [
        (
            format!("http://hooks.example/{SECRET}"),
            "cannot be used: http is for loopback addresses only",
        ),
        (
            format!("https://me:{SECRET}@hooks.example/"),
            "cannot be used: it has a user name",
        ),
        (
            format!("hooks.example/{SECRET}"),
            "cannot be used: it does not begin with https:// or http://",
        ),
    ] {
        let finished = tenant.sync().env(URL, &url).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        assert_no_secret(&finished);
        let (error, hint) = finished.error();
        assert_eq!(
            error,
            format!("the address of the webhook in `{URL}` {problem}")
        );
        assert!(hint.starts_with("copy the whole address again"), "{hint}");
    }
    let address = format!("https://hooks.example/{SECRET}");
    let finished = tenant
        .sync()
        .args(["--notify-url-file", address.as_str()])
        .run();
    assert_eq!(finished.code, 2, "{finished:?}");
    assert_no_secret(&finished);
    let (error, _) = finished.error();
    assert!(error.starts_with("an address is not allowed"), "{error}");
    for args in [&["sync", "--notify", "always"][..], &["notify", "test"]] {
        let finished = tenant.surround().args(args.iter().copied()).run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let (error, _) = finished.error();
        assert!(
            error.ends_with(" needs the address of a webhook"),
            "{error}"
        );
    }
    assert_eq!(tenant.statistics().syncs_requested, 0);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_reported_with_the_command_that_goes_on() {
    let (tenant, webhook) = (Tenant::new(healthy(40)), Webhook::new());
    let args = ["-v", "--batch-size", "20", "--batch-delay-seconds", "1h"];
    let mut running = Running::start(sync(&tenant, &webhook).args(args));
    running.logs("Finished batch 1 of 2");
    running.signal("TERM");
    let finished = running.finish();
    assert_eq!(finished.code, 130, "{finished:?}");
    let message = webhook.message();
    assert_eq!(
        (&message["Outcome"], &message["ExitCode"]),
        (&json!("stopped"), &json!(130))
    );
    let next = message["Next"].as_str().expect("a command");
    assert!(next.starts_with("intune-sync runs resume "), "{next}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_for_a_webhook() {
    let tenant = Tenant::new(healthy(3));
    let webhook = Webhook::replying(&[Reply::Hang]);
    let program = sync(&tenant, &webhook).args(["--notify", "always"]);
    let running = Running::start(program);
    until("the webhook has the message", || {
        !webhook.received().is_empty()
    });
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    let sent = format!(
        "the message to `{}` was not sent: interrupted",
        webhook.authority()
    );
    assert_eq!(
        warning(&finished),
        (sent.as_str(), "the run stays as it is")
    );
}

#[test]
fn doctor_reaches_the_webhook_without_a_message() {
    let tenant = Tenant::new(healthy(1));
    let webhook = Webhook::replying(&[Reply::Status(404, &[], "")]);
    let doctor = || tenant.surround().args(["doctor"]);
    let step = |report: &Value| {
        let steps = report["Steps"].as_array().expect("a list");
        steps
            .iter()
            .find(|step| step["Step"] == "notification")
            .cloned()
    };
    let (finished, report) = doctor().env(URL, &webhook.url()).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_no_secret(&finished);
    schema::assert_doctor(&finished.stdout);
    let found = step(&report).expect("it is looked at");
    assert!(
        found
            .to_string()
            .contains("responds; `intune-sync notify test` sends a message"),
        "{found}"
    );
    let [request] = &webhook.received()[..] else {
        panic!("{:?}", webhook.received())
    };
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("HEAD", "/")
    );

    let gone = format!("http://127.0.0.1:1/{SECRET}");
    let (finished, report) = doctor().env(URL, &gone).json();
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_no_secret(&finished);
    schema::assert_doctor(&finished.stdout);
    assert_eq!(report["Cause"]["Cause"], "webhook-unreachable", "{report}");

    let (_, report) = doctor().json();
    assert_eq!(step(&report), None, "there is none to look at");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
