//! The hash chain over a run's requests: each row's hash covers the row and the hash before it.

use std::{collections::BTreeMap, fmt};

use sha2::{Digest, Sha256};

use crate::Header;

/// The hash of a run's last request. A log that has it pins all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence([u8; 32]);

impl Evidence {
    /// The hash before the first row: it covers what the run is.
    pub(crate) fn of_header(header: &Header, resumed: Option<Self>) -> Self {
        let mut fields = Fields(Sha256::new());
        fields.text("intune-sync history 1");
        for text in [
            &header.id,
            &header.started_at,
            &header.subject.cloud,
            &header.subject.tenant,
            &header.subject.app,
            &header.settings,
            &header.selection,
            &header.arguments,
            &header.program,
            &header.component_sha256,
        ] {
            fields.text(text);
        }
        if let Some(Self(hash)) = resumed {
            fields.bytes(&hash);
        }
        fields.end()
    }

    /// Reads what [`Display`](fmt::Display) has written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(hash))
    }

    /// Takes what [`bytes`](Self::bytes) has returned.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash of the row that follows.
    pub(crate) fn then(&self, row: &Row) -> Self {
        let mut fields = Fields(Sha256::new());
        fields.bytes(&self.0);
        fields.number(Some(row.seq));
        fields.number(Some(row.at));
        fields.text(&row.kind);
        fields.text(&row.devices);
        fields.number(row.status.map(i64::from));
        fields.text(row.request_id.as_deref().unwrap_or_default());
        fields.number(row.ms);
        fields.end()
    }

    /// As the table `request` has it.
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Evidence {
    /// In hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Fields with their lengths, so that no two rows hash the same bytes.
struct Fields(Sha256);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: Option<i64>) {
        match number {
            Some(number) => {
                self.0.update([1]);
                self.0.update(number.to_be_bytes());
            }
            None => self.0.update([0]),
        }
    }

    fn end(self) -> Evidence {
        Evidence(self.0.finalize().into())
    }
}

/// A row of the table `request`, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) devices: String,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) ms: Option<i64>,
}

/// The chain of a run that is being written. Rows come in the order in which the requests left, and are hashed in that
/// order, each as soon as it and all before it are final.
#[derive(Debug)]
pub(crate) struct Chain {
    last: Evidence,
    /// Rows without a hash; `true` for those that are final.
    open: BTreeMap<i64, (Row, bool)>,
}

impl Chain {
    pub(crate) fn after(last: Evidence) -> Self {
        Self {
            last,
            open: BTreeMap::new(),
        }
    }

    /// A request has left.
    pub(crate) fn left(&mut self, row: Row) {
        self.open.insert(row.seq, (row, false));
    }

    /// The row of a request that has its response now, or will get none.
    pub(crate) fn returned(&mut self, seq: i64) -> Option<&mut Row> {
        let (row, is_final) = self.open.get_mut(&seq)?;
        *is_final = true;
        Some(row)
    }

    /// What is in flight gets no response any more.
    pub(crate) fn close(&mut self) {
        for (_, is_final) in self.open.values_mut() {
            *is_final = true;
        }
    }

    /// The next hash, with the number of its row.
    pub(crate) fn next(&mut self) -> Option<(i64, Evidence)> {
        let first = self.open.first_entry()?;
        let (seq, (row, true)) = (*first.key(), first.get()) else {
            return None;
        };
        self.last = self.last.then(row);
        first.remove();
        Some((seq, self.last))
    }

    /// The hash of the last row that has one.
    pub(crate) fn last(&self) -> Evidence {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: i64) -> Row {
        Row {
            seq,
            at: 5,
            kind: "sync".to_owned(),
            devices: "1".to_owned(),
            status: None,
            request_id: None,
            ms: None,
        }
    }

    #[test]
    fn every_field_changes_the_hash() {
        let start = Evidence([1; 32]);
        let changes: [fn(&mut Row); 8] = [
            |_| {},
            |row| row.seq = 2,
            |row| row.at = 6,
            |row| row.kind.push('d'),
            |row| row.devices.push('x'),
            |row| row.status = Some(0),
            |row| row.request_id = Some("r".to_owned()),
            |row| row.ms = Some(0),
        ];
        let hashes = changes.map(|change| {
            let mut row = row(1);
            change(&mut row);
            start.then(&row).to_string()
        });
        let different: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), changes.len());
        // A byte that moves from one field to the next is a change.
        let mut moved = row(1);
        (moved.kind, moved.devices) = ("sync1".to_owned(), String::new());
        assert_ne!(start.then(&moved), start.then(&row(1)));
        assert_ne!(Evidence([2; 32]).then(&row(1)), start.then(&row(1)));
    }

    #[test]
    fn rows_are_hashed_in_the_order_in_which_they_left() {
        let mut chain = Chain::after(Evidence([1; 32]));
        for seq in 1..=3 {
            chain.left(row(seq));
        }
        chain.returned(2).expect("it left").status = Some(204);
        assert_eq!(chain.next(), None);
        chain.returned(1).expect("it left").status = Some(429);
        let hashed: Vec<i64> = std::iter::from_fn(|| chain.next())
            .map(|(seq, _)| seq)
            .collect();
        assert_eq!(hashed, [1, 2]);
        assert!(chain.returned(2).is_none(), "it is final");
        chain.close();
        assert_eq!(chain.next().map(|(seq, _)| seq), Some(3));
    }
}
