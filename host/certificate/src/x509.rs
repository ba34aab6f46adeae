//! What is needed of an X.509 certificate (RFC 5280), and of a PKCS#8 key (RFC 5958).

use yasna::{ASN1Result, BERReader, Tag, models::ObjectIdentifier, tags};

/// `rsaEncryption`.
const RSA: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];

/// What is needed of a certificate.
pub(crate) struct X509 {
    /// In seconds since 1970.
    pub(crate) valid_from: i64,
    /// In seconds since 1970.
    pub(crate) valid_until: i64,
    /// `RSAPublicKey` in DER; empty for a key of another kind.
    pub(crate) rsa_public_key: Vec<u8>,
}

impl X509 {
    /// Reads a certificate in DER. Its signature is not looked at: it is Entra ID that decides which ones it trusts.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        yasna::parse_der(der, |reader| {
            reader.read_sequence(|certificate| {
                let read = certificate.next().read_sequence(|body| {
                    body.read_optional(|version| {
                        version.read_tagged(Tag::context(0), |version| version.read_u8())
                    })?;
                    for _serial_algorithm_issuer in 0..3 {
                        body.next().read_der()?;
                    }
                    let (valid_from, valid_until) = body.next().read_sequence(|validity| {
                        Ok((time(validity.next())?, time(validity.next())?))
                    })?;
                    let _subject = body.next().read_der()?;
                    let rsa_public_key = body.next().read_sequence(public_key)?;
                    // What follows differs from one version to another.
                    while body.read_optional(|value| value.read_der())?.is_some() {}
                    Ok(Self {
                        valid_from,
                        valid_until,
                        rsa_public_key,
                    })
                })?;
                let (_algorithm, _signature) = (
                    certificate.next().read_der()?,
                    certificate.next().read_der()?,
                );
                Ok(read)
            })
        })
        .ok()
    }
}

/// Whether a PKCS#8 key is an RSA key.
pub(crate) fn is_rsa_pkcs8(der: &[u8]) -> bool {
    let algorithm = yasna::parse_der(der, |reader| {
        reader.read_sequence(|key| {
            let _version = key.next().read_u8()?;
            let algorithm = key.next().read_sequence(algorithm)?;
            while key.read_optional(|value| value.read_der())?.is_some() {}
            Ok(algorithm)
        })
    });
    algorithm.is_ok_and(|algorithm| is(&algorithm, RSA))
}

fn public_key(reader: &mut yasna::BERReaderSeq<'_, '_>) -> ASN1Result<Vec<u8>> {
    let algorithm = reader.next().read_sequence(algorithm)?;
    let (key, _unused_bits) = reader.next().read_bitvec_bytes()?;
    Ok(if is(&algorithm, RSA) { key } else { Vec::new() })
}

/// The name of an algorithm; its parameters are passed over.
fn algorithm(reader: &mut yasna::BERReaderSeq<'_, '_>) -> ASN1Result<ObjectIdentifier> {
    let name = reader.next().read_oid()?;
    reader.read_optional(|value| value.read_der())?;
    Ok(name)
}

/// A time, of either kind, in seconds since 1970.
fn time(reader: BERReader<'_, '_>) -> ASN1Result<i64> {
    if reader.lookahead_tag()? == tags::TAG_UTCTIME {
        return Ok(reader.read_utctime()?.datetime().unix_timestamp());
    }
    Ok(reader.read_generalized_time()?.datetime().unix_timestamp())
}

/// Whether an algorithm has this name.
pub(crate) fn is(name: &ObjectIdentifier, components: &[u64]) -> bool {
    name.components() == components
}
