//! A webhook: a server that records what it gets, and returns what it is told to.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use crate::tls::TestAuthority;

/// What of the address is secret.
pub(crate) const SECRET: &str = "AAECAwQFBgcICQoLDA0ODw";

/// A webhook that serves requests until it is dropped.
pub(crate) struct Webhook {
    address: SocketAddr,
    scheme: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    _runtime: Runtime,
}

/// A request that it got.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What it returns.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// A status, headers, and a body.
    Status(u16, &'static [(&'static str, &'static str)], &'static str),
    /// It closes the connection.
    Close,
    /// It never responds.
    Hang,
    /// The head of a response with this status, and a body that goes on for ever, a byte in a second.
    Endless(u16),
}

/// It takes the message.
pub(crate) const TAKEN: Reply = Reply::Status(200, &[], "ok");

impl Webhook {
    /// A webhook that takes everything.
    pub(crate) fn new() -> Self {
        Self::replying(&[TAKEN])
    }

    /// A webhook that replies to one request after the other in this way, and to all others in the last.
    pub(crate) fn replying(replies: &[Reply]) -> Self {
        Self::serve(replies, None)
    }

    /// A webhook behind TLS.
    pub(crate) fn behind_tls(authority: &TestAuthority) -> Self {
        let config = authority.server(&["127.0.0.1"], &["http/1.1"]);
        Self::serve(&[TAKEN], Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn serve(replies: &[Reply], tls: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let received = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let script = Script {
            replies: replies.into(),
            received: Arc::clone(&received),
        };
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("it listens");
                let (script, tls) = (script.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => script.connection(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                script.connection(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            scheme,
            received,
            _runtime: runtime,
        }
    }

    /// Its host and port, which are not secret.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Path and query of its address.
    pub(crate) fn target(&self) -> String {
        format!("/workflows/0f8a/triggers/manual/paths/invoke?api-version=1&sig={SECRET}")
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.origin() + &self.target()
    }

    /// What it got so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// The one message that it got.
    pub(crate) fn message(&self) -> Value {
        let received = self.received();
        let [one] = received.as_slice() else {
            panic!("{received:?}")
        };
        one.json()
    }
}

impl Received {
    /// The body, which is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

#[derive(Clone)]
struct Script {
    replies: Arc<[Reply]>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Script {
    async fn connection(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request: Request<Incoming>| self.reply(request));
        // An error ends this connection only.
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn reply(&self, request: Request<Incoming>) -> Result<Response<Body>, Closed> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Closed)?;
        let reply = {
            let mut received = self.received.lock().expect("no panic");
            let at = received.len().min(self.replies.len() - 1);
            received.push(Received {
                method: head.method.to_string(),
                target: head.uri.to_string(),
                headers: head.headers,
                body: body.to_bytes().to_vec(),
            });
            self.replies[at]
        };
        match reply {
            Reply::Status(status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                Ok(response.body(Body::from(body)).expect("a response"))
            }
            Reply::Close => Err(Closed),
            Reply::Endless(status) => {
                let body = futures::stream::unfold((), async |()| {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Some((Ok::<_, Infallible>("."), ()))
                });
                let response = Response::builder().status(status);
                Ok(response.body(Body::from_stream(body)).expect("a response"))
            }
            Reply::Hang => {
                let never: Infallible = std::future::pending().await;
                match never {}
            }
        }
    }
}

/// The connection is closed without a response.
#[derive(Debug, thiserror::Error)]
#[error("closed")]
struct Closed;
