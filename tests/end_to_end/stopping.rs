//! Runs that are stopped: what is in flight is accounted for, what is not yet sent is pending, and nothing new is
//! started.

#[cfg(unix)]
use std::io::{BufRead, Read, Write};

use serde_json::Value;

use crate::{
    books::{balance, number},
    program::Finished,
    running::Running,
    schema,
    tenant::{Tenant, healthy},
};

fn object(finished: &Finished) -> Value {
    schema::assert_output(&finished.stdout);
    serde_json::from_str(&finished.stdout).expect("JSON")
}

/// The most requests that a run has in flight when each carries one device.
#[cfg(unix)]
const IN_FLIGHT: u64 = 32;

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_what_is_in_flight_and_starts_nothing_new() {
    for signal in crate::signals::signals() {
        let mut config = healthy(2_000);
        config.list.page_size = 1_000.try_into().expect("not 0");
        config.latency.min_ms = 200;
        config.latency.max_ms = 400;
        let tenant = Tenant::new(config);
        let program = tenant.sync().args([
            "-v",
            "--dispatch",
            "single",
            "--batch-size",
            "1000",
            "--output",
            "json",
        ]);
        let mut running = Running::start(program);
        // After the first one, several are in flight.
        running.logs(" accepted");
        running.logs(" accepted");
        running.signal(signal);
        running.logs("note: stopping: what is in flight is finished");
        let then = tenant.statistics();
        let finished = running.finish();
        assert_eq!(finished.code, 130, "{finished:?}");

        let object = object(&finished);
        assert_eq!(object["Outcome"], "stopped");
        let books = balance(&tenant, &object);
        assert!(books.most_in_flight > 1, "{books:?}");
        assert_eq!(
            number(&object, "SuccessCount"),
            books.syncs_accepted,
            "{object}\n{books:?}"
        );
        assert_eq!(number(&object, "ErrorCount"), 0, "{object}");
        assert_eq!(
            number(&object, "PendingCount"),
            2_000 - books.syncs_accepted,
            "{object}"
        );
        assert!(number(&object, "PendingCount") > 0, "{object}");
        // On their way when the run was stopped.
        assert!(
            books.requests.sync - then.requests.sync <= IN_FLIGHT,
            "{then:?}\n{books:?}"
        );
        assert!(
            finished.stderr.contains("not reached\nhint: "),
            "{finished:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_does_not_wait_for_the_pause_between_batches() {
    let tenant = Tenant::new(healthy(100));
    let program = tenant.sync().args([
        "-v",
        "--batch-size",
        "20",
        "--batch-delay-seconds",
        "1h",
        "--output",
        "json",
    ]);
    let mut running = Running::start(program);
    running.logs("Finished batch 1 of 5");
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, 130, "{finished:?}");
    let object = object(&finished);
    let books = balance(&tenant, &object);
    assert_eq!(
        (
            number(&object, "SuccessCount"),
            number(&object, "PendingCount")
        ),
        (20, 80)
    );
    assert_eq!((books.syncs_accepted, books.requests.batch), (20, 2));
}

/// The second Ctrl-C does not wait for what is in flight.
#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_it_at_once() {
    let hung = hung_server();
    let tenant = Tenant::new(healthy(1));
    let program = tenant
        .surround()
        .env("INTUNE_SYNC_GRAPH_URL", &format!("http://{}", hung.address))
        .args(["sync", "--output", "json"]);
    let mut running = Running::start(program);
    hung.asked_for_a_sync();
    running.signal("INT");
    running.logs("note: stopping");
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(
        (finished.code, &*finished.stdout),
        (130, ""),
        "{finished:?}"
    );
}

/// A page of the list changes nothing, so a run that is stopped does not wait for one.
#[cfg(unix)]
#[test]
fn ctrl_c_does_not_wait_for_a_page() {
    let hung = hung_server();
    let tenant = Tenant::new(healthy(1));
    let program = tenant
        .surround()
        .env("INTUNE_SYNC_GRAPH_URL", &format!("http://{}", hung.address))
        .args(["sync", "--output", "json"]);
    let running = Running::start(program);
    hung.asked();
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, 130, "{finished:?}");
    assert_eq!(object(&finished)["Outcome"], "stopped");
}

