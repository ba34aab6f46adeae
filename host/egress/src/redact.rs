//! Keeps secrets out of responses: some proxies and error pages repeat the headers of the request.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use memchr::{memchr_iter, memmem::Finder};

use crate::client::{ClientError, PolledFrame, ResponseBody};

/// What a secret is replaced by.
const REPLACEMENT: &[u8] = b"[token]";

/// Shorter texts are not replaced: that would only garble the response.
const LENGTH: usize = 8;

/// What a request carried that its response must not. Clones share the search, which takes long to prepare.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<[Finder<'static>]>);

impl Secrets {
    /// These values; of one that is `Bearer` and a token, the token.
    pub(crate) fn new(values: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let secrets = values.into_iter().map(|value| {
            let value = value.as_ref();
            Finder::new(value.strip_prefix(b"Bearer ").unwrap_or(value)).into_owned()
        });
        let long = secrets.filter(|secret| secret.needle().len() >= LENGTH);
        Self(long.collect())
    }

    /// Replaces them wherever the response has them, in its headers and in its body.
    pub(crate) fn replace(self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        if self.0.is_empty() {
            return response;
        }
        let (mut head, body) = response.into_parts();
        for value in head.headers.values_mut() {
            if let Some(replaced) = self.replaced(value.as_bytes()) {
                *value = HeaderValue::from_bytes(&replaced)
                    .expect("a part of a header's value, and visible ASCII");
            }
        }
        let body = Redacted {
            secrets: self,
            inner: body,
            held: BytesMut::new(),
        };
        Response::from_parts(head, body.boxed())
    }

    /// The text without the secrets; `None` if it has none.
    fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut replaced: Option<Vec<u8>> = None;
        for secret in &*self.0 {
            let text = replaced.as_deref().unwrap_or(text);
            let mut found = secret.find_iter(text).peekable();
            if found.peek().is_none() {
                continue;
            }
            let mut clean = Vec::with_capacity(text.len());
            let mut from = 0;
            for at in found {
                clean.extend_from_slice(&text[from..at]);
                clean.extend_from_slice(REPLACEMENT);
                from = at + secret.needle().len();
            }
            clean.extend_from_slice(&text[from..]);
            replaced = Some(clean);
        }
        replaced
    }

    /// How many bytes at the end of `text`, in which no secret is whole, may be the beginning of one.
    fn begun(&self, text: &[u8]) -> usize {
        let begun = |secret: &Finder<'_>| {
            let secret = secret.needle();
            let end = &text[text.len().saturating_sub(secret.len())..];
            let mut places = memchr_iter(*secret.first()?, end);
            let from = places.find(|&from| secret.starts_with(&end[from..]))?;
            Some(end.len() - from)
        };
        self.0.iter().filter_map(begun).max().unwrap_or_default()
    }
}

/// A body without the secrets, and without trailers. A secret may be split across two of its parts.
struct Redacted {
    secrets: Secrets,
    inner: ResponseBody,
    /// The end of what has come, if it may be the beginning of a secret.
    held: BytesMut,
}

