//! `doctor` and `grant` name the request id that Microsoft's support asks for, wherever Graph puts it.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use serde_json::json;
use tempfile::TempDir;

use crate::program::Program;

const ID: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

/// A Graph that refuses everything: without a token with 401, with one with 403 and this body. No header names the
/// request.
fn refusing(body: String) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = Vec::new();
            let mut part = [0; 4096];
            // None of the requests has a body.
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(read @ 1..) => request.extend_from_slice(&part[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
            let (status, body) = match head.contains("authorization:") {
                true => ("403 Forbidden", body.as_str()),
                false => ("401 Unauthorized", "{}"),
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

/// The program with a token of which nothing can be read.
fn program(graph: SocketAddr, command: &str) -> (TempDir, Program) {
    let folder = tempfile::tempdir().expect("a folder");
    let token: PathBuf = folder.path().join("opaque.token");
    std::fs::write(&token, "an-opaque-token").expect("written");
    let program = Program::new().args([
        command,
        "--auth",
        "token-file",
        "--token-file",
        token.to_str().expect("UTF-8"),
        "--graph-url",
        &format!("http://{graph}"),
    ]);
    (folder, program)
}

/// The two places in a body, as Graph and as Intune write them.
fn bodies() -> [String; 2] {
    let inner =
        json!({"error": {"code": "Forbidden", "message": "No.", "innerError": {"request-id": ID}}});
    let message =
        json!({"_version": 3, "Message": format!("No - Activity ID: {ID} - Url: https://x")});
    let activity = json!({"error": {"code": "Forbidden", "message": message.to_string()}});
    [inner, activity].map(|body| body.to_string())
}

#[test]
fn doctor_finds_it_in_the_body() {
    for body in bodies() {
        let (_folder, program) = program(refusing(body.clone()), "doctor");
        let (finished, report) = program.json();
        assert_eq!(report["Cause"]["Step"], "devices", "{finished:?}");
        let message = report["Cause"]["Message"].as_str().unwrap_or_default();
        let named = format!("request-id {ID}");
        assert!(message.contains(&named), "{body}: {finished:?}");
    }
}

#[test]
fn grant_finds_it_in_the_body() {
    for body in bodies() {
        let (_folder, program) = program(refusing(body.clone()), "grant");
        let finished = program.args(["--principal-id", ID]).run();
        assert_eq!(finished.code, 4, "{finished:?}");
        let named = format!("request-id {ID}");
        assert!(finished.stderr.contains(&named), "{body}: {finished:?}");
    }
}
