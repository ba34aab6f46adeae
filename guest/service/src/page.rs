/// What `GET /` answers: what there is here, for whoever finds it. It holds nothing of the configuration.
pub const PAGE: &str = include_str!("page.html");
