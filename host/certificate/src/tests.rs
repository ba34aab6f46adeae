//! Files of each kind, and assertions that another library verifies.

use intune_sync_identity::{App, Authority, Naming};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, date_time_ymd};
use serde_json::Value;

use super::*;

const PASSWORD: &str = "a päss word";
const NOW: i64 = 1_795_406_000;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name)).as_slice()
    };
}

fn certificate() -> &'static str {
    include_str!("../fixtures/certificate.pem")
}

fn error(file: &[u8], password: Option<&str>) -> CertificateError {
    ClientCertificate::read(file, password)
        .err()
        .expect("the file is not good")
}

fn good(file: &[u8], password: Option<&str>) -> ClientCertificate {
    ClientCertificate::read(file, password).unwrap_or_else(|error| panic!("{error:?}"))
}

fn app() -> App {
    App {
        authority: Authority::new(intune_sync_settings::Cloud::Public, None, Naming::Flags)
            .expect("no variable"),
        tenant: "contoso.example".parse().expect("a tenant"),
        client_id: "00112233-4455-6677-8899-aabbccddeeff"
            .parse()
            .expect("a GUID"),
    }
}

/// A certificate for the RSA key of the fixtures, valid in these years.
fn self_signed(key: &KeyPair, from: i32, until: i32) -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("no name to be wrong");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.self_signed(key).expect("a certificate").pem()
}

fn rsa_key() -> KeyPair {
    let pem = include_str!("../fixtures/key.pem");
    KeyPair::from_pem_and_sign_algo(pem, &PKCS_RSA_SHA256).expect("an RSA key")
}

#[test]
fn one_certificate_is_read_from_each_kind_of_file() {
    let pem = |key: &str| [certificate(), key].concat();
    let expected = good(pem(include_str!("../fixtures/key.pem")).as_bytes(), None);
    for (name, file, password) in [
        (
            "PKCS#1",
            pem(include_str!("../fixtures/pkcs1-key.pem")).as_bytes(),
            None,
        ),
        (
            "key first, DOS line ends",
            [include_str!("../fixtures/key.pem"), certificate()]
                .concat()
                .replace('\n', "\r\n")
                .as_bytes(),
            None,
        ),
        ("openssl 3", fixture!("openssl-3.pfx"), Some(PASSWORD)),
        ("openssl 1", fixture!("openssl-1.pfx"), Some(PASSWORD)),
        ("windows", fixture!("windows.pfx"), Some(PASSWORD)),
        ("aes 128", fixture!("aes-128.pfx"), Some(PASSWORD)),
        ("no password", fixture!("no-password.pfx"), None),
        ("an empty password", fixture!("no-password.pfx"), Some("")),
    ] {
        let read = good(file, password);
        assert_eq!(read.thumbprint, expected.thumbprint, "{name}");
        assert_eq!(
            read.key.public().as_ref(),
            expected.key.public().as_ref(),
            "{name}"
        );
        assert_eq!(read.expires(), expected.expires(), "{name}");
        assert_eq!(read.check_validity(NOW + 30 * 86_400), Ok(()), "{name}");
    }
}

#[test]
fn of_several_certificates_the_key_s_is_taken() {
    let issuer = self_signed(
        &KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key"),
        2020,
        2090,
    );
    let chain = [
        &issuer,
        certificate(),
        &issuer,
        include_str!("../fixtures/key.pem"),
    ]
    .concat();
    let alone = [certificate(), include_str!("../fixtures/key.pem")].concat();
    let (chain, alone) = (good(chain.as_bytes(), None), good(alone.as_bytes(), None));
    assert_eq!(chain.thumbprint, alone.thumbprint);
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let key = include_str!("../fixtures/key.pem");
    let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let pem = |parts: &[&str]| parts.concat().into_bytes();
    let block = |label: &str, text: &str| {
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    };
    for (file, password, expected) in [
        (Vec::new(), None, CertificateError::Unreadable),
        (b"hello".to_vec(), None, CertificateError::Unreadable),
        (vec![0x30, 0x80, 0, 0], None, CertificateError::Unreadable),
        (pem(&[certificate()]), None, CertificateError::NoKey),
        (pem(&[key]), None, CertificateError::NoCertificate),
        (
            pem(&[certificate(), key, key]),
            None,
            CertificateError::SeveralKeys,
        ),
        (
            pem(&[certificate(), include_str!("../fixtures/other-key.pem")]),
            None,
            CertificateError::OtherKey,
        ),
        (
            pem(&[&self_signed(&ec, 2020, 2090), &ec.serialize_pem()]),
            None,
            CertificateError::NotRsa,
        ),
        (
            pem(&[certificate(), &block("EC PRIVATE KEY", "AAAA")]),
            None,
            CertificateError::NotRsa,
        ),
        (
            pem(&[certificate(), include_str!("../fixtures/encrypted-key.pem")]),
            None,
            CertificateError::EncryptedPem,
        ),
        (
            pem(&[
                certificate(),
                &block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nAAAA"),
            ]),
            None,
            CertificateError::EncryptedPem,
        ),
        (
            pem(&[&block("CERTIFICATE", "AAAA"), key]),
            None,
            CertificateError::NotX509,
        ),
        (
            pem(&[&block("CERTIFICATE", "!"), key]),
            None,
            CertificateError::BrokenPem,
        ),
        (
            pem(&[certificate(), key]),
            Some("x"),
            CertificateError::PemWithPassword,
        ),
        (
            fixture!("openssl-3.pfx").to_vec(),
            None,
            CertificateError::PasswordNeeded,
        ),
        (
            fixture!("openssl-1.pfx").to_vec(),
            None,
            CertificateError::PasswordNeeded,
        ),
        (
            fixture!("openssl-3.pfx").to_vec(),
            Some("guess"),
            CertificateError::WrongPassword,
        ),
        (
            fixture!("windows.pfx").to_vec(),
            Some("guess"),
            CertificateError::WrongPassword,
        ),
        (
            fixture!("no-password.pfx").to_vec(),
            Some("guess"),
            CertificateError::WrongPassword,
        ),
        (
            fixture!("no-key.pfx").to_vec(),
            Some(PASSWORD),
            CertificateError::NoKey,
        ),
    ] {
        let error = error(&file, password);
        assert_eq!(error, expected);
        assert!(!error.hint().is_empty());
    }
    // A broken key is not shown, whatever the library says of it.
    let broken = block("RSA PRIVATE KEY", "AAAA");
    let short = std::str::from_utf8(fixture!("short-key.pem")).expect("it is text");
    for (key, reason) in [
        (&*broken, "it is damaged"),
        (short, "it is shorter than 2048 bits"),
    ] {
        let error = error(&pem(&[certificate(), key]), None);
        assert_eq!(error, CertificateError::KeyRejected(reason));
    }
}

