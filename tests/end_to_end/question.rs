//! A person at a terminal is asked where that many devices may not be meant.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    io::{Read, Write},
    path::Path,
    process::Stdio,
};

use crate::{
    program::Program,
    tenant::{Tenant, healthy},
};

/// What a terminal shows, and the exit code. The question, if one comes, gets this reply.
fn at_a_terminal(program: Program, reply: &str) -> (String, Option<i32>) {
    let mut command = program.under_script().into_command();
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("`script` starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut terminal = child.stdout.take().expect("it is piped");
    let mut shown = Vec::new();
    let mut byte = [0];
    // The end of a terminal is an error on some systems.
    while terminal.read(&mut byte).unwrap_or(0) == 1 {
        shown.push(byte[0]);
        if shown.ends_with(b"[y/N] ") {
            stdin.write_all(reply.as_bytes()).expect("it is read");
        }
    }
    let ended = child.wait().expect("it ends");
    let shown = String::from_utf8_lossy(&shown).into_owned();
    (shown, ended.code())
}

#[test]
fn it_names_tenant_identity_and_count_and_a_no_is_one_line() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: there is no `script` here");
        return;
    }
    for (devices, args, question, reply, code) in [
        (
            20,
            vec![],
            Some("sync all 20 devices of tenant `"),
            "n\n",
            5,
        ),
        (
            20,
            vec![],
            Some("sync all 20 devices of tenant `"),
            "y\n",
            0,
        ),
        (
            300,
            vec!["--limit", "200"],
            Some("sync 200 of 300 devices of tenant `"),
            "n\n",
            5,
        ),
        (300, vec!["--limit", "20"], None, "", 0),
        (20, vec!["--yes"], None, "", 0),
    ] {
        let tenant = Tenant::new(healthy(devices));
        let program = tenant.surround().args(["sync"]).args(args.iter().copied());
        let (shown, ended) = at_a_terminal(program, reply);
        assert_eq!(ended, Some(code), "{shown}");
        match question {
            Some(question) => {
                assert!(shown.contains(question), "{shown}");
                assert!(shown.contains("` as `"), "{shown}");
            }
            None => assert!(!shown.contains("[y/N]"), "{shown}"),
        }
        let synced = tenant.statistics().syncs_requested;
        assert_eq!(synced > 0, code == 0, "{shown}");
        if code == 5 {
            let after = shown.split("[y/N] ").nth(1).expect("it was asked");
            assert!(after.contains("nothing was synced"), "{shown}");
            assert!(!after.contains("TotalDevices"), "{shown}");
            assert!(!after.contains("runs resume"), "{shown}");
        }
    }
}
