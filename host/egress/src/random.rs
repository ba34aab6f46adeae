//! Random numbers that nobody can guess.

/// 128 random bits, from the provider of cryptography that TLS uses.
pub(crate) fn bits() -> u128 {
    let mut bytes = [0; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .expect("the operating system has randomness; without it there is no TLS either");
    u128::from_be_bytes(bytes)
}
