//! The paths and methods of the service.

use intune_sync_wit::Purpose;

use crate::Refusal;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The page that explains.
    Page,
    /// Whether the service is there.
    Health,
    /// A run.
    Run(Purpose),
}

impl Route {
    /// Finds the route of a method and a path with its query, which is ignored.
    ///
    /// # Errors
    ///
    /// 404 for another path, 405 for another method; then the second value is the one that is allowed.
    pub fn find(method: &str, target: &str) -> Result<Self, (Refusal, Option<&'static str>)> {
        let path = target.split('?').next().unwrap_or_default();
        let (route, allowed) = match path {
            "" | "/" => (Self::Page, "GET"),
            "/healthz" => (Self::Health, "GET"),
            "/sync" => (Self::Run(Purpose::Sync), "POST"),
            "/plan" => (Self::Run(Purpose::Plan), "POST"),
            _ => {
                let refusal =
                    Refusal::new(404, "there is nothing here", "`GET /` says what there is");
                return Err((refusal, None));
            }
        };
        if method == allowed {
            return Ok(route);
        }
        let message = format!("`{path}` takes `{allowed}` only");
        let hint = "`GET /` says what there is";
        Err((Refusal::new(405, message, hint), Some(allowed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_method() {
        for (method, path, expected) in [
            ("GET", "/", Ok(Route::Page)),
            ("GET", "/healthz", Ok(Route::Health)),
            ("POST", "/sync", Ok(Route::Run(Purpose::Sync))),
            ("POST", "/plan?x=1", Ok(Route::Run(Purpose::Plan))),
            ("GET", "/sync", Err(405)),
            ("DELETE", "/plan", Err(405)),
            ("POST", "/", Err(405)),
            ("POST", "/sync/", Err(404)),
            ("POST", "/Sync", Err(404)),
            ("GET", "/../sync", Err(404)),
        ] {
            let found = Route::find(method, path).map_err(|(refusal, _)| refusal.status);
            assert_eq!(found, expected, "{method} {path}");
        }
    }
}
