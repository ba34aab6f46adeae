//! `grant`: what leaves and what does not, case by case. Its length is one table, which is read in one piece.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Proposal,
    grant::{Allowed, Call, Gate, Refusal, Role, Rules, Writes},
};
use intune_sync_ids::Guid;

use crate::refusal::variant;

const ROOT: &str = "https://graph.microsoft.com";
const GRAPH: &str = "0a0b0c0d-0000-4000-8000-000000000001";
const PRINCIPAL: &str = "0a0b0c0d-0000-4000-8000-000000000002";
const OTHER: &str = "0a0b0c0d-0000-4000-8000-000000000003";
const ASSIGNMENT: &str = "2jLOj0tmSU2kbnuKzHhCT0qv-_8";
const SELECT: &str = "$select=id,displayName,appId,servicePrincipalType";

fn guid(text: &str) -> Guid {
    text.parse().expect("a GUID")
}

fn assign() -> Writes {
    Writes::Assign {
        resource: guid(GRAPH),
        principal: guid(PRINCIPAL),
    }
}

fn revoke() -> Writes {
    Writes::Revoke {
        resource: guid(GRAPH),
        assignments: vec![ASSIGNMENT.parse().expect("an id")],
    }
}

fn check(writes: Writes, method: &str, uri: &str, body: &str) -> Result<Allowed, Refusal> {
    let gate = Gate::new(Rules {
        origin: ROOT.parse().expect("an origin"),
        writes,
    });
    let method: Method = method.parse().expect("a method");
    let uri: Uri = uri.parse().expect("a URI");
    gate.check(&Proposal {
        method: &method,
        uri: &uri,
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
    })
}

fn body(principal: &str, resource: &str, role: &str) -> String {
    format!(r#"{{"principalId":"{principal}","resourceId":"{resource}","appRoleId":"{role}"}}"#)
}

/// All that can be said with a [`Call`], in the form in which it leaves.
fn calls() -> Vec<(Call, &'static str, String, String)> {
    let all = "/v1.0/servicePrincipals";
    let mut calls = vec![
        (
            Call::Graph,
            "GET",
            format!("{all}(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles"),
            String::new(),
        ),
        (
            Call::Principal(guid(PRINCIPAL)),
            "GET",
            format!("{all}/{PRINCIPAL}?{SELECT}"),
            String::new(),
        ),
        (
            Call::Named("it's mine & yours".parse().expect("a name")),
            "GET",
            format!(
                "{all}?$filter=displayName%20eq%20%27it%27%27s%20mine%20%26%20yours%27&{SELECT}"
            ),
            String::new(),
        ),
        (
            Call::Assignments {
                principal: guid(PRINCIPAL),
                skip_token: None,
            },
            "GET",
            format!("{all}/{PRINCIPAL}/appRoleAssignments"),
            String::new(),
        ),
        (
            Call::Assignments {
                principal: guid(PRINCIPAL),
                skip_token: Some("RFNwdAIAAQ%3d".into()),
            },
            "GET",
            format!("{all}/{PRINCIPAL}/appRoleAssignments?$skiptoken=RFNwdAIAAQ%3d"),
            String::new(),
        ),
        (
            Call::Revoke {
                resource: guid(GRAPH),
                assignment: ASSIGNMENT.parse().expect("an id"),
            },
            "DELETE",
            format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}"),
            String::new(),
        ),
    ];
    for role in Role::ALL {
        calls.push((
            Call::Assign {
                resource: guid(GRAPH),
                principal: guid(PRINCIPAL),
                role,
            },
            "POST",
            format!("{all}/{GRAPH}/appRoleAssignedTo"),
            body(PRINCIPAL, GRAPH, &role.id().to_string()),
        ));
    }
    calls
}

