//! How parts of a PFX file are encrypted: PBES2 (RFC 8018), which programs write today, and PKCS#12's own schemes,
//! which Windows, macOS and older programs write.

use core::num::NonZeroU32;

use cbc::{
    Decryptor,
    cipher::{BlockCipher, BlockDecryptMut, InnerIvInit, KeyInit, block_padding::Pkcs7},
};
use ring::{digest::SHA1_FOR_LEGACY_USE_ONLY as SHA1, pbkdf2};
use yasna::{ASN1Result, BERReader, models::ObjectIdentifier};

use super::{
    Algorithm, Encrypted, MAX_ITERATIONS, Password,
    kdf::{Purpose, derive},
};
use crate::{CertificateError, x509::is};

const PBES2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 13];
const PBKDF2: &[u64] = &[1, 2, 840, 113_549, 1, 5, 12];
const PBE_SHA1_TRIPLE_DES: &[u64] = &[1, 2, 840, 113_549, 1, 12, 1, 3];
const PBE_SHA1_RC2_40: &[u64] = &[1, 2, 840, 113_549, 1, 12, 1, 6];

/// The length of a block, and so of the initial vector, of the older ciphers.
const OLD_BLOCK: usize = 8;

/// A cipher with the length of its keys.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
    Rc2Of40Bits,
}

/// The parameters of PBES2.
struct Pbes2 {
    derivation: Algorithm,
    cipher: ObjectIdentifier,
    initial_vector: Vec<u8>,
}

/// The parameters of PBKDF2.
struct Pbkdf2 {
    salt: Vec<u8>,
    iterations: u32,
    /// HMAC-SHA1 if it is not named.
    hmac: Option<ObjectIdentifier>,
}

impl Encrypted {
    /// Decrypts it.
    ///
    /// # Errors
    ///
    /// When the password is another, or an algorithm is not known.
    pub(super) fn decrypt(&self, password: &Password) -> Result<Vec<u8>, CertificateError> {
        let Algorithm { name, parameters } = &self.scheme;
        let (cipher, key, initial_vector) = if is(name, PBES2) {
            let scheme = yasna::parse_ber(parameters, Pbes2::read)
                .map_err(|_| CertificateError::Unreadable)?;
            let cipher = Cipher::named(&scheme.cipher)?;
            let key = scheme.key(cipher.key_length(), password)?;
            (cipher, key, scheme.initial_vector)
        } else {
            let cipher = match name {
                name if is(name, PBE_SHA1_TRIPLE_DES) => Cipher::TripleDes,
                name if is(name, PBE_SHA1_RC2_40) => Cipher::Rc2Of40Bits,
                _ => return Err(CertificateError::Unsupported("an unusual cipher")),
            };
            let (salt, iterations) = yasna::parse_ber(parameters, |reader| {
                reader.read_sequence(|pbe| Ok((pbe.next().read_bytes()?, pbe.next().read_u32()?)))
            })
            .map_err(|_| CertificateError::Unreadable)?;
            bounded(iterations)?;
            let derived = |purpose, length| {
                derive(&SHA1, purpose, (&password.utf16, &salt, iterations), length)
            };
            (
                cipher,
                derived(Purpose::Key, cipher.key_length()),
                derived(Purpose::InitialVector, OLD_BLOCK),
            )
        };
        cipher
            .decrypt(&key, &initial_vector, &self.data)
            .ok_or(CertificateError::WrongPassword)
    }
}

