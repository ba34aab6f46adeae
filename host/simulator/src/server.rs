//! The simulator on a socket.

use std::convert::Infallible;
use std::io;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::reply::DropConnection;
use crate::simulator::Simulator;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Dropped;

/// Serves HTTP/1.1 with keep-alive until it is dropped, which ends its connections too.
///
/// # Errors
/// When the listener can take no further connection.
pub async fn serve(simulator: Simulator, listener: TcpListener) -> io::Result<Infallible> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(simulator.clone(), stream));
                }
                // The caller went away before it was served.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(simulator: Simulator, stream: TcpStream) {
    let service = service_fn(move |request: Request<Incoming>| {
        let simulator = simulator.clone();
        async move {
            let response = simulator.answer(request.map(Body::new)).await;
            match response.extensions().get::<DropConnection>() {
                Some(DropConnection) => Err(Dropped),
                None => Ok(response),
            }
        }
    });
    // Small answers must not wait for the acknowledgement of others; where that cannot be set, they do.
    let _ = stream.set_nodelay(true);
    // An error ends this connection only: the caller went away, or is to see it closed.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