#[test]
fn what_is_on_the_list_leaves_as_it_is_written_here() {
    for (call, method, target, body) in calls() {
        let writes = match call {
            Call::Assign { .. } => assign(),
            Call::Revoke { .. } => revoke(),
            _ => Writes::None,
        };
        assert_eq!(
            (call.method().as_str(), call.target().as_str()),
            (method, target.as_str())
        );
        assert_eq!(call.body(), body.as_bytes());
        let allowed = check(writes, method, &format!("{ROOT}{target}"), &body)
            .unwrap_or_else(|refusal| panic!("{method} {target}: {refusal}"));
        assert_eq!(allowed.call, call);
        assert_eq!(allowed.uri, format!("{ROOT}{target}").as_str());
        assert_eq!(allowed.body, body.as_bytes());
        let mut names: Vec<_> = allowed.headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        let expected: &[&str] = match body.is_empty() {
            true => &["accept", "user-agent"],
            false => &["accept", "content-type", "user-agent"],
        };
        assert_eq!(names, expected, "{method} {target}");
    }
}

#[test]
fn a_write_leaves_only_if_that_very_one_was_asked_for() {
    let assignment = |writes, principal, resource, role: Role| {
        check(
            writes,
            "POST",
            &format!("{ROOT}/v1.0/servicePrincipals/{resource}/appRoleAssignedTo"),
            &body(principal, resource, &role.id().to_string()),
        )
    };
    for role in Role::ALL {
        assert!(assignment(assign(), PRINCIPAL, GRAPH, role).is_ok());
        for (writes, principal, resource) in [
            (Writes::None, PRINCIPAL, GRAPH),
            (revoke(), PRINCIPAL, GRAPH),
            (assign(), OTHER, GRAPH),
            (assign(), PRINCIPAL, OTHER),
        ] {
            let refused = assignment(writes, principal, resource, role);
            assert!(
                matches!(refused, Err(Refusal::AssignmentNotPermitted { .. })),
                "{refused:?}"
            );
        }
    }
    let revocation = |writes, resource, id| {
        let uri = format!("{ROOT}/v1.0/servicePrincipals/{resource}/appRoleAssignedTo/{id}");
        check(writes, "DELETE", &uri, "")
    };
    assert!(revocation(revoke(), GRAPH, ASSIGNMENT).is_ok());
    for (writes, resource, id) in [
        (Writes::None, GRAPH, ASSIGNMENT),
        (assign(), GRAPH, ASSIGNMENT),
        (revoke(), OTHER, ASSIGNMENT),
        (revoke(), GRAPH, "another"),
    ] {
        let refused = revocation(writes, resource, id);
        assert!(
            matches!(refused, Err(Refusal::RevocationNotPermitted { .. })),
            "{refused:?}"
        );
    }
}