impl Pbes2 {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|pbes2| {
            let derivation = pbes2.next().read_sequence(Algorithm::read)?;
            pbes2.next().read_sequence(|cipher| {
                Ok(Self {
                    derivation,
                    cipher: cipher.next().read_oid()?,
                    initial_vector: cipher.next().read_bytes()?,
                })
            })
        })
    }

    fn key(&self, length: usize, password: &Password) -> Result<Vec<u8>, CertificateError> {
        let Algorithm { name, parameters } = &self.derivation;
        if !is(name, PBKDF2) {
            return Err(CertificateError::Unsupported("an unusual key derivation"));
        }
        let derivation =
            yasna::parse_ber(parameters, Pbkdf2::read).map_err(|_| CertificateError::Unreadable)?;
        let iterations = bounded(derivation.iterations)?;
        let mut key = vec![0; length];
        let hmac = derivation.algorithm()?;
        pbkdf2::derive(hmac, iterations, &derivation.salt, &password.utf8, &mut key);
        Ok(key)
    }
}

impl Pbkdf2 {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|pbkdf2| {
            let salt = pbkdf2.next().read_bytes()?;
            let iterations = pbkdf2.next().read_u32()?;
            // The cipher says it too.
            let _key_length = pbkdf2.read_optional(|value| value.read_u32())?;
            let hmac = pbkdf2.read_optional(|hmac| hmac.read_sequence(Algorithm::read))?;
            Ok(Self {
                salt,
                iterations,
                hmac: hmac.map(|hmac| hmac.name),
            })
        })
    }

    fn algorithm(&self) -> Result<pbkdf2::Algorithm, CertificateError> {
        const HMAC: [u64; 5] = [1, 2, 840, 113_549, 2];

        let Some(name) = &self.hmac else {
            return Ok(pbkdf2::PBKDF2_HMAC_SHA1);
        };
        match name.components().strip_prefix(&HMAC) {
            Some([7]) => Ok(pbkdf2::PBKDF2_HMAC_SHA1),
            Some([9]) => Ok(pbkdf2::PBKDF2_HMAC_SHA256),
            Some([10]) => Ok(pbkdf2::PBKDF2_HMAC_SHA384),
            Some([11]) => Ok(pbkdf2::PBKDF2_HMAC_SHA512),
            _ => Err(CertificateError::Unsupported("an unusual key derivation")),
        }
    }
}

impl Cipher {
    fn named(name: &ObjectIdentifier) -> Result<Self, CertificateError> {
        let known: [(&[u64], Self); 4] = [
            (&[2, 16, 840, 1, 101, 3, 4, 1, 2], Self::Aes128),
            (&[2, 16, 840, 1, 101, 3, 4, 1, 22], Self::Aes192),
            (&[2, 16, 840, 1, 101, 3, 4, 1, 42], Self::Aes256),
            (&[1, 2, 840, 113_549, 3, 7], Self::TripleDes),
        ];
        let found = known.into_iter().find(|(known, _)| is(name, known));
        found
            .map(|(_, cipher)| cipher)
            .ok_or(CertificateError::Unsupported("an unusual cipher"))
    }

    /// In bytes.
    fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Rc2Of40Bits => 5,
        }
    }

    /// `None` if the key is not the right one.
    fn decrypt(self, key: &[u8], initial_vector: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes128 => cbc::<aes::Aes128>(key, initial_vector, data),
            Self::Aes192 => cbc::<aes::Aes192>(key, initial_vector, data),
            Self::Aes256 => cbc::<aes::Aes256>(key, initial_vector, data),
            Self::TripleDes => cbc::<des::TdesEde3>(key, initial_vector, data),
            Self::Rc2Of40Bits => cbc::<rc2::Rc2>(key, initial_vector, data),
        }
    }
}

fn cbc<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key: &[u8],
    initial_vector: &[u8],
    data: &[u8],
) -> Option<Vec<u8>> {
    let cipher = C::new_from_slice(key).ok()?;
    let decryptor = Decryptor::inner_iv_slice_init(cipher, initial_vector).ok()?;
    let mut text = data.to_vec();
    let length = decryptor.decrypt_padded_mut::<Pkcs7>(&mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn bounded(iterations: u32) -> Result<NonZeroU32, CertificateError> {
    NonZeroU32::new(iterations)
        .filter(|iterations| iterations.get() <= MAX_ITERATIONS)
        .ok_or(CertificateError::Unsupported("too many iterations"))
}