impl Body for Redacted {
    type Data = Bytes;
    type Error = ClientError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> PolledFrame {
        let this = &mut *self;
        loop {
            let Some(frame) = ready!(Pin::new(&mut this.inner).poll_frame(context)?) else {
                let rest = std::mem::take(&mut this.held).freeze();
                return Poll::Ready((!rest.is_empty()).then_some(Ok(Frame::data(rest))));
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let mut text = match this.held.is_empty() {
                true => data,
                false => {
                    this.held.extend_from_slice(&data);
                    std::mem::take(&mut this.held).freeze()
                }
            };
            if let Some(replaced) = this.secrets.replaced(&text) {
                text = replaced.into();
            }
            let begun = this.secrets.begun(&text);
            this.held
                .extend_from_slice(&text.split_off(text.len() - begun));
            if !text.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(text))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // The replacement is no longer than a secret is: there is no telling how much comes, but not more.
        let mut hint = SizeHint::new();
        if let Some(upper) = self.inner.size_hint().upper() {
            hint.set_upper(upper.saturating_add(self.held.len() as u64));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, stream};
    use http_body_util::StreamBody;

    use super::*;

    const SECRET: &str = "eyJ0.abc-abc-abx";

    fn response(parts: &[&str]) -> Response<ResponseBody> {
        let frames: Vec<Result<_, ClientError>> = parts
            .iter()
            .map(|part| Ok(Frame::data(Bytes::copy_from_slice(part.as_bytes()))))
            .collect();
        Response::new(StreamBody::new(stream::iter(frames)).boxed())
    }

    fn replaced(secrets: Secrets, response: Response<ResponseBody>) -> String {
        let body = secrets.replace(response).into_body().collect();
        let body = body.now_or_never().expect("nothing to wait for");
        String::from_utf8(body.expect("no error").to_bytes().to_vec()).expect("UTF-8")
    }

    fn secrets() -> Secrets {
        Secrets::new([format!("Bearer {SECRET}")])
    }

    #[test]
    fn a_secret_is_replaced_wherever_it_is_cut() {
        let text = format!("{{\"a\":\"{SECRET}\"}} abc-abc {SECRET}{SECRET} eyJ0.abc");
        let clean = "{\"a\":\"[token]\"} abc-abc [token][token] eyJ0.abc";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let parts = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(replaced(secrets(), response(&parts)), clean, "{parts:?}");
            }
        }
        let single: Vec<&str> = text.split("").filter(|part| !part.is_empty()).collect();
        assert_eq!(replaced(secrets(), response(&single)), clean);
    }

    #[test]
    fn headers_are_kept_clean_too() {
        let mut echo = response(&[]);
        let value = format!("Bearer realm=\"\", got=\"{SECRET}\"");
        let headers = echo.headers_mut();
        headers.insert("www-authenticate", value.parse().expect("a value"));
        headers.insert("x-token", SECRET.parse().expect("a value"));
        headers.insert("date", "today".parse().expect("a value"));
        let clean = secrets().replace(echo);
        assert_eq!(
            clean.headers()["www-authenticate"],
            "Bearer realm=\"\", got=\"[token]\""
        );
        assert_eq!(clean.headers()["x-token"], "[token]");
        assert_eq!(clean.headers()["date"], "today");
    }

    #[test]
    fn a_response_without_the_secret_passes_as_it_is() {
        let parts = ["eyJ0", ".abc-abc-ab", "", "c", SECRET.split_at(15).0];
        assert_eq!(replaced(secrets(), response(&parts)), parts.concat());
        let short = Secrets::new(["Bearer a"]);
        assert_eq!(replaced(short, response(&["a b a"])), "a b a");
    }

    #[test]
    fn the_end_is_there_once_nothing_is_held_back() {
        let end = |text: &str| {
            let whole = http_body_util::Full::new(Bytes::copy_from_slice(text.as_bytes()));
            let body = whole.map_err(|never| match never {}).boxed();
            let mut body = secrets().replace(Response::new(body)).into_body();
            let before = body.is_end_stream();
            let first = body.frame().now_or_never().flatten().is_some();
            (before, first, body.is_end_stream())
        };
        assert_eq!(end("nothing"), (false, true, true));
        assert_eq!(end("x eyJ0"), (false, true, false));
        assert_eq!(end("x eyJ0.abc-abc-abx"), (false, true, true));
        assert_eq!(end(""), (true, false, true));
    }

    #[test]
    fn no_more_comes_than_there_was() {
        let whole = http_body_util::Full::new(Bytes::from_static(b"x eyJ0"));
        let body = whole.map_err(|never| match never {}).boxed();
        let mut body = secrets().replace(Response::new(body)).into_body();
        assert_eq!(
            (body.size_hint().lower(), body.size_hint().upper()),
            (0, Some(6))
        );
        body.frame()
            .now_or_never()
            .flatten()
            .expect("a part")
            .expect("no error");
        assert_eq!(body.size_hint().upper(), Some(4), "what is held back");
    }
}
