//! PFX (PKCS#12, RFC 7292): a key and certificates that a password protects.
//!
//! Read as BER: not every program that writes PFX writes DER.

mod cipher;
mod kdf;
mod mac;

use yasna::{ASN1Result, BERReader, BERReaderSeq, Tag, models::ObjectIdentifier};

use crate::{CertificateError, Contents, PrivateKey, x509::is};

use self::mac::Mac;

const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];
const ENCRYPTED_DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 6];
const KEY_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 1];
const SHROUDED_KEY_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 2];
const CERTIFICATE_BAG: &[u64] = &[1, 2, 840, 113_549, 1, 12, 10, 1, 3];
const X509_CERTIFICATE: &[u64] = &[1, 2, 840, 113_549, 1, 9, 22, 1];

/// The most rounds of a key derivation: a second.
const MAX_ITERATIONS: u32 = 2_000_000;

/// The outermost layer.
struct Pfx {
    /// What the MAC is over.
    safe: Vec<u8>,
    mac: Option<Mac>,
}

/// A password, as the two families of key derivation take it.
struct Password {
    /// PBES2 takes it in UTF-8.
    utf8: Vec<u8>,
    /// PKCS#12's own takes it in UTF-16, big endian, with two zero bytes at its end.
    utf16: Vec<u8>,
}

/// An algorithm with its parameters, in BER.
struct Algorithm {
    name: ObjectIdentifier,
    parameters: Vec<u8>,
}

/// What is encrypted, and how.
struct Encrypted {
    scheme: Algorithm,
    data: Vec<u8>,
}

/// A part of the safe.
enum Part {
    Plain(Vec<u8>),
    Encrypted(Encrypted),
    Other,
}

/// What is in a part.
enum Bag {
    Key(Vec<u8>),
    ShroudedKey(Encrypted),
    Certificate(Vec<u8>),
    Other,
}

/// What a PFX file holds. Without a password, the empty one is tried.
///
/// # Errors
///
/// When it is not PFX, does not open, or is protected by something rare.
pub(crate) fn read(file: &[u8], password: Option<&str>) -> Result<Contents, CertificateError> {
    let pfx = yasna::parse_ber(file, Pfx::read).map_err(|_| CertificateError::Unreadable)?;
    for candidate in Password::candidates(password.unwrap_or_default()) {
        match pfx.open(&candidate) {
            Err(CertificateError::WrongPassword) => {}
            opened => return opened,
        }
    }
    Err(match password {
        Some(_) => CertificateError::WrongPassword,
        None => CertificateError::PasswordNeeded,
    })
}

impl Pfx {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|pfx| {
            let _version = pfx.next().read_u8()?;
            let Part::Plain(safe) = Part::read(pfx.next())? else {
                // Signed instead of protected by a password.
                return Err(yasna::ASN1Error::new(yasna::ASN1ErrorKind::Invalid));
            };
            let mac = pfx.read_optional(Mac::read)?;
            Ok(Self { safe, mac })
        })
    }

    fn open(&self, password: &Password) -> Result<Contents, CertificateError> {
        if let Some(mac) = &self.mac {
            mac.check(&self.safe, password)?;
        }
        let parts = yasna::parse_ber(&self.safe, |safe| safe.collect_sequence_of(Part::read))
            .map_err(|_| CertificateError::Unreadable)?;
        let mut contents = Contents::default();
        for part in parts {
            let bags = match part {
                Part::Plain(bags) => bags,
                Part::Encrypted(encrypted) => encrypted.decrypt(password)?,
                Part::Other => continue,
            };
            // What a wrong key decrypts to is padded well once in 256 times.
            let bags = yasna::parse_ber(&bags, |bags| bags.collect_sequence_of(Bag::read))
                .map_err(|_| CertificateError::WrongPassword)?;
            for bag in bags {
                match bag {
                    Bag::Key(der) => contents.keys.push(PrivateKey::Pkcs8(der)),
                    Bag::ShroudedKey(encrypted) => {
                        let der = encrypted.decrypt(password)?;
                        contents.keys.push(PrivateKey::Pkcs8(der));
                    }
                    Bag::Certificate(der) => contents.certificates.push(der),
                    Bag::Other => {}
                }
            }
        }
        Ok(contents)
    }
}

impl Password {
    /// The ways to write a password. An empty one is, depending on the program, two zero bytes or nothing.
    fn candidates(text: &str) -> Vec<Self> {
        let utf16 = text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes);
        let mut candidates = vec![Self {
            utf8: text.as_bytes().to_vec(),
            utf16: utf16.collect(),
        }];
        if text.is_empty() {
            candidates.push(Self {
                utf8: Vec::new(),
                utf16: Vec::new(),
            });
        }
        candidates
    }
}

impl Algorithm {
    fn read(reader: &mut BERReaderSeq<'_, '_>) -> ASN1Result<Self> {
        Ok(Self {
            name: reader.next().read_oid()?,
            parameters: reader.next().read_der()?,
        })
    }
}

impl Part {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|info| {
            let kind = info.next().read_oid()?;
            info.next().read_tagged(Tag::context(0), |content| {
                if is(&kind, DATA) {
                    return Ok(Self::Plain(content.read_bytes()?));
                }
                if is(&kind, ENCRYPTED_DATA) {
                    let encrypted = content.read_sequence(|data| {
                        let _version = data.next().read_u8()?;
                        data.next().read_sequence(|info| {
                            let _kind = info.next().read_oid()?;
                            let scheme = info.next().read_sequence(Algorithm::read)?;
                            let data = info.next();
                            let data = data
                                .read_tagged_implicit(Tag::context(0), |data| data.read_bytes())?;
                            Ok(Encrypted { scheme, data })
                        })
                    });
                    return Ok(Self::Encrypted(encrypted?));
                }
                content.read_der()?;
                Ok(Self::Other)
            })
        })
    }
}

impl Bag {
    fn read(reader: BERReader<'_, '_>) -> ASN1Result<Self> {
        reader.read_sequence(|bag| {
            let kind = bag.next().read_oid()?;
            let read = bag.next().read_tagged(Tag::context(0), |value| {
                if is(&kind, KEY_BAG) {
                    return Ok(Self::Key(value.read_der()?));
                }
                if is(&kind, SHROUDED_KEY_BAG) {
                    let encrypted = value.read_sequence(|key| {
                        Ok(Encrypted {
                            scheme: key.next().read_sequence(Algorithm::read)?,
                            data: key.next().read_bytes()?,
                        })
                    });
                    return Ok(Self::ShroudedKey(encrypted?));
                }
                if is(&kind, CERTIFICATE_BAG) {
                    return value.read_sequence(|certificate| {
                        let kind = certificate.next().read_oid()?;
                        certificate.next().read_tagged(Tag::context(0), |value| {
                            if is(&kind, X509_CERTIFICATE) {
                                return Ok(Self::Certificate(value.read_bytes()?));
                            }
                            value.read_der()?;
                            Ok(Self::Other)
                        })
                    });
                }
                value.read_der()?;
                Ok(Self::Other)
            })?;
            bag.read_optional(|attributes| {
                attributes.read_set_of(|attribute| attribute.read_der().map(drop))
            })?;
            Ok(read)
        })
    }
}
