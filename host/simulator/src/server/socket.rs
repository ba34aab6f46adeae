//! The simulator on a TCP socket.

use std::{convert::Infallible, io};

use axum::body::Body;
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{response::DropConnection, server::simulator::Simulator};

/// The connection must be closed without a response.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without a response")]
struct Dropped;

/// Serves HTTP/1.1 with keep-alive until the future is dropped, which closes its connections too.
///
/// # Errors
///
/// If the listener cannot accept further connections.
pub async fn serve(simulator: Simulator, listener: TcpListener) -> io::Result<Infallible> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(simulator.clone(), stream));
                }
                // The caller disconnected before it was served.
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
            let response = simulator.respond(request.map(Body::new)).await;
            match response.extensions().get::<DropConnection>() {
                Some(DropConnection) => Err(Dropped),
                None => Ok(response),
            }
        }
    });
    // Small responses must not wait for others to be acknowledged; if this cannot be set, they do.
    let _ = stream.set_nodelay(true);
    // An error ends only this connection: the caller disconnected, or must see it closed.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