/// With every write permitted that there is.
#[test]
fn nothing_else_leaves() {
    let all = format!("{ROOT}/v1.0/servicePrincipals");
    let graph = format!("{all}(appId='00000003-0000-0000-c000-000000000000')");
    let read = Role::Read.id().to_string();
    let good = body(PRINCIPAL, GRAPH, &read);
    let post = format!("{all}/{GRAPH}/appRoleAssignedTo");
    let cases: &[(&str, &str, &str, &str)] = &[
        // Elsewhere.
        ("GET", "/v1.0/servicePrincipals", "", "origin"),
        (
            "GET",
            "http://graph.microsoft.com/v1.0/servicePrincipals",
            "",
            "origin",
        ),
        (
            "GET",
            "https://graph.microsoft.com.evil.com/v1.0/servicePrincipals",
            "",
            "origin",
        ),
        (
            "GET",
            "https://graph.microsoft.com@evil.com/v1.0/servicePrincipals",
            "",
            "origin",
        ),
        (
            "GET",
            "https://graph.microsoft.com:444/v1.0/servicePrincipals",
            "",
            "origin",
        ),
        (
            "POST",
            &post.replace("microsoft.com", "microsoft.us"),
            &good,
            "origin",
        ),
        // Other resources.
        ("GET", &format!("{ROOT}/v1.0/me"), "", "path"),
        ("GET", &format!("{ROOT}/v1.0/users"), "", "path"),
        (
            "GET",
            &format!("{ROOT}/v1.0/deviceManagement/managedDevices"),
            "",
            "path",
        ),
        (
            "POST",
            &format!("{ROOT}/v1.0/deviceManagement/managedDevices/{OTHER}/wipe"),
            "",
            "path",
        ),
        (
            "POST",
            &format!("{ROOT}/v1.0/deviceManagement/managedDevices/{OTHER}/syncDevice"),
            "",
            "path",
        ),
        ("POST", &format!("{ROOT}/v1.0/$batch"), "{}", "path"),
        ("POST", &format!("{ROOT}/v1.0/applications"), "{}", "path"),
        (
            "POST",
            &format!("{ROOT}/v1.0/directoryRoles/{OTHER}/members/$ref"),
            "{}",
            "path",
        ),
        (
            "POST",
            &format!("{ROOT}/v1.0/oauth2PermissionGrants"),
            "{}",
            "path",
        ),
        // Below service principals.
        ("GET", &format!("{all}/"), "", "path"),
        ("GET", &format!("{all}/{PRINCIPAL}/owners"), "", "path"),
        (
            "GET",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments/"),
            "",
            "path",
        ),
        (
            "GET",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments/{ASSIGNMENT}"),
            "",
            "path",
        ),
        ("GET", &format!("{all}/{PRINCIPAL}/../../me"), "", "path"),
        ("GET", &format!("{all}//{PRINCIPAL}"), "", "path"),
        ("GET", &format!("{all}/not-a-guid?{SELECT}"), "", "path"),
        (
            "GET",
            &format!("{all}/{}?{SELECT}", PRINCIPAL.to_uppercase()),
            "",
            "path",
        ),
        ("GET", &format!("{all}('{PRINCIPAL}')?{SELECT}"), "", "path"),
        (
            "GET",
            &format!("{all}(appId='{OTHER}')?$select=id,appRoles"),
            "",
            "path",
        ),
        (
            "POST",
            &format!("{all}/{PRINCIPAL}/addPassword"),
            "{}",
            "path",
        ),
        (
            "POST",
            &format!("{all}/{PRINCIPAL}/owners/$ref"),
            "{}",
            "path",
        ),
        (
            "POST",
            &format!("{ROOT}/beta/servicePrincipals/{GRAPH}/appRoleAssignedTo"),
            &good,
            "path",
        ),
        (
            "POST",
            &format!("{ROOT}/V1.0/servicePrincipals/{GRAPH}/appRoleAssignedTo"),
            &good,
            "path",
        ),
        (
            "POST",
            &format!("{all}/{GRAPH}/approleassignedto"),
            &good,
            "path",
        ),
        (
            "POST",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/"),
            &good,
            "path",
        ),
        (
            "DELETE",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}/x"),
            "",
            "path",
        ),
        (
            "DELETE",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}%2f"),
            "",
            "path",
        ),
        (
            "DELETE",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{}", "x".repeat(129)),
            "",
            "path",
        ),
        // Another method.
        ("POST", &format!("{all}?{SELECT}"), "{}", "query"),
        (
            "PATCH",
            &format!("{graph}?$select=id,appRoles"),
            "",
            "method",
        ),
        (
            "DELETE",
            &format!("{all}/{PRINCIPAL}?{SELECT}"),
            "",
            "method",
        ),
        ("DELETE", &format!("{all}/{PRINCIPAL}"), "", "query"),
        (
            "POST",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments"),
            "",
            "method",
        ),
        (
            "HEAD",
            &format!("{graph}?$select=id,appRoles"),
            "",
            "method",
        ),
        ("PUT", &post, &good, "method"),
        ("DELETE", &post, &good, "method"),
        (
            "PATCH",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}"),
            "",
            "method",
        ),
        // Another query.
        ("GET", &all, "", "query"),
        ("GET", &graph, "", "query"),
        (
            "GET",
            &format!("{graph}?$select=id,appRoles,passwordCredentials"),
            "",
            "query",
        ),
        ("GET", &format!("{graph}?$expand=owners"), "", "query"),
        ("GET", &format!("{all}/{PRINCIPAL}?$select=id"), "", "query"),
        ("GET", &format!("{all}?{SELECT}"), "", "query"),
        (
            "GET",
            &format!("{all}?$filter=displayName%20eq%20%27%27&{SELECT}"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}?$filter=displayName%20ne%20%27x%27&{SELECT}"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}?$filter=displayName%20eq%20%27x%27%20or%20true%20eq%20%27&{SELECT}"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}?$filter=displayName%20eq%20%27x%27&{SELECT}&$expand=owners"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}?$filter=displayName%20eq%20%27x%27&$expand=owners&{SELECT}"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}?$filter=displayName%20eq%20'x'&{SELECT}"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments?$filter=x"),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments?$skiptoken="),
            "",
            "query",
        ),
        (
            "GET",
            &format!("{all}/{PRINCIPAL}/appRoleAssignments?$skiptoken=a&$expand=b"),
            "",
            "query",
        ),
        (
            "GET",
            &format!(
                "{all}/{PRINCIPAL}/appRoleAssignments?$skiptoken={}",
                "x".repeat(4097)
            ),
            "",
            "query",
        ),
        ("POST", &format!("{post}?$expand=x"), &good, "query"),
        (
            "DELETE",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}?x"),
            "",
            "query",
        ),
        // A body where there must not be one.
        (
            "GET",
            &format!("{graph}?$select=id,appRoles"),
            "{}",
            "body-present",
        ),
        (
            "DELETE",
            &format!("{all}/{GRAPH}/appRoleAssignedTo/{ASSIGNMENT}"),
            "{}",
            "body-present",
        ),
        // Another body.
        ("POST", &post, "", "body"),
        ("POST", &post, "{}", "body"),
        ("POST", &post, "null", "body"),
        ("POST", &post, &format!("[{good}]"), "body"),
        (
            "POST",
            &post,
            &format!(r#"["{PRINCIPAL}","{GRAPH}","{read}"]"#),
            "body",
        ),
        ("POST", &post, &format!(" {good}"), "body"),
        ("POST", &post, &format!("{good}{good}"), "body"),
        ("POST", &post, &good.replace("}", r#","x":1}"#), "body"),
        (
            "POST",
            &post,
            &good.replace("}", &format!(r#","appRoleId":"{read}"}}"#)),
            "body",
        ),
        (
            "POST",
            &post,
            &good.replace("}", &format!(r#","\u0061ppRoleId":"{read}"}}"#)),
            "body",
        ),
        (
            "POST",
            &post,
            &good.replace("appRoleId", "approleid"),
            "body",
        ),
        ("POST", &post, &body(PRINCIPAL, GRAPH, "x"), "body"),
        (
            "POST",
            &post,
            &body(&format!("{{{PRINCIPAL}}}"), GRAPH, &read),
            "body",
        ),
        (
            "POST",
            &post,
            &body(PRINCIPAL, OTHER, &read),
            "two-resources",
        ),
        // RoleManagement.ReadWrite.Directory, AppRoleAssignment.ReadWrite.All, and the default role.
        (
            "POST",
            &post,
            &body(PRINCIPAL, GRAPH, "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"),
            "role",
        ),
        (
            "POST",
            &post,
            &body(PRINCIPAL, GRAPH, "06b708a9-e830-4db3-a914-8e69da51d44f"),
            "role",
        ),
        (
            "POST",
            &post,
            &body(PRINCIPAL, GRAPH, "00000000-0000-0000-0000-000000000000"),
            "role",
        ),
    ];
    for (method, uri, body, reason) in cases {
        for writes in [Writes::None, assign(), revoke()] {
            let refused = check(writes, method, uri, body).map(|allowed| allowed.call);
            let refusal = refused.expect_err(&format!("{method} {uri} {body}"));
            assert_eq!(
                variant(&refusal),
                *reason,
                "{method} {uri} {body}: {refusal}"
            );
        }
    }
}

/// A link is Graph's: only one to the same list goes on.
#[test]
fn a_link_leads_to_the_next_page_of_the_same_list_or_nowhere() {
    let next = |link: &str| Call::next_page(guid(PRINCIPAL), &link.parse().expect("a URI"));
    let page = format!("{ROOT}/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments");
    assert!(next(&format!("{page}?$skiptoken=abc")).is_some());
    for link in [
        page.clone(),
        format!("{page}?$skip=1"),
        format!("{ROOT}/v1.0/servicePrincipals/{OTHER}/appRoleAssignments?$skiptoken=abc"),
        format!("{ROOT}/v1.0/users?$skiptoken=abc"),
        format!("{ROOT}/v1.0/servicePrincipals/{PRINCIPAL}?{SELECT}"),
    ] {
        assert_eq!(next(&link), None, "{link}");
    }
}
