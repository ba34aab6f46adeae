//! A request and its response, both ways at once.

use wasi::{http::outgoing_handler, io::poll::Pollable};

use crate::{
    Error, Request, Response,
    download::{Download, Progress},
    upload::Upload,
};

/// One request on its way: its body goes out, its response is awaited and read.
pub struct Exchange {
    upload: Option<Upload>,
    download: Download,
    response_limit: usize,
}

/// The two directions of an exchange, each with its own pollable.
#[derive(Debug, Clone, Copy)]
pub enum Side {
    /// The request's body.
    Upload,
    /// The response.
    Download,
}

impl Exchange {
    /// Hands a request to the host.
    ///
    /// # Errors
    ///
    /// When the host does not take it.
    pub fn start(request: Request<'_>) -> Result<Self, Error> {
        let outgoing = request.head()?;
        let options = request.timeouts.options()?;
        // Where the body is never opened it is empty, and costs no stream.
        let upload = match request.body {
            body if body.is_empty() => None,
            body => Some(Upload::open(&outgoing, body)?),
        };
        let future = outgoing_handler::handle(outgoing, Some(options))?;
        Ok(Self {
            // Only now does anyone read what is written.
            upload: upload.and_then(Upload::push),
            download: Download::new(future),
            response_limit: request.response_limit,
        })
    }

    /// What to wait for: nothing once the exchange is complete. Each one that is ready must be consumed by
    /// [`Exchange::advance`] before the next `poll`, which would return at once for ever and keep the host's own tasks
    /// from running.
    pub fn pollables(&self) -> impl Iterator<Item = (Side, &Pollable)> {
        let upload = self.upload.as_ref();
        let upload = upload.map(|upload| (Side::Upload, upload.ready()));
        let download = self.download.ready().map(|ready| (Side::Download, ready));
        upload.into_iter().chain(download)
    }

    /// Goes on with a side that is ready, as far as it can without waiting.
    pub fn advance(&mut self, side: Side) {
        match side {
            Side::Upload => self.push(),
            Side::Download => {
                self.pull();
            }
        }
    }

    /// Goes on as far as it can without waiting.
    pub fn advance_ready(&mut self) {
        self.push();
        // Some hosts only find out in `ready` what has come since.
        while self.download.ready().is_some_and(Pollable::ready) {
            if self.pull() == Progress::Nothing {
                break;
            }
        }
    }

    /// The response, once it is complete; it can be taken once.
    pub fn take_response(&mut self) -> Option<Result<Response, Error>> {
        self.download.take()
    }

    fn push(&mut self) {
        self.upload = self.upload.take().and_then(Upload::push);
    }

    fn pull(&mut self) -> Progress {
        let progress = self.download.pull(self.response_limit);
        if self.download.ready().is_none() {
            // The rest of the request's body matters no more once the response is complete.
            self.upload = None;
        }
        progress
    }
}
