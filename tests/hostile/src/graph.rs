//! Graph, as a hostile component sees it.

use core::cell::OnceCell;

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

/// A page of the list.
pub struct Page {
    /// The ids of its devices.
    pub devices: Vec<String>,
    /// The query of the link to the next one.
    pub next: Option<String>,
}

/// Microsoft Graph, as the settings name it.
pub struct Graph {
    settings: Settings,
    /// The list may be read once.
    devices: OnceCell<Vec<String>>,
}

impl Graph {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            devices: OnceCell::new(),
        }
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
        self.devices.get_or_init(|| self.page("").devices).clone()
    }

    /// The ids of all devices, page by page.
    pub fn all_devices(&self) -> Vec<String> {
        let read = || {
            let mut page = self.page("");
            let mut devices = page.devices;
            while let Some(next) = page.next {
                page = self.page(&next);
                devices.append(&mut page.devices);
            }
            devices
        };
        self.devices.get_or_init(read).clone()
    }

    /// The ids of the devices that were read.
    pub(crate) fn listed(&self) -> &[String] {
        self.devices.get().map_or(&[], Vec::as_slice)
    }

    /// The page of the list that this query is for.
    pub fn page(&self, query: &str) -> Page {
        let path = match query {
            "" => DEVICES.to_owned(),
            query => format!("{DEVICES}?{query}"),
        };
        let response = self.get(&path).send().expect("the list is let out");
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let ids = text.split("\"id\":\"").skip(1);
        let link = text.split_once("\"@odata.nextLink\":\"");
        let link = link.and_then(|(_, rest)| rest.split_once('"'));
        Page {
            devices: ids
                .filter_map(|rest| rest.get(..36))
                .map(str::to_owned)
                .collect(),
            next: link.and_then(|(link, _)| Some(link.split_once('?')?.1.to_owned())),
        }
    }

    /// The id of a device.
    pub fn device(&self) -> String {
        self.devices()
            .into_iter()
            .next()
            .expect("the tenant has devices")
    }
}