/// An identity endpoint may take its time; the user need not.
#[cfg(unix)]
#[test]
fn ctrl_c_does_not_wait_for_a_token() {
    let hung = hung_server();
    let tenant = Tenant::new(healthy(1));
    let program = tenant
        .surround()
        .env(
            "IDENTITY_ENDPOINT",
            &format!("http://{}/token", hung.address),
        )
        .args(["sync"]);
    let running = Running::start(program);
    hung.asked();
    running.signal("INT");
    let finished = running.finish();
    assert_eq!(
        (finished.code, &*finished.stdout),
        (130, ""),
        "{finished:?}"
    );
    assert_eq!(tenant.statistics().requests.total(), 0);
}

#[test]
fn a_deadline_ends_it_with_a_code_of_its_own() {
    // A machine under load may not have sent the first batch by then, and gets more time.
    for deadline in ["1s", "5s", "30s", "3m"] {
        let tenant = Tenant::new(healthy(60));
        let program = tenant.sync().args([
            "--batch-size",
            "20",
            "--batch-delay-seconds",
            "1h",
            "--deadline",
            deadline,
            "--output",
            "json",
        ]);
        let finished = Running::start(program).finish();
        assert_eq!(finished.code, 5, "{finished:?}");
        assert!(finished.stderr.contains("`--deadline`"), "{finished:?}");
        if tenant.statistics().syncs_accepted == 0 {
            continue;
        }
        let object = object(&finished);
        assert_eq!(object["Outcome"], "stopped");
        let books = balance(&tenant, &object);
        if books.syncs_accepted == 20 {
            assert_eq!(number(&object, "SuccessCount"), 20);
            assert_eq!(number(&object, "PendingCount"), 40);
            return;
        }
    }
    panic!("the first batch was never sent");
}

/// The deadline counts from the start of the program: an identity endpoint that fails or hangs does not outlast it.
#[cfg(unix)]
#[test]
fn a_deadline_ends_the_wait_for_a_token() {
    let hung = hung_server();
    let failing = failing_server();
    for endpoint in [hung.address, failing] {
        let tenant = Tenant::new(healthy(20));
        let finished = tenant
            .sync()
            .env("IDENTITY_ENDPOINT", &format!("http://{endpoint}/token"))
            .args(["--deadline", "2s"])
            .run();
        assert_eq!((finished.code, &*finished.stdout), (5, ""), "{finished:?}");
        assert!(
            finished.stderr.contains("`--deadline` is over\nhint: "),
            "{finished:?}"
        );
        assert_eq!(tenant.statistics().requests.total(), 0);
    }
}

#[test]
fn a_deadline_that_is_not_reached_changes_nothing() {
    let tenant = Tenant::new(healthy(20));
    let finished = tenant.sync().args(["--deadline", "7d"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 20);
}

/// Only a terminal is asked whether the whole fleet is meant: a scheduled run is not kept waiting.
#[test]
fn without_a_terminal_nothing_is_asked() {
    let tenant = Tenant::new(healthy(20));
    let finished = tenant.surround().args(["sync"]).run_with_input("n\n");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(!finished.stderr.contains("[y/N]"), "{finished:?}");
    assert_eq!(tenant.statistics().syncs_accepted, 20);
}

/// A server that returns 500 to each request, until the tests end.
#[cfg(unix)]
fn failing_server() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let response = "HTTP/1.1 500 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(response.as_bytes());
        }
    });
    address
}

/// A server that takes requests and never responds.
#[cfg(unix)]
pub(crate) struct Hung {
    listener: std::net::TcpListener,
    pub(crate) address: std::net::SocketAddr,
    held: std::cell::RefCell<Vec<std::net::TcpStream>>,
}

#[cfg(unix)]
pub(crate) fn hung_server() -> Hung {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
    Hung {
        address: listener.local_addr().expect("it is bound"),
        listener,
        held: Default::default(),
    }
}

#[cfg(unix)]
impl Hung {
    /// Waits for a request.
    pub(crate) fn asked(&self) {
        let (mut stream, _) = self.listener.accept().expect("a connection");
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a request");
        self.held.borrow_mut().push(stream);
    }

    /// Responds to a request for the list, of one device, and waits for a sync of it.
    pub(crate) fn asked_for_a_sync(&self) {
        let (stream, _) = self.listener.accept().expect("a connection");
        let mut head = std::io::BufReader::new(stream);
        let mut line = String::new();
        while head.read_line(&mut line).expect("a request") > 2 {
            line.clear();
        }
        let page = r#"{"value":[{"id":"00112233-4455-6677-8899-aabbccddeeff","operatingSystem":"Windows"}]}"#;
        let length = page.len();
        let response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
        );
        let mut stream = head.into_inner();
        stream.write_all(response.as_bytes()).expect("it is read");
        drop(stream);
        self.asked();
    }
}
