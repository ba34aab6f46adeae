//! `--group`: what leaves and what does not, case by case and for any name.

use http::{HeaderMap, Method, Uri};
use intune_sync_egress::{
    Proposal,
    groups::{Allowed, Call, Further, Gate, Key, Kind, Refusal, Rules, rules_table},
};
use intune_sync_fuzz::groups_gate::{FURTHER, compare};
use intune_sync_graph::LinkError;
use intune_sync_ids::{Guid, Origin};
use proptest::prelude::*;

use crate::{property::cases, refusal::variant};

const ROOT: &str = "https://graph.microsoft.com";
const GROUP: &str = "0a0b0c0d-0000-4000-8000-000000000001";
const OTHER: &str = "0a0b0c0d-0000-4000-8000-000000000002";
const DEVICES: &str = "$select=id,deviceId,displayName&$count=true&$top=999";
const USERS: &str = "$select=id&$count=true&$top=999";

fn guid(text: &str) -> Guid {
    text.parse().expect("a GUID")
}

fn origin() -> Origin {
    ROOT.parse().expect("an origin")
}

fn check(further: Option<Call>, method: &str, uri: &str, body: &str) -> Result<Allowed, Refusal> {
    let gate = Gate::new(Rules {
        origin: origin(),
        writes: Further(further),
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

fn named(name: &str) -> Call {
    match name.parse() {
        Ok(Key::Name(name)) => Call::Named(name),
        other => panic!("{name}: {other:?}"),
    }
}

fn members(id: &str, cast: &str, query: &str) -> String {
    format!("/v1.0/groups/{id}/transitiveMembers/microsoft.graph.{cast}?{query}")
}

/// The page to which Graph has led.
fn further() -> Call {
    let link = format!("{ROOT}{}", members(GROUP, "device", FURTHER));
    let first = Call::members(guid(GROUP), Kind::Devices);
    first.next_page(&origin(), &link).expect("the same path")
}

#[test]
fn what_is_on_the_list_leaves_as_it_is_written_here() {
    for (call, target) in [
        (
            Call::Group(guid(GROUP)),
            format!("/v1.0/groups/{GROUP}?$select=id,displayName"),
        ),
        (
            named("it's mine & yours"),
            "/v1.0/groups?$filter=displayName%20eq%20%27it%27%27s%20mine%20%26%20yours%27&$select=id,displayName"
                .to_owned(),
        ),
        (
            Call::members(guid(GROUP), Kind::Devices),
            members(GROUP, "device", DEVICES),
        ),
        (
            Call::members(guid(GROUP), Kind::Users),
            members(GROUP, "user", USERS),
        ),
        (further(), members(GROUP, "device", FURTHER)),
    ] {
        assert_eq!(call.target().as_str(), target);
        let allowed = check(Some(further()), "GET", &format!("{ROOT}{target}"), "");
        let allowed = allowed.unwrap_or_else(|refusal| panic!("{target}: {refusal}"));
        assert_eq!(allowed.call, call);
        assert_eq!(allowed.uri.to_string(), format!("{ROOT}{target}"));
        let level = allowed.headers.get("consistencylevel").map(|level| level.as_bytes());
        let is_cast = matches!(call, Call::Members { .. });
        assert_eq!(level, is_cast.then_some(b"eventual".as_slice()), "{target}");
    }
}

#[test]
fn nothing_else_leaves() {
    let devices = members(GROUP, "device", DEVICES);
    let below = |rest: &str| format!("{ROOT}/v1.0/groups/{GROUP}{rest}");
    let cases: &[(&str, &str, &str, &str)] = &[
        // Elsewhere.
        ("GET", &devices, "", "origin"),
        (
            "GET",
            &format!("http://graph.microsoft.com{devices}"),
            "",
            "origin",
        ),
        (
            "GET",
            &format!("https://graph.microsoft.com.evil.com{devices}"),
            "",
            "origin",
        ),
        (
            "GET",
            &format!("https://graph.microsoft.com@evil.com{devices}"),
            "",
            "origin",
        ),
        (
            "GET",
            &format!("https://graph.microsoft.com:444{devices}"),
            "",
            "origin",
        ),
        // Other resources.
        ("GET", &format!("{ROOT}/v1.0/users"), "", "path"),
        (
            "GET",
            &format!("{ROOT}/v1.0/deviceManagement/managedDevices"),
            "",
            "path",
        ),
        ("POST", &format!("{ROOT}/v1.0/$batch"), "{}", "path"),
        (
            "POST",
            &format!("{ROOT}/v1.0/deviceManagement/managedDevices/{OTHER}/syncDevice"),
            "",
            "path",
        ),
        (
            "GET",
            &format!("{ROOT}/beta/groups/{GROUP}?$select=id,displayName"),
            "",
            "path",
        ),
        (
            "GET",
            &format!("{ROOT}/v1.0/Groups/{GROUP}?$select=id,displayName"),
            "",
            "path",
        ),
        ("GET", &format!("{ROOT}/v1.0/groupsettings"), "", "path"),
        // Below groups.
        ("GET", &below("/?$select=id,displayName"), "", "path"),
        ("GET", &below("/owners"), "", "path"),
        ("GET", &below("/members"), "", "path"),
        ("POST", &below("/members/$ref"), "{}", "path"),
        ("GET", &below("/transitiveMembers"), "", "path"),
        (
            "GET",
            &below(&format!("/members/microsoft.graph.device?{DEVICES}")),
            "",
            "path",
        ),
        (
            "GET",
            &below(&format!(
                "/transitiveMembers/microsoft.graph.servicePrincipal?{DEVICES}"
            )),
            "",
            "path",
        ),
        (
            "GET",
            &below(&format!(
                "/transitiveMembers/microsoft.graph.device/?{DEVICES}"
            )),
            "",
            "path",
        ),
        ("GET", &below("/../../me"), "", "path"),
        ("GET", &format!("{ROOT}/v1.0/groups//{GROUP}"), "", "path"),
        (
            "GET",
            &format!("{ROOT}/v1.0/groups/Kiosks?$select=id,displayName"),
            "",
            "path",
        ),
        (
            "GET",
            &format!(
                "{ROOT}/v1.0/groups/{}?$select=id,displayName",
                GROUP.to_uppercase()
            ),
            "",
            "path",
        ),
        // Other methods.
        ("DELETE", &below("?$select=id,displayName"), "", "method"),
        ("PATCH", &below("?$select=id,displayName"), "{}", "method"),
        ("POST", &format!("{ROOT}{devices}"), "", "method"),
        // Other queries.
        ("GET", &below(""), "", "query"),
        (
            "GET",
            &below("?$select=id,displayName,members"),
            "",
            "query",
        ),
        (
            "GET",
            &below("?$select=id,displayName&$expand=members"),
            "",
            "query",
        ),
        ("GET", &format!("{ROOT}/v1.0/groups"), "", "query"),
        (
            "GET",
            &format!("{ROOT}/v1.0/groups?$select=id,displayName"),
            "",
            "query",
        ),
        (
            "GET",
            &format!(
                "{ROOT}/v1.0/groups?$filter=displayName%20eq%20%27a%27%20or%20true&$select=id,displayName"
            ),
            "",
            "query",
        ),
        (
            "GET",
            &format!(
                "{ROOT}/v1.0/groups?$filter=displayName%20eq%20%27a%27b%27&$select=id,displayName"
            ),
            "",
            "query",
        ),
        (
            "GET",
            &format!(
                "{ROOT}/v1.0/groups?$filter=startswith(displayName,%27a%27)&$select=id,displayName"
            ),
            "",
            "query",
        ),
        (
            "GET",
            &below("/transitiveMembers/microsoft.graph.device"),
            "",
            "query",
        ),
        // Bodies.
        ("GET", &format!("{ROOT}{devices}"), "x", "body-present"),
    ];
    for (method, uri, body, reason) in cases {
        for permitted in [None, Some(further())] {
            let refused = check(permitted, method, uri, body).map(|allowed| allowed.call);
            let refusal = refused.expect_err(&format!("{method} {uri}"));
            assert_eq!(variant(&refusal), *reason, "{method} {uri}: {refusal}");
        }
    }
}

/// The page that Graph has led to is read, and no other: not one of another group, of the users, or of an earlier link.
#[test]
fn a_further_page_leaves_only_by_the_link_that_graph_gave_last() {
    let page = |id: &str, cast: &str, query: &str| format!("{ROOT}{}", members(id, cast, query));
    let given = page(GROUP, "device", FURTHER);
    assert!(check(Some(further()), "GET", &given, "").is_ok());
    let last = further();
    let next = format!("{given}2");
    let next = last.next_page(&origin(), &next).expect("the same path");
    for (permitted, uri) in [
        (None, given.clone()),
        (Some(next), given.clone()),
        (Some(further()), page(OTHER, "device", FURTHER)),
        (Some(further()), page(GROUP, "user", FURTHER)),
        (Some(further()), format!("{given}x")),
        (Some(further()), page(GROUP, "user", DEVICES)),
        (Some(further()), page(GROUP, "device", "$expand=members")),
    ] {
        let refused = check(permitted, "GET", &uri, "");
        assert!(
            matches!(refused, Err(Refusal::PageNotGiven { .. })),
            "{uri}: {refused:?}"
        );
    }
}

#[test]
fn a_link_stays_at_its_origin_and_its_list() {
    let first = Call::members(guid(GROUP), Kind::Users);
    let next = |link: &str| first.next_page(&origin(), link);
    let target = members(GROUP, "user", "$skiptoken=a b");
    let followed = next(&format!("{ROOT}{}", target.replace("groups", "Groups")));
    let followed = followed.expect("the same path in another letter case");
    assert_eq!(followed.target().as_str(), target.replace(' ', "%20"));
    for link in [
        format!("https://graph.example.com{target}"),
        format!("http://graph.microsoft.com{target}"),
    ] {
        assert!(
            matches!(next(&link), Err(LinkError::OtherOrigin(_))),
            "{link}"
        );
    }
    for link in [
        members(OTHER, "user", "$skiptoken=a"),
        members(GROUP, "device", "$skiptoken=a"),
        "/v1.0/users?$skiptoken=a".to_owned(),
    ] {
        let followed = next(&format!("{ROOT}{link}"));
        assert!(matches!(followed, Err(LinkError::OtherPath(_))), "{link}");
    }
    assert!(matches!(next(&target), Err(LinkError::NotAUrl(_))));
    let named = named("x").next_page(&origin(), &format!("{ROOT}/v1.0/groups?$skiptoken=a"));
    assert!(named.is_err(), "the groups of a name have one page");
}

/// What a server reads: the parameters of the query, decoded.
fn parameters(target: &str) -> Vec<(String, String)> {
    let (_, query) = target.split_once('?').expect("a query");
    let decoded = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.expect("UTF-8").into_owned()
    };
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').expect("a value"));
    pairs
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn keeps_within_its_quotes(name: &str) {
    let call = named(name);
    let target = call.target().to_string();
    let filter = format!("displayName eq '{}'", name.replace('\'', "''"));
    let select = "id,displayName".to_owned();
    assert_eq!(
        parameters(&target),
        [
            ("$filter".to_owned(), filter),
            ("$select".to_owned(), select)
        ]
    );
    let allowed = check(None, "GET", &format!("{ROOT}{target}"), "").expect(name);
    assert_eq!(allowed.call, call);
}

#[test]
fn hostile_names_stay_names() {
    for name in [
        "it's",
        "'",
        "''",
        "%27",
        "%2527 or true",
        "a' or startswith(displayName,'",
        "a&$select=*",
        "a#b?c",
        "a+b",
        "a/../../users",
        "\u{fc}ber \u{1f600} \u{202e}",
        "$filter",
        "\\",
        &"\u{1f600}".repeat(256),
        &"'".repeat(256),
    ] {
        keeps_within_its_quotes(name);
    }
    for name in ["", "a\nb", "\u{0}", &"x".repeat(257)] {
        assert!(name.parse::<Key>().is_err(), "{name:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_name_stays_a_name(name in "[^\\p{Cc}]{1,256}") {
        if name.parse::<Guid>().is_err() {
            keeps_within_its_quotes(&name);
        }
    }

    /// Whatever is changed in a request, the gate decides as an independent rule does.
    #[test]
    fn decides_as_the_rule_says(
        target in prop::sample::select(targets()),
        at in any::<prop::sample::Index>(),
        change in prop::sample::select(vec!["", "/", "?", "&", "'", "%27", "%", "A", "0", "$", "..", "//", " "]),
        cut in 0_usize..3,
        method in prop::sample::select(vec!["GET", "GET", "GET", "POST", "DELETE", "PATCH"]),
        body in prop::sample::select(vec!["", "", "", "{}"]),
        further: bool,
    ) {
        let mut text = format!("{ROOT}{target}");
        let at = at.index(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary((at + cut).min(text.len())) {
            text.replace_range(at..(at + cut).min(text.len()), change);
        }
        if let Ok(uri) = text.parse::<Uri>() {
            let method = method.parse().expect("a method");
            compare((&method, &uri), &HeaderMap::new(), body.as_bytes(), further);
        }
    }
}

fn targets() -> Vec<String> {
    vec![
        format!("/v1.0/groups/{GROUP}?$select=id,displayName"),
        named("it's mine").target().to_string(),
        members(GROUP, "device", DEVICES),
        members(GROUP, "device", FURTHER),
        members(GROUP, "user", USERS),
    ]
}

#[test]
fn the_rules_are_those_of_the_calls() {
    let table = rules_table();
    let rule = |what: &str| {
        let rule = table.iter().find(|rule| rule.what.contains(what));
        rule.unwrap_or_else(|| panic!("{what}: {table:?}"))
            .condition
            .clone()
    };
    assert!(rule("microsoft.graph.device").contains(DEVICES));
    assert!(rule("microsoft.graph.user").contains(USERS));
    assert_eq!(rule("any other request"), "never");
}
