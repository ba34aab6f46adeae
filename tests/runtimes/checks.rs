//! The script: what each runtime must do with the components.

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use intune_sync_simulator::{Config, QuotaKind, Share};
use serde_json::{Value, json};

use crate::{
    account::Account,
    caller::{self, Reply},
    messages,
    runtime::{Ended, Environment, PATIENCE, Runtime, Serving},
    schema,
    tenant::{Tenant, healthy},
};

/// Devices of the tenant.
const DEVICES: u32 = 500;
pub(crate) const SECRET: &str = "a-secret-of-these-tests";
/// The operator's ceiling, in syncs per second: a request may not ask for more.
const MAX_RATE: &str = "100000";
/// The largest body that the service reads.
const LARGEST_BODY: usize = 1 << 20;

/// All of it; panics at the first thing that is not so. Returns what could not be checked, and why.
pub(crate) fn run(runtime: &dyn Runtime) -> Vec<&'static str> {
    the_service(runtime);
    messages::check(runtime);
    a_service_without_a_secret(runtime);
    if !runtime.tells_of_a_caller_that_left() {
        it_ends_a_while_after_its_caller_has_left(runtime);
    }
    let checks = [
        (
            runtime.tells_of_a_caller_that_left(),
            "it does not tell the component of a caller that left",
        ),
        (
            it_ends_when_its_caller_reads_nothing(runtime),
            "it does not show whether a run goes on",
        ),
        (
            it_names_the_list_that_denies_a_request(runtime),
            "it denies no request",
        ),
        (the_job(runtime), "it runs no job to its end"),
        (the_allow_list(runtime), "it has no allow-list"),
    ];
    let without = checks.into_iter().filter(|(there, _)| !there);
    without.map(|(_, what)| what).collect()
}

/// Half a thousand devices whose outcome depends on the device alone, and a quota that a run exceeds some times in a
/// few seconds.
fn fleet() -> Config {
    let mut config = healthy(DEVICES);
    config.seed = 11;
    config.fleet.platforms.linux = 5;
    config.fleet.platforms.chrome_os = 3;
    config.fleet.unsyncable_agents = Share::percent(3);
    config.fleet.unsyncable_states = Share::percent(2);
    config.fleet.gone = Share::percent(4);
    config.fleet.unsupported = Share::percent(3);
    config.fleet.failing = Share::percent(2);
    config.quota.kind = QuotaKind::Sliding;
    config.quota.limit = 150.try_into().expect("not 0");
    config.quota.window_ms = 1_000.try_into().expect("not 0");
    // What was on its way when the response was sent is not early; other runtimes take a while longer.
    config.retry_after.grace_ms = 500;
    config
}

/// The settings of the run, as variables. The program, the service and the job know the same names.
const SETTINGS: [(&str, &str); 5] = [
    ("INTUNE_SYNC_BATCH_SIZE", "100"),
    ("INTUNE_SYNC_BATCH_DELAY_SECONDS", "0"),
    ("INTUNE_SYNC_MAX_RETRIES", "2"),
    ("INTUNE_SYNC_INITIAL_BACKOFF_SECONDS", "0.02"),
    ("INTUNE_SYNC_MAX_RATE", MAX_RATE),
];

/// What `intune-sync sync`, its own host and its own sandbox make of the tenant.
fn reference() -> &'static Account {
    static REFERENCE: OnceLock<Account> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let tenant = Tenant::new(fleet());
        let mut program = tenant.surround().args(["sync", "--yes", "--no-history"]);
        for (name, value) in SETTINGS {
            program = program.env(name, value);
        }
        let (finished, _) = program.jsonl();
        assert_eq!(finished.code, 3, "{finished:?}");
        schema::assert_events(&finished.stdout);
        let account = Account::of(&finished.stdout, &tenant);
        for outcome in ["accepted", "gone", "skipped", "failed"] {
            assert!(account.count(outcome) > 5, "{outcome}: {account:?}");
        }
        account
    })
}

