//! GUIDs, as Intune names devices and Graph names requests.
//!
//! Not the crate `uuid`: it also accepts braces, URNs and GUIDs without dashes, while only one spelling may pass the
//! egress gate. And a large run parses and prints a million of them inside the sandbox, so both work byte by byte from
//! tables: WebAssembly has no 128-bit numbers, and the formatting machinery is slow.

use std::{fmt, str::FromStr};

use crate::Quoted;

/// A GUID, as Intune names devices and Graph names requests. It prints in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(u128);

impl Guid {
    /// The GUID of these 128 bits; the first digit written is the highest.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// The 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The GUID whose first eight bytes are `hi` and whose last eight are `lo`, in the order in which they are written:
    /// `00112233-4455-6677-8899-aabbccddeeff` is `0x0011223344556677`, `0x8899aabbccddeeff`.
    #[must_use]
    pub const fn from_halves(hi: u64, lo: u64) -> Self {
        Self(((hi as u128) << 64) | lo as u128)
    }

    /// The inverse of [`Guid::from_halves`].
    #[must_use]
    pub const fn halves(self) -> (u64, u64) {
        ((self.0 >> 64) as u64, self.0 as u64)
    }

    /// The GUID made of 128 bits of randomness, as RFC 9562 lays out version 4.
    #[must_use]
    pub const fn random(bits: u128) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0x3 << 62;
        Self(bits & !VERSION & !VARIANT | (0x4 << 76) | (0x2 << 62))
    }

    /// The 36 characters of the usual form, in lower case.
    #[must_use]
    pub fn text(self) -> GuidText {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"........-....-....-....-............";
        for (byte, at) in self.0.to_be_bytes().into_iter().zip(PAIRS) {
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 0xf)];
        }
        GuidText(text)
    }
}

/// A GUID as it is written, without an allocation.
#[derive(Clone, Copy)]
pub struct GuidText([u8; 36]);

impl GuidText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and dashes are ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A text that is not a GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a GUID: expected hexadecimal digits as in `00112233-4455-6677-8899-aabbccddeeff`"
)]
pub struct GuidError(Quoted);

impl FromStr for Guid {
    type Err = GuidError;

    /// Takes exactly 8-4-4-4-12 hexadecimal digits, in any letter case: no braces, no spaces, no other spelling.
    fn from_str(text: &str) -> Result<Self, GuidError> {
        parse(text).ok_or_else(|| GuidError(Quoted::new(text)))
    }
}

/// One pass without a branch for each digit.
fn parse(text: &str) -> Option<Guid> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    let mut all = 0;
    for (byte, at) in bytes.iter_mut().zip(PAIRS) {
        let [high, low] = [text[at], text[at + 1]].map(|digit| HEX[usize::from(digit)]);
        all |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    let dashes = [8, 13, 18, 23].map(|at| text[at]);
    (all <= 0xf && dashes == *b"----").then_some(Guid(u128::from_be_bytes(bytes)))
}

/// Where the two digits of each byte are.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of each hexadecimal digit, and 255 for all other bytes.
const HEX: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00112233-4455-6677-8899-aabbccddeeff";

    #[test]
    fn parses_any_letter_case_and_prints_lower() {
        for text in [TEXT.to_owned(), TEXT.to_uppercase(), TEXT.replace('a', "A")] {
            let guid: Guid = text.parse().expect("a GUID");
            assert_eq!(guid.to_string(), TEXT);
            assert_eq!(guid.text().as_str(), TEXT);
            assert_eq!(guid.bits(), 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
            assert_eq!(guid, Guid::from_bits(guid.bits()));
            assert_eq!(
                guid.halves(),
                (0x0011_2233_4455_6677, 0x8899_aabb_ccdd_eeff)
            );
            assert_eq!(
                guid,
                Guid::from_halves(0x0011_2233_4455_6677, 0x8899_aabb_ccdd_eeff)
            );
        }
    }

    #[test]
    fn refuses_other_spellings() {
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            "00112233-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddeefff",
            "00112233-4455-6677-8899-aabbccddeefg",
            "0011223-34455-6677-8899-aabbccddeeff",
            "00112233_4455-6677-8899-aabbccddeeff",
            "00112233-4455_6677-8899-aabbccddeeff",
            "00112233-4455-6677_8899-aabbccddeeff",
            "00112233-4455-6677-8899aaabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeeff ",
            "+0112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddee\u{ff46}",
            " 0112233-4455-6677-8899-aabbccddeeff",
        ] {
            assert!(text.parse::<Guid>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn random_ones_are_of_version_4() {
        assert_eq!(
            Guid::random(u128::MAX).to_string(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
        assert_eq!(
            Guid::random(0).to_string(),
            "00000000-0000-4000-8000-000000000000"
        );
    }
}
