use std::fmt;
use std::str::FromStr;

use crate::Quoted;

/// A GUID, as Intune names devices and Graph names requests. It prints in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// The GUID whose first eight bytes are `hi` and whose last eight are `lo`, in the order in which they are written:
    /// `00112233-4455-6677-8899-aabbccddeeff` is `0x0011223344556677`, `0x8899aabbccddeeff`.
    pub const fn from_halves(hi: u64, lo: u64) -> Self {
        Self((((hi as u128) << 64) | lo as u128).to_be_bytes())
    }

    /// The inverse of [`Guid::from_halves`].
    pub const fn halves(self) -> (u64, u64) {
        let whole = u128::from_be_bytes(self.0);
        ((whole >> 64) as u64, whole as u64)
    }
}

/// A text that is no GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a GUID: expected hexadecimal digits as in `00112233-4455-6677-8899-aabbccddeeff`"
)]
pub struct GuidError(Quoted);

impl FromStr for Guid {
    type Err = GuidError;

    /// Exactly 8-4-4-4-12 hexadecimal digits, in any letter case: no braces, no spaces, no other spelling.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.as_bytes())
            .map(Self)
            .ok_or_else(|| GuidError(Quoted::new(text)))
    }
}

/// The dashes' places among 36 characters.
const DASHES: [usize; 4] = [8, 13, 18, 23];

fn parse(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut whole: u128 = 0;
    for (place, &byte) in text.iter().enumerate() {
        if DASHES.contains(&place) {
            if byte != b'-' {
                return None;
            }
        } else {
            whole = whole << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(whole.to_be_bytes())
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut whole = u128::from_be_bytes(self.0);
        for place in (0..text.len())
            .rev()
            .filter(|place| !DASHES.contains(place))
        {
            text[place] = DIGITS[(whole & 0xf) as usize];
            whole >>= 4;
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
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
            "+0112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddee\u{ff46}",
            " 0112233-4455-6677-8899-aabbccddeeff",
        ] {
            assert!(text.parse::<Guid>().is_err(), "{text:?}");
        }
    }
}