/// The tenant's address and identity, and a way to reach them.
pub(crate) fn environment(tenant: &Tenant) -> Environment {
    Environment::default()
        .with("INTUNE_SYNC_GRAPH_URL", tenant.root())
        .with("IDENTITY_ENDPOINT", format!("{}/msi/token", tenant.root()))
        .with("IDENTITY_HEADER", "simulator")
        .reaching(tenant.root())
}

fn the_service(runtime: &dyn Runtime) {
    let tenant = Tenant::new(fleet());
    let environment = environment(&tenant)
        .with("INTUNE_SYNC_SERVICE_SECRET", SECRET)
        .with("INTUNE_SYNC_MAX_RATE", MAX_RATE);
    let service = runtime.serve(&environment);
    it_refuses(&service);
    assert_eq!(tenant.statistics().requests.total(), 0, "nobody was asked");
    it_does_what_the_program_does(&service, &tenant);
    if runtime.tells_of_a_caller_that_left() {
        it_stops_when_its_caller_leaves(&service, &tenant);
    }
}

pub(crate) fn sync(service: &Serving, body: &Value) -> Reply {
    caller::post(service.address, "/sync", Some(SECRET), body.to_string())
}

/// What is refused before anything is sent, and with which status.
fn it_refuses(service: &Serving) {
    let whole_fleet = json!({"yes": true}).to_string();
    let with = |key: &str, value: Value| json!({"yes": true, key: value}).to_string();
    let too_large = format!("{{\"yes\": true{}}}", " ".repeat(LARGEST_BODY));
    let cases = [
        ("/sync", None, whole_fleet.clone(), 401, ""),
        ("/plan", None, whole_fleet.clone(), 401, ""),
        ("/sync", Some(""), whole_fleet.clone(), 401, ""),
        (
            "/sync",
            Some("another-secret-of-tests"),
            whole_fleet.clone(),
            401,
            "",
        ),
        ("/sync", Some(&SECRET[1..]), whole_fleet.clone(), 401, ""),
        (
            "/sync",
            Some("a-secret-of-these-tests."),
            whole_fleet.clone(),
            401,
            "",
        ),
        ("/sync", Some(SECRET), "{\"yes\": true".to_owned(), 400, ""),
        ("/sync", Some(SECRET), "{}".to_owned(), 400, "yes"),
        (
            "/sync",
            Some(SECRET),
            with("batchsize", json!(1)),
            400,
            "batchsize",
        ),
        (
            "/sync",
            Some(SECRET),
            with("batch-size", json!(0)),
            400,
            "batch-size",
        ),
        (
            "/sync",
            Some(SECRET),
            with("max-rate", json!(200_000)),
            403,
            "max-rate",
        ),
        (
            "/sync",
            Some(SECRET),
            with("graph-url", json!("http://127.0.0.1:9")),
            403,
            "graph-url",
        ),
        (
            "/sync",
            Some(SECRET),
            with("client-id", json!("another")),
            403,
            "client-id",
        ),
        ("/sync", Some(SECRET), too_large, 413, ""),
        ("/wipe", Some(SECRET), whole_fleet, 404, ""),
    ];
    for (path, secret, body, status, named) in cases {
        let shown: String = body.chars().take(60).collect();
        let response = caller::post(service.address, path, secret, body);
        let case = format!("{path} {secret:?} {shown}");
        assert_eq!(response.status, status, "{case}: {}", response.body);
        assert_eq!(response.content_type, "application/json", "{case}");
        let error = response.json();
        let message = error["Error"]["Message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{case}: {error}");
        assert!(error.to_string().contains(named), "{case}: {error}");
        assert!(!error.to_string().contains(SECRET), "{case}: {error}");
    }
    assert_eq!(caller::get(service.address, "/sync").status, 405);
    let health = caller::get(service.address, "/healthz");
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), json!({"Status": "ok"}));
}

