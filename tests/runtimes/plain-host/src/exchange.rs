//! One HTTP exchange over a new connection.

use bytes::Bytes;
use http::{Request, Response, Uri, uri::PathAndQuery};
use http_body::Body;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Why there was no response.
#[derive(Debug)]
pub enum NoResponse {
    /// The address is not `http://host:port/…`, which is all that is spoken here.
    NoPlainHttp,
    /// There was no connection.
    Connect(std::io::Error),
    /// The connection broke, or what came is not HTTP.
    Http(hyper::Error),
}

/// Sends a request to the authority of its URI, and reads the head of the response. The connection lasts until the
/// response's body is read or dropped.
///
/// # Errors
///
/// When there is no connection, or no response on it.
pub async fn send<B>(mut request: Request<B>) -> Result<Response<Incoming>, NoResponse>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let uri = request.uri().clone();
    if uri.scheme_str() != Some("http") {
        return Err(NoResponse::NoPlainHttp);
    }
    let authority = uri.authority().ok_or(NoResponse::NoPlainHttp)?;
    let address = (authority.host(), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(NoResponse::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(NoResponse::Http)?;
    tokio::spawn(connection);
    // The request line has only the path; the rest is in `Host`.
    let path = uri.path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
    sender.send_request(request).await.map_err(NoResponse::Http)
}
