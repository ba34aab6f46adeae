//! Random bytes, from the provider of cryptography that TLS uses.

/// 16 random bytes.
///
/// # Panics
///
/// When the operating system has no randomness; then there is no TLS either.
pub fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .expect("the operating system has randomness; without it there is no TLS either");
    bytes
}