fn it_does_what_the_program_does(service: &Serving, tenant: &Tenant) {
    let settings = json!({
        "yes": true,
        "batch-size": 100,
        "batch-delay-seconds": 0,
        "max-retries": 2,
        "initial-backoff-seconds": "0.02",
    });
    let response = sync(service, &settings);
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.content_type, "application/x-ndjson");
    schema::assert_events(&response.body);
    compare(&response.body, tenant);
}

fn compare(lines: &str, tenant: &Tenant) {
    let account = Account::of(lines, tenant);
    let reference = reference();
    for (id, outcome) in &reference.devices {
        assert_eq!(account.devices.get(id), Some(outcome), "{id}");
    }
    assert_eq!(&account, reference);
}

/// A run that nobody listens to sends nothing more, once what was in flight is done.
fn it_stops_when_its_caller_leaves(service: &Serving, tenant: &Tenant) {
    let slowly = json!({
        "yes": true,
        "batch-size": 1,
        "batch-delay-seconds": 0.05,
        "max-retries": 0,
    });
    let mut left = caller::begin(service.address, "/sync", Some(SECRET), slowly.to_string());
    while let Some(line) = left.line() {
        if line.contains("\"device-done\"") && line.contains("\"accepted\"") {
            break;
        }
    }
    drop(left);
    // Two further runs, each of which takes as long as the first would need for dozens of devices. In the first of
    // them, what was in flight comes to its end; in the second, all that comes to the tenant is the run's own.
    let ids: Vec<String> = regular(tenant).take(5).collect();
    let meanwhile = json!({"device": ids, "batch-size": 1, "batch-delay-seconds": 0.5});
    let mut seen = Vec::new();
    let mut own = 0;
    for _ in 0..2 {
        let lines = sync(service, &meanwhile).body;
        let summary: Value = lines
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default();
        assert_eq!(summary["SuccessCount"], 5, "{lines}");
        own = summary["HttpRequests"].as_u64().expect("a number");
        let requests = tenant.statistics().requests;
        seen.push(requests.total() - requests.identity);
    }
    assert_eq!(seen[1] - seen[0], own, "{:?}", tenant.statistics());
}

/// A caller that does not send all of its body is not waited for. Where the component is not told that its caller has
/// left, it finds out by what nobody takes, and ends the run. Then it serves others.
fn it_ends_a_while_after_its_caller_has_left(runtime: &dyn Runtime) {
    let tenant = Tenant::new(healthy(2_000));
    let environment = environment(&tenant)
        .with("INTUNE_SYNC_SERVICE_SECRET", SECRET)
        .with("INTUNE_SYNC_MAX_RATE", MAX_RATE)
        .hurried();
    let service = runtime.serve(&environment);
    let unfinished = caller::post_unfinished(service.address, "/sync", SECRET);
    assert!(unfinished.starts_with("HTTP/1.1 408"), "{unfinished}");
    let all = json!({"yes": true, "batch-size": 20, "batch-delay-seconds": 0}).to_string();
    let mut left = caller::begin(service.address, "/sync", Some(SECRET), all);
    while let Some(line) = left.line() {
        if line.contains("\"device-done\"") {
            break;
        }
    }
    drop(left);
    for _ in 0..2 {
        let lines = sync(
            &service,
            &json!({"yes": true, "limit": 5, "batch-delay-seconds": 0}),
        )
        .body;
        assert!(lines.contains("\"SuccessCount\":5"), "{lines}");
    }
    let synced = tenant.how_many("synced");
    assert!(synced < 2_000, "the run went on to its end");
}

