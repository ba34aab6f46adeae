//! Who calls the service.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use intune_sync_plain_host::send;
use serde_json::Value;
use tokio::{net::TcpSocket, runtime::Runtime};

/// A service that says nothing for longer than this never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// A complete response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// A response that is read as it comes. Dropping it closes the connection.
pub(crate) struct Coming {
    status: u16,
    content_type: String,
    body: Incoming,
    come: Vec<u8>,
    runtime: Runtime,
}

/// Whether the service is there.
pub(crate) fn is_served(service: SocketAddr) -> bool {
    let request = Request::get(format!("http://{service}/healthz"))
        .header(header::HOST, service.to_string())
        .body(Full::<Bytes>::default())
        .expect("a request");
    let response = runtime().block_on(send(request));
    response.is_ok_and(|response| response.status().is_success())
}

pub(crate) fn get(service: SocketAddr, path: &str) -> Reply {
    call(service, Method::GET, path, None, Bytes::new()).whole()
}

pub(crate) fn post(
    service: SocketAddr,
    path: &str,
    secret: Option<&str>,
    body: impl Into<Bytes>,
) -> Reply {
    begin(service, path, secret, body).whole()
}

/// The first line of the response to a caller that does not send all of its body.
pub(crate) fn post_unfinished(service: SocketAddr, path: &str, secret: &str) -> String {
    let mut stream = std::net::TcpStream::connect(service).expect("it is served");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {service}\r\nAuthorization: Bearer {secret}\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(request.as_bytes()).expect("it is served");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut line = String::new();
    BufReader::new(stream)
        .read_line(&mut line)
        .expect("a response");
    line
}

/// A response that nobody reads yet.
pub(crate) struct Unread(std::net::TcpStream);

/// The same, from a caller that reads nothing and has room for next to nothing.
pub(crate) fn post_unread(service: SocketAddr, path: &str, secret: &str, body: &str) -> Unread {
    let mut stream = runtime().block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = socket.connect(service).await.expect("it is served");
        stream.into_std().expect("a socket")
    });
    stream.set_nonblocking(false).expect("a socket");
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {service}\r\nAuthorization: Bearer {secret}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it is served");
    Unread(stream)
}

impl Unread {
    /// What has come until the response ended or broke off.
    pub(crate) fn rest(mut self) -> String {
        self.0.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut come = Vec::new();
        let mut part = [0; 1 << 16];
        // Where it breaks off, the connection may be reset.
        while let Ok(length @ 1..) = self.0.read(&mut part) {
            come.extend_from_slice(&part[..length]);
        }
        String::from_utf8_lossy(&come).into_owned()
    }
}

/// The same, as far as the head of the response.
pub(crate) fn begin(
    service: SocketAddr,
    path: &str,
    secret: Option<&str>,
    body: impl Into<Bytes>,
) -> Coming {
    call(service, Method::POST, path, secret, body.into())
}

fn call(
    service: SocketAddr,
    method: Method,
    path: &str,
    secret: Option<&str>,
    body: Bytes,
) -> Coming {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{service}{path}"))
        .header(header::HOST, service.to_string())
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(secret) = secret {
        request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    let request = request.body(Full::new(body)).expect("a request");
    let runtime = runtime();
    let response = patiently(&runtime, send(request)).expect("a response");
    let content_type = response.headers().get(header::CONTENT_TYPE);
    Coming {
        status: response.status().as_u16(),
        content_type: content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned(),
        body: response.into_body(),
        come: Vec::new(),
        runtime,
    }
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        let read = serde_json::from_str(&self.body);
        read.unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

impl Coming {
    /// The next line, without its end; none at the end of the body.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.come.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.come.drain(..=end).collect();
                return Some(text(line[..end].to_vec()));
            }
            if !self.more() {
                return (!self.come.is_empty()).then(|| text(std::mem::take(&mut self.come)));
            }
        }
    }

    fn whole(mut self) -> Reply {
        while self.more() {}
        Reply {
            status: self.status,
            content_type: self.content_type,
            body: text(self.come),
        }
    }

    fn more(&mut self) -> bool {
        let Some(frame) = patiently(&self.runtime, self.body.frame()) else {
            return false;
        };
        let frame = frame.expect("the body comes to its end");
        self.come.extend(frame.into_data().unwrap_or_default());
        true
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

/// Waits for a response, but not for ever.
fn patiently<T>(runtime: &Runtime, response: impl Future<Output = T>) -> T {
    let response = runtime.block_on(async { tokio::time::timeout(PATIENCE, response).await });
    response.unwrap_or_else(|_| panic!("the service says nothing for {PATIENCE:?}"))
}
