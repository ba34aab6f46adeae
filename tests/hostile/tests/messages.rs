//! Components that send notifications, run by the built program: one message leaves, to one address, or none.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use crate::{guests, harness};

/// What of the address is secret.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";

/// A webhook that takes everything.
struct Webhook {
    address: SocketAddr,
    /// The first line of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

/// How a test message ended that was given to a component.
struct Ended {
    output: Output,
    webhook: Webhook,
}

impl Webhook {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let record = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let record = Arc::clone(&record);
                thread::spawn(move || serve(stream, &record));
            }
        });
        Self { address, requests }
    }
}

/// Takes one request, and closes the connection.
fn serve(mut stream: TcpStream, record: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let first = head.lines().next().unwrap_or_default();
    record.lock().expect("no panic").push(first.to_owned());
    // A client that has gone away needs no response.
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
}

fn message_by(component: &str) -> Ended {
    let webhook = Webhook::new();
    let mut command: Command = harness::bare();
    let url = format!("http://{}/hooks/{SECRET}?sig={SECRET}", webhook.address);
    let output = command
        .args(["notify", "test", "--component", component])
        .env("INTUNE_SYNC_NOTIFY_URL", url)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    Ended { output, webhook }
}

impl Ended {
    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// It was stopped with this reason, after this many requests, and nothing shows the address.
    fn stopped_after(&self, requests: usize, reason: &str) {
        let stderr = self.stderr();
        let address = self.webhook.address;
        let said = format!("error: the message to `{address}` was not sent: {reason}");
        let error = stderr.lines().next().unwrap_or_default();
        assert!(error.starts_with(&said), "{stderr}");
        assert_eq!(self.output.status.code(), Some(1), "{stderr}");
        assert!(!stderr.contains(SECRET), "{stderr}");
        let received = self.webhook.requests.lock().expect("no panic").clone();
        assert_eq!(received.len(), requests, "{received:?}");
    }

    /// The gate has refused this, and nothing has left.
    fn refused(&self, reason: &str) {
        self.stopped_after(0, &refusal(reason));
    }
}

fn refusal(reason: &str) -> String {
    format!("the egress gate refused a request of the component's: {reason}")
}

#[test]
pub(crate) fn message_to_another_host() {
    let ended = message_by(guests::MESSAGE_TO_ANOTHER_HOST);
    let allowed = format!("http://{}", ended.webhook.address);
    ended.refused(&format!("a request to a host other than `{allowed}`"));
}

#[test]
pub(crate) fn message_to_another_path() {
    message_by(guests::MESSAGE_TO_ANOTHER_PATH)
        .refused("a request to a path or query other than the address's");
}

#[test]
pub(crate) fn message_twice() {
    message_by(guests::MESSAGE_TWICE).stopped_after(1, &refusal("a second request"));
}

/// What counts is the response that the host has seen.
#[test]
pub(crate) fn message_then_broken() {
    let ended = message_by(guests::MESSAGE_THEN_BROKEN);
    assert!(ended.output.status.success(), "{}", ended.stderr());
    assert_eq!(ended.webhook.requests.lock().expect("no panic").len(), 1);
}

#[test]
pub(crate) fn message_with_token() {
    message_by(guests::MESSAGE_WITH_TOKEN).refused("a token, in the header `authorization`");
}

#[test]
pub(crate) fn message_with_header() {
    message_by(guests::MESSAGE_WITH_HEADER)
        .refused("a header besides `content-type: application/json`");
}

#[test]
pub(crate) fn message_by_get() {
    message_by(guests::MESSAGE_BY_GET).refused("a method other than `POST`");
}

#[test]
pub(crate) fn message_too_large() {
    message_by(guests::MESSAGE_TOO_LARGE).refused("a body of more than 28672 bytes");
}

#[test]
pub(crate) fn message_not_json() {
    message_by(guests::MESSAGE_NOT_JSON).refused("a body that is not a JSON object");
}

#[test]
pub(crate) fn message_never_sent() {
    message_by(guests::MESSAGE_NEVER_SENT)
        .stopped_after(0, "the component sent no message; it says that it has");
}

#[test]
pub(crate) fn message_asleep() {
    message_by(guests::MESSAGE_ASLEEP).stopped_after(0, "the component did not come back within ");
}

#[test]
pub(crate) fn message_computed_for_ever() {
    message_by(guests::MESSAGE_COMPUTED_FOR_EVER).stopped_after(0, "the component ");
}

#[test]
pub(crate) fn message_of_all_memory() {
    let ended = message_by(guests::MESSAGE_OF_ALL_MEMORY);
    ended.stopped_after(0, "the component broke off: ");
    assert!(
        ended
            .stderr()
            .contains("it asked for more than 32 MiB of memory"),
        "{}",
        ended.stderr()
    );
}

#[test]
pub(crate) fn message_about_token() {
    let ended = message_by(guests::MESSAGE_ABOUT_TOKEN);
    let stderr = ended.stderr();
    assert_eq!(ended.output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("component imports instance `intune:sync/token@0.2.0`"),
        "{stderr}"
    );
}
