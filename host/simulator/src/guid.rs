//! GUIDs, as Graph writes them.

use std::fmt;

/// A GUID; the first byte written is the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guid(pub(crate) u128);

impl Guid {
    /// Of a random kind (version 4), from any 128 bits.
    pub(crate) fn random(hi: u64, lo: u64) -> Self {
        let hi = (hi & 0xffff_ffff_ffff_0fff) | 0x4000;
        let lo = (lo & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Self(u128::from(hi) << 64 | u128::from(lo))
    }

    /// The usual 36 characters, in any letter case; none if `text` is anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }
        let mut value = 0_u128;
        for (position, byte) in bytes.iter().enumerate() {
            match (position, byte) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return None,
                (_, byte) => value = value << 4 | u128::from(char::from(*byte).to_digit(16)?),
            }
        }
        Some(Self(value))
    }

    /// The usual 36 characters.
    pub(crate) fn text(self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        let mut shift = 128;
        for (position, byte) in text.iter_mut().enumerate() {
            if !matches!(position, 8 | 13 | 18 | 23) {
                shift -= 4;
                *byte = b"0123456789abcdef"[(self.0 >> shift) as usize & 15];
            }
        }
        text
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        formatter.write_str(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
    }
}
