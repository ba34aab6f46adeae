//! As much of JSON as occurs in a body that may leave: a reader that shares no code with serde's.

/// As much of JSON as occurs in a body that may leave; objects keep every pair.
pub(crate) enum Json {
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The values of exactly these keys, each there once.
    pub(crate) fn object<const N: usize>(&self, keys: [&str; N]) -> Option<[&Json; N]> {
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

    pub(crate) fn array(&self) -> Option<&[Json]> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }
}

/// The one value in a body.
pub(crate) fn json(body: &[u8]) -> Option<Json> {
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
