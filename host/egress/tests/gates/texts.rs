//! What refusals and the values of the gates show, and what they do not.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Policy, Proposal, Rules,
    doctor::Probe,
    grant::{self, AssignmentId, Name, Role},
    groups::Further,
    sync::{self, Writes},
};

const ROOT: &str = "https://graph.microsoft.com";
const TOKEN: &str = "surrogate-7c1f0e";

/// The refusal of a request with the token in its header, once as it is shown and once as it is debugged.
fn refusal<P: Policy>(writes: P, method: Method, path: &str, body: &str) -> String {
    let gate = intune_sync_egress::Gate::new(Rules {
        origin: ROOT.parse().expect("an origin"),
        writes,
    });
    let uri: Uri = format!("{ROOT}{path}").parse().expect("an address");
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {TOKEN}");
    headers.insert("authorization", bearer.parse().expect("a value"));
    let refused = gate.check(&Proposal {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: body.as_bytes(),
    });
    let refusal = refused.expect_err("it is not on the list");
    format!("{refusal} {refusal:?}")
}

#[test]
fn no_refusal_shows_the_token() {
    let key = format!(r#"{{"{TOKEN}":1}}"#);
    let id = "00112233-4455-6677-8899-aabbccddeeff";
    let device = "/deviceManagement/managedDevices";
    let item = |id: &str, method: &str, url: &str| {
        format!(r#"{{"requests":[{{"id":"{id}","method":"{method}","url":"{url}"}}]}}"#)
    };
    let sync = format!("{device}/{id}/syncDevice");
    let bulk =
        |action: &str, id: &str| format!(r#"{{"actionName":"{action}","deviceIds":["{id}"]}}"#);
    let action = format!("/beta{device}/executeAction");
    let batch = "/v1.0/$batch".to_owned();
    let twice = format!(
        r#"{{"requests":[{{"id":"{TOKEN}","method":"POST","url":"{sync}"}},{{"id":"{TOKEN}","method":"POST","url":"{sync}"}}]}}"#
    );
    for (path, body) in [
        (format!("/v1.0/{TOKEN}"), String::new()),
        (format!("/v1.0{sync}?{TOKEN}"), String::new()),
        (batch.clone(), key.clone()),
        (batch.clone(), item(&format!("{TOKEN}!"), "POST", &sync)),
        (batch.clone(), item("1", TOKEN, &sync)),
        (batch.clone(), item("1", "POST", TOKEN)),
        (batch, twice),
        (action.clone(), bulk(TOKEN, id)),
        (action, bulk("syncDevice", TOKEN)),
    ] {
        let shown = refusal(Writes::SyncsAndBulk, Method::POST, &path, &body);
        assert!(
            shown.contains("[token]") && !shown.contains(TOKEN),
            "{shown}"
        );
    }
    let assigned = format!("/v1.0/servicePrincipals/{id}/appRoleAssignedTo");
    for (path, body) in [(format!("/v1.0/{TOKEN}"), ""), (assigned, key.as_str())] {
        let shown = refusal(grant::Writes::None, Method::POST, &path, body);
        assert!(
            shown.contains("[token]") && !shown.contains(TOKEN),
            "{shown}"
        );
    }
    let members = format!(
        "/v1.0/groups/{id}/transitiveMembers/microsoft.graph.user?$select=id&$count=true&$top=999&$skiptoken={TOKEN}"
    );
    for shown in [
        refusal(Probe(None), Method::POST, &format!("/v1.0/{TOKEN}"), ""),
        refusal(Further(None), Method::GET, &format!("/v1.0/{TOKEN}"), ""),
        refusal(Further(None), Method::GET, &members, ""),
    ] {
        assert!(
            shown.contains("[token]") && !shown.contains(TOKEN),
            "{shown}"
        );
    }
}

/// The tables that `audit` prints say what custody adds, with the numbers in use.
#[test]
fn the_rules_of_a_run_are_those_of_the_gate_and_of_custody() {
    let table = sync::rules_table();
    let condition = |what: &str| {
        let rule = table.iter().find(|rule| rule.what == what);
        rule.map(|rule| rule.condition.clone())
    };
    let reads = condition("a read of the list").expect("custody's");
    assert!(reads.contains("at most 40000 in a run"), "{reads}");
    let further = condition("a further sync of a device").expect("custody's");
    assert!(further.contains("after 10 failed requests"), "{further}");
}

#[test]
fn a_body_that_is_not_an_object_is_named() {
    let shown = refusal(Writes::Syncs, Method::POST, "/v1.0/$batch", "[]");
    assert!(shown.contains("expected an object"), "{shown}");
}

#[test]
fn a_surrogate_is_not_debugged() {
    let gate = sync::Gate::new(Rules {
        origin: ROOT.parse().expect("an origin"),
        writes: Writes::Syncs,
    });
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {TOKEN}");
    headers.insert("authorization", bearer.parse().expect("a value"));
    let allowed = gate.check(&Proposal {
        method: &Method::GET,
        uri: &Uri::from_static("https://graph.microsoft.com/v1.0/deviceManagement/managedDevices"),
        headers: &headers,
        body: b"",
    });
    let token = allowed.expect("the list").token;
    assert_eq!(token.expose(), TOKEN);
    assert_eq!(format!("{token:?}"), "PresentedToken([token])");
}

#[test]
fn roles_names_and_ids_are_shown_as_graph_writes_them() {
    let roles = Role::ALL.map(|role| role.to_string());
    assert_eq!(
        roles,
        [
            "DeviceManagementManagedDevices.Read.All",
            "DeviceManagementManagedDevices.ReadWrite.All",
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
            "GroupMember.Read.All",
            "Device.Read.All",
        ]
    );
    let name: Name = "it's mine".parse().expect("a name");
    assert_eq!(name.to_string(), "it's mine");
    let id: AssignmentId = "2jLOj0tm-_8".parse().expect("an id");
    assert_eq!(format!("{id} {id:?}"), "2jLOj0tm-_8 2jLOj0tm-_8");
    let refused = "a/b".parse::<AssignmentId>().expect_err("a slash");
    assert_eq!(refused.to_string(), "`a/b` is not the id of an assignment");
}