/// What is cut short or changed anywhere ends in an error, not in a panic.
#[test]
fn a_damaged_file_is_refused() {
    for file in [
        fixture!("openssl-3.pfx"),
        fixture!("openssl-1.pfx"),
        fixture!("aes-128.pfx"),
    ] {
        for length in (0..file.len()).step_by(97) {
            error(&file[..length], Some(PASSWORD));
        }
        // The MAC is over all but its own surroundings.
        for at in (60..file.len() - 120).step_by(211) {
            let mut changed = file.to_vec();
            changed[at] ^= 0x55;
            error(&changed, Some(PASSWORD));
        }
    }
}

#[test]
fn validity_is_read_from_both_kinds_of_time() {
    let key = rsa_key();
    let read = |from, until| {
        let file = [
            self_signed(&key, from, until),
            include_str!("../fixtures/key.pem").to_owned(),
        ];
        good(file.concat().as_bytes(), None)
    };
    let (current, late) = (read(2020, 2049), read(2020, 2051));
    assert_eq!(
        (current.expires().as_str(), late.expires().as_str()),
        ("2049-01-01", "2051-01-01")
    );
    assert_eq!(current.check_validity(NOW), Ok(()));
    let expired = read(2020, 2021).check_validity(NOW);
    assert_eq!(
        expired,
        Err(CertificateError::Expired("2021-01-01".to_owned()))
    );
    let early = read(2040, 2060).check_validity(NOW);
    assert_eq!(
        early,
        Err(CertificateError::NotYetValid("2040-01-01".to_owned()))
    );
}

#[test]
fn an_assertion_is_verified_by_the_certificate() {
    use rustls_pki_types::{CertificateDer, pem::PemObject};

    let file = [certificate(), include_str!("../fixtures/key.pem")].concat();
    let read = good(file.as_bytes(), None);
    let assertion = read.assertion(&app(), NOW);
    let (signed, signature) = assertion.expose().rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).expect("Base64");
    let json = |part| serde_json::from_slice::<Value>(&decode(part)).expect("JSON");

    let der = CertificateDer::from_pem_slice(certificate().as_bytes()).expect("PEM");
    let thumbprint = BASE64URL_NOPAD.encode(digest(&SHA256, &der).as_ref());
    assert_eq!(
        json(header),
        serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
    );
    let claims = json(claims);
    assert_eq!(
        claims["aud"],
        "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
    );
    for name in ["iss", "sub"] {
        assert_eq!(claims[name], "00112233-4455-6677-8899-aabbccddeeff");
    }
    assert_eq!(
        (&claims["nbf"], &claims["exp"]),
        (&Value::from(NOW), &Value::from(NOW + 600))
    );

    let entity = webpki::EndEntityCert::try_from(&der).expect("X.509");
    let algorithm = webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY;
    let verify =
        |text: &str| entity.verify_signature(algorithm, text.as_bytes(), &decode(signature));
    assert!(verify(signed).is_ok());
    assert!(verify(&format!("{signed}x")).is_err());

    let again = read.assertion(&app(), NOW);
    let other = json(again.expose().split('.').nth(1).expect("three parts"));
    assert_ne!(other["jti"], claims["jti"], "each is new");
}
