//! Graph, as a hostile component sees it.

use wasi::clocks::monotonic_clock;

use crate::{
    Call, Settings,
    bindings::intune::sync::token::{TokenError, get_token},
};

/// The path of the list of devices.
pub const DEVICES: &str = "/v1.0/deviceManagement/managedDevices";
/// The path of `$batch`.
pub const BATCH: &str = "/v1.0/$batch";
/// The path of the bulk action.
pub const EXECUTE_ACTION: &str = "/beta/deviceManagement/managedDevices/executeAction";

/// Microsoft Graph, as the settings name it.
pub struct Graph {
    settings: Settings,
}

impl Graph {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Its host and port.
    pub fn authority(&self) -> &str {
        let root = &self.settings.graph_root;
        root.split_once("://")
            .map_or(root, |(_, authority)| authority)
    }

    /// A host and port that are not Graph's, which the test passes as the pattern of a device's name.
    pub fn elsewhere(&self) -> &str {
        self.settings
            .selection
            .name
            .first()
            .map_or("", String::as_str)
    }

    /// The scope of its tokens.
    pub fn scope(&self) -> &str {
        &self.settings.scope
    }

    /// The token of the run.
    pub fn token(&self) -> String {
        self.token_for(&self.settings.scope)
            .expect("there is a token")
    }

    /// The token for a scope, or why there is none.
    pub fn token_for(&self, scope: &str) -> Result<String, String> {
        loop {
            match get_token(scope, None) {
                Ok(token) => return Ok(token.value),
                Err(TokenError::TryAgain(millis)) => {
                    monotonic_clock::subscribe_duration(millis * 1_000_000).block();
                }
                Err(TokenError::Denied(reason)) => return Err(reason),
            }
        }
    }

    /// A GET with all that it needs.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// A POST with all that it needs, without a body.
    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// A request with all that it needs, without a body.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let secure = self.settings.graph_root.starts_with("https:");
        Call::new(method, secure, self.authority(), path)
            .header("authorization", format!("Bearer {}", self.token()))
    }

    /// The sync of a device.
    pub fn sync(&self, device: &str) -> Call {
        self.post(&format!("{DEVICES}/{device}/syncDevice"))
    }

    /// The ids of the devices on the first page of the list.
    pub fn devices(&self) -> Vec<String> {
        let response = self.get(DEVICES).send().expect("the list is let out");
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let behind = text.split("\"id\":\"").skip(1);
        behind
            .filter_map(|rest| rest.get(..36))
            .map(str::to_owned)
            .collect()
    }

    /// The id of a device.
    pub fn device(&self) -> String {
        self.devices()
            .into_iter()
            .next()
            .expect("the tenant has devices")
    }
}
