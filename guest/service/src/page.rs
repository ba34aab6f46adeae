//! The page of the service.

/// The response to `GET /`: what this service is, for anyone who finds it. It shows nothing of the configuration.
pub const PAGE: &str = include_str!("page.html");
