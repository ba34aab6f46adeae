//! The page of the service.

use intune_sync_settings::Setting;

/// The response to `GET /`: what this service is, for anyone who finds it. It shows nothing of the configuration.
#[must_use]
pub fn page() -> String {
    let keys: Vec<String> = Setting::of_component()
        .map(|setting| format!("<code>{}</code>", setting.key))
        .collect();
    include_str!("page.html").replace("<!-- keys -->", &keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_named() {
        let page = page();
        for setting in Setting::of_component() {
            let key = format!("<code>{}</code>", setting.key);
            assert!(page.contains(&key), "{key}");
        }
        assert!(!page.contains("<!--"), "{page}");
    }
}
