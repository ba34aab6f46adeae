//! Messages about runs, from the components that run without the program.

use serde_json::{Value, json};

use crate::{
    checks::{SECRET, environment, sync},
    runtime::Runtime,
    schema,
    tenant::{Tenant, healthy},
    webhook::{self, Reply, Webhook},
};

/// The message about a run arrives at the webhook, from the service and from the job. A webhook that refuses it changes
/// nothing.
pub(crate) fn check(runtime: &dyn Runtime) {
    let tenant = Tenant::new(healthy(20));
    let webhook = Webhook::new();
    let notified = |webhook: &Webhook| {
        environment(&tenant)
            .with("INTUNE_SYNC_SERVICE_SECRET", SECRET)
            .with("INTUNE_SYNC_NOTIFY", "always")
            .with("INTUNE_SYNC_NOTIFY_URL", webhook.url())
            .reaching(webhook.origin())
    };
    let service = runtime.serve(&notified(&webhook));
    let selected = json!({"limit": 3, "batch-delay-seconds": 0, "yes": true});
    let lines = sync(&service, &selected).body;
    let last = lines.lines().last().unwrap_or_default();
    let summary: Value = serde_json::from_str(last).expect("the summary");
    let message = webhook.message();
    schema::assert_notification(&message.to_string());
    assert_eq!(message["RunId"], summary["RunId"], "{message}");
    assert_eq!(message["SuccessCount"], 3, "{message}");

    let webhook = Webhook::replying(&[Reply::Status(404, &[], webhook::SECRET)]);
    let job = [
        "sync",
        "--yes",
        "--limit",
        "3",
        "--batch-delay-seconds",
        "0",
    ];
    let Some(ended) = runtime.run(&notified(&webhook), &job) else {
        return;
    };
    assert!(ended.success, "{ended:?}");
    assert_eq!(webhook.message()["SuccessCount"], 3);
    let warning = format!(
        "warning: the message to `{}` was not sent: status 404",
        webhook.authority()
    );
    assert!(ended.stderr.contains(&warning), "{ended:?}");
    assert!(!ended.stderr.contains(webhook::SECRET), "{ended:?}");
}
