//! The rule of what may leave, written a second time and in another way: with a separate JSON reader, on strings.
//! It shares no code with the gate and uses nothing of it.

/// A request as the guest made it.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) bulk: bool,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Reads the list with this query.
    List(String),
    /// Syncs this device, by its own request.
    Sync(String),
    /// Syncs these devices, by `$batch`; each with its item's id.
    Batch(Vec<(String, String)>),
    /// Syncs these devices, by `executeAction`.
    Bulk(Vec<String>),
}

/// The meaning of a request that may leave to `host` (an authority in lower case, without the default port) over
/// `scheme`; none for one that may not.
pub(crate) fn decide(raw: &Raw, scheme: &str, host: &str) -> Option<Meaning> {
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let (asked_scheme, rest) = raw.uri.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let authority = authority.to_ascii_lowercase();
    if asked_scheme.to_ascii_lowercase() != scheme
        || (authority != host && authority != format!("{host}{default_port}"))
    {
        return None;
    }
    headers_pass(&raw.headers).then_some(())?;
    if raw.body.len() > 65_536 {
        return None;
    }
    let segments: Vec<&str> = target.split('/').collect();
    match (raw.method.as_str(), segments.as_slice()) {
        ("GET", ["", "v1.0", "deviceManagement", last]) if raw.body.is_empty() => {
            let (last, query) = last.split_once('?').unwrap_or((last, ""));
            (last == "managedDevices" && query_passes(query))
                .then(|| Meaning::List(query.to_owned()))
        }
        // Slashes in a query.
        ("GET", ["", "v1.0", "deviceManagement", last, ..]) if raw.body.is_empty() => {
            let query = target.split_once('?')?.1;
            (last.starts_with("managedDevices?") && query_passes(query))
                .then(|| Meaning::List(query.to_owned()))
        }
        (
            "POST",
            [
                "",
                "v1.0",
                "deviceManagement",
                "managedDevices",
                device,
                "syncDevice",
            ],
        ) if raw.body.is_empty() => guid(device).map(Meaning::Sync),
        ("POST", ["", "v1.0", "$batch"]) => batch(&json(&raw.body)?),
        (
            "POST",
            [
                "",
                "beta",
                "deviceManagement",
                "managedDevices",
                "executeAction",
            ],
        ) if raw.bulk => bulk(&json(&raw.body)?),
        _ => None,
    }
}

fn query_passes(query: &str) -> bool {
    query.len() <= 32_768 && query.chars().all(|c| ('!'..='~').contains(&c))
}

fn headers_pass(headers: &[(String, String)]) -> bool {
    let named = |wanted: &str| -> Vec<&str> {
        headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
            .collect()
    };
    let known = [
        "accept",
        "authorization",
        "client-request-id",
        "content-length",
        "content-type",
        "user-agent",
    ];
    let all_known = headers
        .iter()
        .all(|(name, _)| known.contains(&name.to_ascii_lowercase().as_str()));
    let token = match named("authorization").as_slice() {
        [only] => only.strip_prefix("Bearer ").is_some_and(token_passes),
        _ => false,
    };
    let request_id = match named("client-request-id").as_slice() {
        [] => true,
        [only] => guid(only).is_some(),
        _ => false,
    };
    all_known && token && request_id
}

fn token_passes(token: &str) -> bool {
    let chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    !token.is_empty() && token.len() <= 16_384 && token.chars().all(|c| chars.contains(c))
}

/// A GUID in lower case.
pub(crate) fn guid(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hexadecimal = groups
        .concat()
        .chars()
        .all(|c| "0123456789abcdefABCDEF".contains(c));
    (lengths == [8, 4, 4, 4, 12] && hexadecimal).then(|| text.to_lowercase())
}

fn batch(body: &Json) -> Option<Meaning> {
    let [requests] = body.object(["requests"])?;
    let items = requests.array()?;
    let mut known = Vec::new();
    let mut found = Vec::new();
    for item in items {
        let [id, method, url] = item.object(["id", "method", "url"])?;
        let (id, method, url) = (id.text()?, method.text()?, url.text()?);
        let folded = id.to_lowercase();
        let id_passes = (1..=36).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !id_passes || known.contains(&folded) || method != "POST" {
            return None;
        }
        known.push(folded);
        let [
            "",
            "deviceManagement",
            "managedDevices",
            device,
            "syncDevice",
        ] = url.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        found.push((id.to_owned(), guid(device)?));
    }
    (1..=20)
        .contains(&found.len())
        .then_some(Meaning::Batch(found))
}

fn bulk(body: &Json) -> Option<Meaning> {
    let [action, devices] = body.object(["actionName", "deviceIds"])?;
    let devices: Option<Vec<String>> = devices
        .array()?
        .iter()
        .map(|device| guid(device.text()?))
        .collect();
    let devices = devices?;
    (action.text()? == "syncDevice" && (1..=100).contains(&devices.len()))
        .then_some(Meaning::Bulk(devices))
}

/// As much of JSON as occurs in a body that may leave; objects keep every pair.
enum Json {
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The values of exactly these keys, each there once.
    fn object<const N: usize>(&self, keys: [&str; N]) -> Option<[&Json; N]> {
        let Self::Object(pairs) = self else {
            return None;
        };
        if pairs.len() != N {
            return None;
        }
        let values: Option<Vec<&Json>> = keys
            .iter()
            .map(|key| {
                pairs
                    .iter()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value)
            })
            .collect();
        values?.try_into().ok()
    }

    fn array(&self) -> Option<&[Json]> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }
}

fn json(body: &[u8]) -> Option<Json> {
    let text: Vec<char> = std::str::from_utf8(body).ok()?.chars().collect();
    let mut reader = Reader { text: &text, at: 0 };
    let value = reader.value(8)?;
    reader.spaces();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += 1;
        c
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.spaces();
        match self.take()? {
            '"' => self.string().map(Json::Text),
            '[' if depth > 0 => self
                .members(']', |reader| reader.value(depth - 1))
                .map(Json::Array),
            '{' if depth > 0 => self
                .members('}', |reader| {
                    reader.spaces();
                    (reader.take()? == '"').then_some(())?;
                    let key = reader.string()?;
                    reader.spaces();
                    (reader.take()? == ':').then_some(())?;
                    Some((key, reader.value(depth - 1)?))
                })
                .map(Json::Object),
            _ => None,
        }
    }

    fn members<T>(
        &mut self,
        close: char,
        mut member: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut members = Vec::new();
        self.spaces();
        if self.peek()? == close {
            self.at += 1;
            return Some(members);
        }
        loop {
            members.push(member(self)?);
            self.spaces();
            match self.take()? {
                ',' => {}
                c if c == close => return Some(members),
                _ => return None,
            }
        }
    }

    /// The rest of a string, its first quote taken.
    fn string(&mut self) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        loop {
            let c = match self.take()? {
                '"' => return String::from_utf16(&units).ok(),
                '\\' => match self.take()? {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    c @ ('"' | '\\' | '/') => c,
                    'u' => {
                        let mut unit = 0;
                        for _ in 0..4 {
                            unit = unit * 16 + self.take()?.to_digit(16)?;
                        }
                        units.push(u16::try_from(unit).ok()?);
                        continue;
                    }
                    _ => return None,
                },
                c if c < ' ' => return None,
                c => c,
            };
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
}
