//! PKCS#12's own way to derive keys from a password (RFC 7292, appendix B).

use ring::digest::{self, Context};

/// What a derived text is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    InitialVector = 2,
    Mac = 3,
}

/// Derives a text of this length. `password` is in UTF-16.
pub(super) fn derive(
    algorithm: &'static digest::Algorithm,
    purpose: Purpose,
    (password, salt, iterations): (&[u8], &[u8], u32),
    length: usize,
) -> Vec<u8> {
    let block = algorithm.block_len();
    let diversifier = vec![purpose as u8; block];
    let mut input = [repeated(salt, block), repeated(password, block)].concat();
    let mut derived = Vec::new();
    while derived.len() < length {
        let mut context = Context::new(algorithm);
        context.update(&diversifier);
        context.update(&input);
        let mut hash = context.finish();
        for _ in 1..iterations {
            hash = digest::digest(algorithm, hash.as_ref());
        }
        derived.extend_from_slice(hash.as_ref());
        let addend: Vec<u8> = hash.as_ref().iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_exact_mut(block) {
            add_and_one(chunk, &addend);
        }
    }
    derived.truncate(length);
    derived
}

/// The text, again and again, up to a whole number of blocks; nothing if it is empty.
fn repeated(text: &[u8], block: usize) -> Vec<u8> {
    let length = text.len().next_multiple_of(block);
    text.iter().copied().cycle().take(length).collect()
}

/// Adds `addend` and 1 to a number of the same length, both big endian; what does not fit is lost.
fn add_and_one(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (digit, added) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*added) + carry;
        let [high, low] = sum.to_be_bytes();
        (*digit, carry) = (low, u16::from(high));
    }
}