/// A caller that reads nothing for a minute ends the run, and the response breaks off. False where that cannot be seen.
fn it_ends_when_its_caller_reads_nothing(runtime: &dyn Runtime) -> bool {
    // None of them can sync: it is about their lines, which are more than the sockets hold.
    let mut config = healthy(60_000);
    config.fleet.unsyncable_agents = Share::percent(100);
    config.list.page_size = 1_000.try_into().expect("not 0");
    let tenant = Tenant::new(config);
    let environment = environment(&tenant)
        .with("INTUNE_SYNC_SERVICE_SECRET", SECRET)
        .hurried();
    let service = runtime.serve(&environment);
    let unread = caller::post_unread(service.address, "/sync", SECRET, r#"{"yes": true}"#);
    let begun = Instant::now();
    while tenant.statistics().requests.list == 0 {
        assert!(begun.elapsed() < PATIENCE, "the run does not begin");
        thread::sleep(Duration::from_millis(20));
    }
    if !service.wait_until_idle() {
        return false;
    }
    let come = unread.rest();
    assert!(come.contains("\"device-done\""), "{come}");
    assert!(!come.contains("\"summary\""), "the run ended well");
    true
}

/// An identity endpoint that is not on the list ends the run with the first attempt: none after it would fare better.
fn it_names_the_list_that_denies_a_request(runtime: &dyn Runtime) -> bool {
    if !runtime.denies_https() {
        return false;
    }
    let tenant = Tenant::new(healthy(3));
    let reaching = environment(&tenant).with("INTUNE_SYNC_SERVICE_SECRET", SECRET);
    let identity = reaching
        .clone()
        .with("IDENTITY_ENDPOINT", "https://127.0.0.1:9/msi/token");
    let summary = denied(runtime, &identity);
    assert_eq!(summary["Outcome"], "not-authorized", "{summary}");
    let error = &summary["Error"];
    let message = error["Message"].as_str().unwrap_or_default();
    assert!(
        message.contains("its origin is not on the list of allowed hosts"),
        "{error}"
    );
    let hint = error["Hint"].as_str().unwrap_or_default();
    assert!(
        hint.contains("`INTUNE_SYNC_AUTH`") && !hint.contains("--"),
        "{error}"
    );
    assert_eq!(tenant.statistics().requests.total(), 0, "nobody was asked");
    let graph = reaching.with("INTUNE_SYNC_GRAPH_URL", "https://127.0.0.1:9");
    let summary = denied(runtime, &graph);
    assert_eq!(summary["Outcome"], "failed", "{summary}");
    true
}

/// The summary of a run whose first request the runtime denies: it is not one that was sent.
fn denied(runtime: &dyn Runtime, environment: &Environment) -> Value {
    let service = runtime.serve(environment);
    let lines = sync(&service, &json!({"yes": true})).body;
    let summary = lines
        .lines()
        .last()
        .and_then(|line| serde_json::from_str::<Value>(line).ok())
        .unwrap_or_default();
    assert_eq!(summary["HttpRequests"], 0, "{lines}");
    summary
}

/// Ids of devices whose sync is accepted.
fn regular(tenant: &Tenant) -> impl Iterator<Item = String> {
    let devices = tenant.simulator.devices(Some("regular"));
    let listed = reference().devices.iter();
    let accepted: Vec<String> = listed
        .filter(|(_, device)| device["outcome"] == "accepted")
        .map(|(id, _)| id.clone())
        .collect();
    let devices = devices.expect("an outcome");
    accepted
        .into_iter()
        .filter(move |id| devices.contains_key(id))
}

/// Where the operator has set no secret, nobody may.
fn a_service_without_a_secret(runtime: &dyn Runtime) {
    let tenant = Tenant::new(healthy(3));
    let service = runtime.serve(&environment(&tenant));
    for secret in [None, Some(""), Some(SECRET)] {
        for path in ["/sync", "/plan"] {
            let response = caller::post(service.address, path, secret, r#"{"yes": true}"#);
            assert_eq!(response.status, 403, "{path} {secret:?}: {}", response.body);
        }
    }
    assert_eq!(caller::get(service.address, "/healthz").status, 200);
    assert_eq!(tenant.statistics().requests.total(), 0, "nobody was asked");
}

/// Returns whether the runtime runs commands.
fn the_job(runtime: &dyn Runtime) -> bool {
    let tenant = Tenant::new(fleet());
    let mut environment = environment(&tenant)
        .with("INTUNE_SYNC_OUTPUT", "jsonl")
        .with("INTUNE_SYNC_YES", "true");
    for (name, value) in SETTINGS {
        environment = environment.with(name, value);
    }
    let Some(ended) = runtime.run(&environment, &[]) else {
        return false;
    };
    assert!(!ended.success, "some devices failed: {ended:?}");
    schema::assert_events(&ended.stdout);
    compare(&ended.stdout, &tenant);

    let id = regular(&tenant).next().expect("one of them");
    let tenant = Tenant::new(fleet());
    let environment = self::environment(&tenant);
    let well = runtime.run(&environment, &["sync", "--device", &id]);
    assert!(well.as_ref().is_some_and(|ended| ended.success), "{well:?}");
    let synced = tenant.simulator.devices(Some("synced"));
    assert_eq!(synced.expect("an outcome"), [(id, 1)].into());

    let tenant = Tenant::new(healthy(3));
    let environment = self::environment(&tenant).without("IDENTITY_HEADER");
    for (environment, arguments) in [
        (environment, &["sync", "--yes"][..]),
        (self::environment(&tenant), &["sync", "--batch-size", "0"]),
        (self::environment(&tenant), &["wipe"]),
    ] {
        let badly = runtime.run(&environment, arguments);
        let said = |ended: &Ended| !ended.success && ended.stderr.contains("error: ");
        assert!(badly.as_ref().is_some_and(said), "{badly:?}");
    }
    assert_eq!(tenant.statistics().syncs_requested, 0);
    it_sends_no_secret_elsewhere(runtime);
    true
}

/// A client secret goes to Entra ID of the cloud alone, or over TLS to this machine, whatever the environment says.
fn it_sends_no_secret_elsewhere(runtime: &dyn Runtime) {
    let tenant = Tenant::new(healthy(3));
    let app = environment(&tenant)
        .with("INTUNE_SYNC_AUTH", "client-secret")
        .with(
            "INTUNE_SYNC_CLIENT_ID",
            "00112233-4455-6677-8899-aabbccddeeff",
        )
        .with("INTUNE_SYNC_CLIENT_SECRET", "guess-7f3a")
        .with("INTUNE_SYNC_TENANT_ID", "contoso.example")
        .with("AZURE_AUTHORITY_HOST", tenant.root());
    let ended = runtime
        .run(&app, &["sync", "--yes"])
        .expect("it has run others");
    assert!(!ended.success, "{ended:?}");
    let refused = format!("no secret is sent to `{}`", tenant.root());
    assert!(ended.stderr.contains(&refused), "{ended:?}");
    assert!(!ended.stderr.contains("guess-7f3a"), "{ended:?}");
    assert_eq!(tenant.statistics().requests.total(), 0, "nobody was asked");
}

/// Graph at a place that is not on the list is not reached, whatever the component asks for. False where there is none.
fn the_allow_list(runtime: &dyn Runtime) -> bool {
    if !runtime.has_an_allow_list() {
        return false;
    }
    let (identity, graph) = (Tenant::new(healthy(3)), Tenant::new(healthy(3)));
    let environment = environment(&identity)
        .with("INTUNE_SYNC_SERVICE_SECRET", SECRET)
        .with("INTUNE_SYNC_GRAPH_URL", graph.root());
    let service = runtime.serve(&environment);
    let lines = sync(&service, &json!({"yes": true, "max-retries": 0})).body;
    assert!(lines.contains(r#""Outcome":"failed""#), "{lines}");
    assert_eq!(identity.statistics().tokens_issued, 1, "{lines}");
    assert_eq!(graph.statistics().requests.total(), 0, "{lines}");
    true
}
