//! Requests that may leave, such that have been tampered with, and such that were put together at random.

use intune_sync_fuzz::sync_gate::{Raw, TOKEN};
use intune_sync_ids::Guid;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

/// A GUID in any letter case.
fn guid() -> impl Strategy<Value = String> {
    (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(hi, lo, upper)| {
        let guid = Guid::from_halves(hi, lo).to_string();
        if upper { guid.to_uppercase() } else { guid }
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let extra = select(vec![
        pair("accept", "application/json;odata.metadata=none"),
        pair("content-type", "application/json"),
        pair("content-length", "0"),
        pair("user-agent", "x"),
    ]);
    (vec(extra, 0..2), proptest::option::of(guid())).prop_map(move |(mut headers, id)| {
        headers.push(pair("authorization", &format!("Bearer {TOKEN}")));
        headers.extend(id.map(|id| pair("client-request-id", &id)));
        headers
    })
}

/// A query of the list's first page, in the grammar or nearly so.
fn query() -> impl Strategy<Value = String> {
    let property = || {
        select(vec![
            "id",
            "deviceName",
            "operatingSystem",
            "lastSyncDateTime",
            "complianceState",
            "deviceCategoryDisplayName",
            "serialNumber",
            "phoneNumber",
        ])
    };
    let text = || {
        select(vec![
            "Windows",
            "a-b.c_d",
            "00112233-4455-6677-8899-aabbccddeeff",
            "",
            "a%20b",
        ])
    };
    let clause = prop_oneof![
        (property(), text()).prop_map(|(name, text)| format!("{name}%20eq%20%27{text}%27")),
        (property(), text()).prop_map(|(name, text)| format!("startswith({name},%27{text}%27)")),
        (property(), select(vec!["le", "ge", "lt"]))
            .prop_map(|(name, compared)| format!("{name}%20{compared}%202026-11-22T00:00:00Z")),
    ];
    let option = prop_oneof![
        3 => vec(property(), 1..4).prop_map(|names| format!("$select={}", names.join(","))),
        3 => vec(clause, 1..3).prop_map(|clauses| format!("$filter={}", clauses.join("%20and%20"))),
        1 => (0..1_100_u32).prop_map(|top| format!("$top={top}")),
        1 => select(vec!["$count=true", "$count=false", "$expand=users", "$skiptoken=x"])
            .prop_map(str::to_owned),
    ];
    vec(option, 1..4).prop_map(|options| format!("?{}", options.join("&")))
}

/// A request that may leave.
fn valid() -> impl Strategy<Value = Raw> {
    const DEVICES: &str = "{root}/v1.0/deviceManagement/managedDevices";
    let raw = |method: &str, uri: String, body: String| Raw {
        bulk: true,
        method: method.to_owned(),
        uri,
        headers: Vec::new(),
        body: body.into_bytes(),
    };
    let any_query = "([?][A-Za-z0-9$&=%'(),:;/?@._~+*!|-]{0,60})?";
    let list = prop_oneof![1 => any_query.boxed(), 3 => query().boxed()]
        .prop_map(move |query| raw("GET", format!("{DEVICES}{query}"), String::new()));
    let sync =
        guid().prop_map(move |id| raw("POST", format!("{DEVICES}/{id}/syncDevice"), String::new()));
    let batch = vec(guid(), 1..=20).prop_map(move |ids| {
        let item = |(number, id): (usize, &String)| {
            format!(r#"{{"id":"{number}","method":"POST","url":"/deviceManagement/managedDevices/{id}/syncDevice"}}"#)
        };
        let items: Vec<_> = ids.iter().enumerate().map(item).collect();
        raw("POST", "{root}/v1.0/$batch".to_owned(), format!(r#"{{"requests":[{}]}}"#, items.join(",")))
    });
    let bulk = vec(guid(), 1..=100).prop_map(move |ids| {
        let body = format!(
            r#"{{"actionName":"syncDevice","deviceIds":["{}"]}}"#,
            ids.join("\",\"")
        );
        raw(
            "POST",
            "{root}/beta/deviceManagement/managedDevices/executeAction".to_owned(),
            body,
        )
    });
    let any = prop_oneof![1 => list, 1 => sync, 2 => batch, 2 => bulk];
    (any, headers()).prop_map(|(raw, headers)| Raw { headers, ..raw })
}

/// One change to a request.
#[derive(Clone, Debug)]
enum Mutation {
    Text(Part, Edit),
    Method(&'static str),
    Header(&'static str, &'static str),
    HeaderGone(Index),
    Root(&'static str),
    BulkOff,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Uri,
    Body,
}

/// One change to a text.
#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, Vec<u8>),
    Delete(Index),
    Replace(Index, u8),
    /// The other letter case.
    Case(Index),
    /// `%41`.
    Percent(Index),
    /// `\u0041`: the same JSON text where it is within a string.
    Escape(Index),
    /// A piece of the text once more, elsewhere.
    Copy(Index, Index, Index),
    /// Two places swapped.
    Swap(Index, Index),
    /// Every occurrence of a word.
    Word(&'static str, &'static str),
}

const SNIPPETS: [&str; 42] = [
    "/",
    "//",
    "/..",
    "/../",
    "/./",
    "%2f",
    "%2e%2e",
    "%00",
    ";",
    ";x",
    "?",
    "?x",
    "#",
    "@",
    ":443",
    ":8443",
    "\\",
    "'",
    "*",
    "wipe",
    "/wipe",
    "/syncDevice",
    "syncDevice",
    "retire",
    ",\"actionName\":\"wipe\"",
    "\"actionName\":\"syncDevice\",",
    ",\"actionN\\u0061me\":\"syncDevice\"",
    ",\"x\":1",
    ",\"headers\":{}",
    ",\"id\":\"1\"",
    ",",
    "\"",
    "{",
    "}",
    "[",
    "]",
    " ",
    "\n",
    "null",
    "\u{feff}",
    "\0",
    "\\u0000",
];

const WORDS: [(&str, &str); 16] = [
    ("syncDevice", "wipe"),
    ("syncDevice", "retire"),
    ("syncDevice", "syncdevice"),
    ("syncDevice", "sync%44evice"),
    ("syncDevice", "sync\\u0044evice"),
    ("managedDevices", "users"),
    ("managedDevices", "managedDevices/executeAction"),
    ("v1.0", "beta"),
    ("beta", "v1.0"),
    ("POST", "DELETE"),
    ("POST", "post"),
    ("\"id\"", "\"i\\u0064\""),
    ("\"id\"", "\"ID\""),
    ("\"1\"", "\"0\""),
    ("{\"", " { \""),
    ("/deviceManagement", "/v1.0/deviceManagement"),
];

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), select(&SNIPPETS[..])).prop_map(|(at, text)| Edit::Insert(at, text.into())),
        1 => (at(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => at().prop_map(Edit::Delete),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        1 => (at(), b' '..=b'~').prop_map(|(at, byte)| Edit::Replace(at, byte)),
        2 => at().prop_map(Edit::Case),
        1 => at().prop_map(Edit::Percent),
        2 => at().prop_map(Edit::Escape),
        2 => (at(), at(), at()).prop_map(|(from, to, place)| Edit::Copy(from, to, place)),
        1 => (at(), at()).prop_map(|(one, other)| Edit::Swap(one, other)),
        3 => select(&WORDS[..]).prop_map(|(word, other)| Edit::Word(word, other)),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    const METHODS: [&str; 8] = [
        "GET", "POST", "DELETE", "PATCH", "PUT", "post", "Get", "WIPE",
    ];
    const HEADERS: [(&str, &str); 14] = [
        ("authorization", "Bearer other"),
        ("Authorization", "Basic eDp5"),
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("host", "evil.com"),
        ("cookie", "x=1"),
        ("transfer-encoding", "chunked"),
        ("content-encoding", "gzip"),
        ("prefer", "return=minimal"),
        ("accept", "*/*"),
        ("user-agent", "x"),
        ("content-length", "100"),
        ("client-request-id", "x"),
        ("client-request-id", "00112233-4455-6677-8899-AABBCCDDEEFF"),
    ];
    const PLACES: [&str; 13] = [
        "https://graph.microsoft.com",
        "https://graph.microsoft.com:443",
        "HTTPS://GRAPH.microsoft.com",
        "http://graph.microsoft.com",
        "https://graph.microsoft.com.",
        "https://graph.microsoft.com:8443",
        "https://graph.microsoft.com.evil.com",
        "https://graph.microsoft.com@evil.com",
        "https://x:y@graph.microsoft.com",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8081",
        "http://localhost:8080",
        "",
    ];
    prop_oneof![
        4 => edit().prop_map(|edit| Mutation::Text(Part::Uri, edit)),
        8 => edit().prop_map(|edit| Mutation::Text(Part::Body, edit)),
        1 => select(&METHODS[..]).prop_map(Mutation::Method),
        1 => select(&HEADERS[..]).prop_map(|(name, value)| Mutation::Header(name, value)),
        1 => any::<Index>().prop_map(Mutation::HeaderGone),
        1 => select(&PLACES[..]).prop_map(Mutation::Root),
        1 => Just(Mutation::BulkOff),
    ]
}

/// A request that may leave, changed a few times.
pub(crate) fn mutated() -> impl Strategy<Value = Raw> {
    (valid(), vec(mutation(), 0..=3)).prop_map(|(mut raw, mutations)| {
        for mutation in mutations {
            match mutation {
                Mutation::Text(Part::Body, edit) => apply(edit, &mut raw.body),
                Mutation::Text(Part::Uri, edit) => {
                    let mut bytes = std::mem::take(&mut raw.uri).into_bytes();
                    apply(edit, &mut bytes);
                    raw.uri = String::from_utf8_lossy(&bytes).into_owned();
                }
                Mutation::Method(method) => raw.method = method.to_owned(),
                Mutation::Header(name, value) => {
                    raw.headers.push((name.to_owned(), value.to_owned()))
                }
                Mutation::HeaderGone(at) if !raw.headers.is_empty() => {
                    raw.headers.remove(at.index(raw.headers.len()));
                }
                Mutation::HeaderGone(_) => {}
                Mutation::Root(place) => raw.uri = raw.uri.replace("{root}", place),
                Mutation::BulkOff => raw.bulk = false,
            }
        }
        raw
    })
}

fn apply(edit: Edit, text: &mut Vec<u8>) {
    let place = |at: Index| at.index(text.len() + 1);
    if text.is_empty() && !matches!(edit, Edit::Insert(..)) {
        return;
    }
    match edit {
        Edit::Insert(at, bytes) => {
            let at = place(at);
            text.splice(at..at, bytes);
        }
        Edit::Delete(at) => {
            text.remove(at.index(text.len()));
        }
        Edit::Replace(at, byte) => *at.get_mut(text) = byte,
        Edit::Case(at) => *at.get_mut(text) ^= 0x20,
        Edit::Percent(at) => {
            let at = at.index(text.len());
            text.splice(at..=at, format!("%{:02x}", text[at]).into_bytes());
        }
        Edit::Escape(at) => {
            let at = at.index(text.len());
            text.splice(at..=at, format!("\\u{:04x}", text[at]).into_bytes());
        }
        Edit::Copy(from, to, at) => {
            let (from, to, at) = (place(from), place(to), place(at));
            let piece = text[from.min(to)..from.max(to)].to_vec();
            text.splice(at..at, piece);
        }
        Edit::Swap(one, other) => {
            let (one, other) = (one.index(text.len()), other.index(text.len()));
            text.swap(one, other);
        }
        Edit::Word(word, other) => {
            *text = String::from_utf8_lossy(text)
                .replace(word, other)
                .into_bytes()
        }
    }
}

/// A body put together from the right words in any order and number, to where it would count.
pub(crate) fn built() -> impl Strategy<Value = Raw> {
    const ID: &str = "\"00112233-4455-6677-8899-aabbccddeeff\"";
    const URL: &str =
        "\"/deviceManagement/managedDevices/00112233-4455-6677-8899-aabbccddeeff/syncDevice\"";
    const WIPE: &str =
        "\"/deviceManagement/managedDevices/00112233-4455-6677-8899-aabbccddeeff/wipe\"";
    let object = |pairs: Vec<(&str, String)>| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        format!("{{{}}}", pairs.join(","))
    };
    let texts = |texts: &[&str]| {
        select(
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>(),
        )
    };
    let odd = ["null", "1", "[]", "{}", "\"\"", "\"wipe\"", ID, "[null]"];

    let action_pair = prop_oneof![
        6 => (Just("actionName"), texts(&["\"syncDevice\"", "\"sync\\u0044evice\"", "\"syncDevice\"", "\"wipe\""])),
        6 => (Just("deviceIds"), texts(&[&format!("[{ID}]"), &format!("[{ID},{ID}]"), &format!(" [ {ID} ]"), "[\"x\"]"])),
        1 => (select(vec!["actionN\\u0061me", "deviceIds", "ActionName", "x", ""]), texts(&odd)),
    ];
    let action = vec(action_pair, 1..=3).prop_map(object);

    let item_pair = prop_oneof![
        8 => (Just("id"), texts(&["\"a\"", "\"b\"", "\"c\"", "\"A\"", "\"\\u0061\""])),
        8 => (Just("method"), texts(&["\"POST\"", "\"POST\"", "\"P\\u004fST\"", "\"DELETE\""])),
        8 => (Just("url"), texts(&[URL, URL, URL, WIPE])),
        1 => (select(vec!["\\u0069d", "URL", "headers", "body", "dependsOn"]), texts(&odd)),
    ];
    // Three pairs chosen freely seldom make an item: half of them are made of the three that belong there.
    let whole = (
        texts(&["\"a\"", "\"b\"", "\"c\"", "\"A\""]),
        texts(&[URL, URL, URL, WIPE]),
        0..3_usize,
    )
        .prop_map(|(id, url, turn)| {
            let mut pairs = vec![("id", id), ("method", "\"POST\"".to_owned()), ("url", url)];
            pairs.rotate_left(turn);
            pairs
        });
    let item = prop_oneof![whole, vec(item_pair, 2..=4)].prop_map(object);
    let requests = vec(item, 0..=3).prop_map(|items| format!("[{}]", items.join(",")));
    let batch_pair = prop_oneof![
        9 => requests.prop_map(|items| ("requests", items)),
        1 => (select(vec!["r\\u0065quests", "Requests", "x"]), texts(&odd)),
    ];
    let batch = vec(batch_pair, 1..=2).prop_map(object);

    let placed = prop_oneof![
        action.prop_map(|body| (
            "{root}/beta/deviceManagement/managedDevices/executeAction",
            body
        )),
        batch.prop_map(|body| ("{root}/v1.0/$batch", body)),
    ];
    (placed, headers()).prop_map(|((uri, body), headers)| Raw {
        bulk: true,
        method: "POST".to_owned(),
        uri: uri.to_owned(),
        headers,
        body: body.into_bytes(),
    })
}
