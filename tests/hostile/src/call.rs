//! Requests as raw as WASI can carry them.

use wasi::{
    http::{
        outgoing_handler,
        types::{
            Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody,
            OutgoingRequest, Scheme,
        },
    },
    io::streams::StreamError,
};

/// A request with anything in it that WASI can carry.
pub struct Call {
    method: String,
    scheme: Scheme,
    authority: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// A response.
pub struct Response {
    /// Its status.
    pub status: u16,
    /// The names of its headers.
    pub headers: Vec<String>,
    /// Their values.
    pub values: Vec<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// A request on its way.
pub struct Pending(FutureIncomingResponse);

impl Call {
    pub(crate) fn new(method: &str, secure: bool, authority: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            scheme: if secure { Scheme::Https } else { Scheme::Http },
            authority: authority.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same over plain http.
    pub fn insecure(self) -> Self {
        Self {
            scheme: Scheme::Http,
            ..self
        }
    }

    /// The same elsewhere.
    pub fn at(self, authority: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            ..self
        }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with another token, or something in its role.
    pub fn authorization(mut self, value: String) -> Self {
        self.headers.retain(|(name, _)| name != "authorization");
        self.header("authorization", value)
    }

    /// The same with this body.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    /// Sends it and says what came of it.
    pub fn outcome(self) -> String {
        match self.send() {
            Ok(response) => format!("status {}", response.status),
            Err(reason) => reason,
        }
    }

    /// Sends it and waits for the response.
    ///
    /// # Errors
    ///
    /// What was not taken, or why there is no response.
    pub fn send(self) -> Result<Response, String> {
        self.start()?.response()
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// What was not taken.
    pub fn start(self) -> Result<Pending, String> {
        let body = self.body.clone();
        let (future, outgoing) = self.hand_over()?;
        write(outgoing, &body);
        Ok(Pending(future))
    }

    /// Begins to send it, and drops it before anything can come of it.
    ///
    /// # Errors
    ///
    /// What was not taken.
    pub fn drop_at_once(self) -> Result<(), String> {
        self.hand_over().map(drop)
    }

    /// Sends all of it but the end of its body, which never comes.
    ///
    /// # Errors
    ///
    /// What was not taken.
    pub fn leave_unfinished(self) -> Result<(), String> {
        let body = self.body.clone();
        let (future, outgoing) = self.hand_over()?;
        let stream = outgoing.write().expect("it is taken once");
        let written = stream.blocking_write_and_flush(&body);
        core::mem::forget((future, outgoing, stream));
        written.map_err(|error| format!("the body was not taken: {error:?}"))
    }

    /// Hands it to the host, without its body.
    fn hand_over(self) -> Result<(FutureIncomingResponse, OutgoingBody), String> {
        let headers = Fields::from_list(&self.headers)
            .map_err(|error| format!("a header was not taken: {error:?}"))?;
        let request = OutgoingRequest::new(headers);
        let method = match self.method.as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            other => Method::Other(other.to_owned()),
        };
        request
            .set_method(&method)
            .and_then(|()| request.set_scheme(Some(&self.scheme)))
            .and_then(|()| request.set_path_with_query(Some(&self.path)))
            .map_err(|()| "the method, the scheme or the path was not taken")?;
        request
            .set_authority(Some(&self.authority))
            .map_err(|()| "the authority was not taken")?;
        let outgoing = request.body().expect("it is taken once");
        let future = outgoing_handler::handle(request, None)
            .map_err(|error| format!("not sent: {error:?}"))?;
        Ok((future, outgoing))
    }
}

/// Writes what the host takes of a body. If it takes no more, the response says so.
fn write(outgoing: OutgoingBody, body: &[u8]) {
    let stream = outgoing.write().expect("it is taken once");
    let written = body
        .chunks(4096)
        .try_for_each(|part| stream.blocking_write_and_flush(part));
    drop(stream);
    if written.is_ok() {
        // The response reports its error too.
        let _ = OutgoingBody::finish(outgoing, None);
    }
}

impl Pending {
    /// Whether the response, or why there is none, is there.
    pub fn is_ready(&self) -> bool {
        self.0.subscribe().ready()
    }

    /// Waits for the head of the response, and leaves its body unread.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn head(self) -> Result<IncomingResponse, String> {
        self.0.subscribe().block();
        let head = self
            .0
            .get()
            .expect("it is ready")
            .expect("it is taken once");
        head.map_err(|error| format!("no response: {error:?}"))
    }

    /// Waits for the response.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn response(self) -> Result<Response, String> {
        let head = self.head()?;
        let headers = head.headers().entries().into_iter();
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        let (headers, values) = headers.map(|(name, value)| (name, text(value))).unzip();
        let mut response = Response {
            status: head.status(),
            headers,
            values,
            body: Vec::new(),
        };
        let body: IncomingBody = head.consume().expect("it is taken once");
        let stream = body.stream().expect("it is taken once");
        loop {
            match stream.blocking_read(64 << 10) {
                Ok(part) => response.body.extend(part),
                Err(StreamError::Closed) => return Ok(response),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(error.to_debug_string());
                }
            }
        }
    }
}
