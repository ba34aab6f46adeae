//! `--auth token-file`: a token that someone else obtains.

use std::{fs, path::Path, path::PathBuf};

use axum::{Router, extract::Request, middleware, middleware::Next};
use intune_sync_simulator::{Config, Simulator};
use tempfile::TempDir;

use crate::{
    books::balance_to_the_device,
    program::Program,
    tenant::{Tenant, healthy},
};

/// The token that the tenant takes, in the form of a real one. It says nothing of its end.
const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.eyJhcHBpZCI6IjAwMDAwMDAwIn0.c2lnbmF0dXJl";

fn fixed(devices: u32) -> Config {
    let mut config = healthy(devices);
    config.tokens.fixed = Some(TOKEN.into());
    config
}

fn token_file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("graph.token");
    fs::write(&path, content).expect("written");
    (folder, path)
}

fn with_token(program: Program, path: &Path) -> Program {
    program.args([
        "--auth",
        "token-file",
        "--token-file",
        path.to_str().expect("UTF-8"),
    ])
}

#[test]
fn the_token_in_the_file_is_used_and_no_other() {
    for content in [
        TOKEN.to_owned(),
        format!("\u{feff}{TOKEN}\r\n"),
        // `az … --query accessToken` without `--output tsv`.
        format!("\"{TOKEN}\"\n"),
    ] {
        let tenant = Tenant::new(fixed(30));
        let (_folder, path) = token_file(&content);
        let (finished, object) = with_token(tenant.sync(), &path).args(["-v"]).json();
        assert_eq!(finished.code, 0, "{finished:?}");
        let books = balance_to_the_device(&tenant, &object);
        assert_eq!((books.requests.identity, books.unauthorized), (0, 0));
        assert!(
            finished.stderr.contains("tokens come from: token file `"),
            "{finished:?}"
        );
        assert!(!finished.stderr.contains("eyJ") && !finished.stdout.contains("eyJ"));
    }
}

/// `--token-file /dev/stdin`, fed by `az account get-access-token`.
#[cfg(unix)]
#[test]
fn a_token_can_come_through_a_pipe() {
    let tenant = Tenant::new(fixed(30));
    let finished =
        with_token(tenant.sync(), Path::new("/dev/stdin")).run_with_input(&format!("{TOKEN}\n"));
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 30);
}

#[test]
fn a_token_that_graph_refuses_ends_the_run_and_is_not_shown() {
    let tenant = Tenant::new(fixed(30));
    let (_folder, path) = token_file("eyJvbGQifQ.eyJvbGQifQ.b2xk");
    let finished = with_token(tenant.sync(), &path).args(["-v"]).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    let named = format!("`{}`", path.display());
    let error = finished
        .stderr
        .lines()
        .find(|line| line.starts_with("error: "));
    assert!(
        error.is_some_and(|line| line.contains(&named)),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("\nhint: write a fresh token "),
        "{finished:?}"
    );
    assert!(
        !finished.stderr.contains("eyJ") && !finished.stdout.contains("eyJ"),
        "{finished:?}"
    );
    let statistics = tenant.statistics();
    assert_eq!(
        (statistics.unauthorized, statistics.syncs_requested),
        (1, 0)
    );
}

#[test]
fn a_token_that_has_expired_is_not_even_sent() {
    // {"exp":1}
    let (_folder, path) = token_file("eyJ0eXAiOiJKV1QifQ.eyJleHAiOjF9.c2ln");
    let tenant = Tenant::new(fixed(30));
    let finished = with_token(tenant.sync(), &path).run();
    assert_eq!(finished.code, 4, "{finished:?}");
    assert!(
        finished.stderr.contains(" has expired already\nhint: "),
        "{finished:?}"
    );
    assert_eq!(tenant.statistics().requests.total(), 0);
}

/// Who keeps the file fresh may do so in the middle of a run.
#[test]
fn a_fresh_token_in_the_file_is_taken_up() {
    let (_folder, path) = token_file("eyJvbGQifQ.eyJvbGQifQ.b2xk");
    let simulator = Simulator::new(fixed(30));
    let address = serve_writing(simulator.clone(), path.clone());
    let program =
        Program::new().args(["sync", "--yes", "--graph-url", &format!("http://{address}")]);
    let (finished, object) = with_token(program, &path).json();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(object["SuccessCount"], 30);
    let statistics = simulator.statistics();
    assert_eq!(
        (statistics.unauthorized, statistics.syncs_accepted),
        (1, 30)
    );
    assert!(
        finished.stderr.contains("Renewed the token"),
        "{finished:?}"
    );
}

/// Serves the tenant; with each request that comes the token that it takes is written to the file.
fn serve_writing(simulator: Simulator, path: PathBuf) -> std::net::SocketAddr {
    let write = move |request: Request, next: Next| {
        fs::write(&path, TOKEN).expect("written");
        next.run(request)
    };
    let router: Router = simulator.router().layer(middleware::from_fn(write));
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
                .await
                .expect("a port");
            tell.send(listener.local_addr().expect("it is bound"))
                .expect("the test waits");
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    told.recv().expect("it listens")
}
