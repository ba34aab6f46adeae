//! `--auth client-certificate`: an app registration that signs its own assertions, over TLS. The simulated token
//! endpoint verifies them by the app's certificate.

use std::{fs, path::Path};

use intune_sync_simulator::Config;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, date_time_ymd};

use crate::{
    entra::Entra,
    program::{Finished, Program, write_secret},
    sources::{APP, CERTIFICATE, KEY, TENANT},
    tenant::healthy,
};

const PASSWORD: &str = "a päss word";
const OTHER_KEY: &str = include_str!("../../host/certificate/fixtures/other-key.pem");
const ENCRYPTED_KEY: &str = include_str!("../../host/certificate/fixtures/encrypted-key.pem");
const PFX: &[u8] = include_bytes!("../../host/certificate/fixtures/openssl-3.pfx");
const OLD_PFX: &[u8] = include_bytes!("../../host/certificate/fixtures/openssl-1.pfx");

fn registered(mut config: Config) -> Entra {
    config.entra.certificate = Some(CERTIFICATE.to_owned());
    Entra::new(config, &[CERTIFICATE, KEY].concat())
}

fn sync(entra: &Entra) -> Program {
    entra
        .sync("client-certificate")
        .env(
            "INTUNE_SYNC_CLIENT_CERTIFICATE_FILE",
            &entra.file().display().to_string(),
        )
        .env("INTUNE_SYNC_TENANT_ID", TENANT)
        .env("INTUNE_SYNC_CLIENT_ID", APP)
}

/// Nothing of a private key or a password is in what it says.
fn shows_no_secret(finished: &Finished) {
    let shown = format!("{}{}", finished.stdout, finished.stderr);
    for key in [KEY, OTHER_KEY, ENCRYPTED_KEY] {
        for line in key
            .lines()
            .filter(|line| line.len() > 8 && !line.starts_with('-'))
        {
            assert!(!shown.contains(line), "{finished:?}");
        }
    }
    for secret in [PASSWORD, "eyJ", "BEGIN"] {
        assert!(!shown.contains(secret), "{finished:?}");
    }
}

/// A certificate for this key, valid in these years.
fn self_signed(key: &KeyPair, from: i32, until: i32) -> String {
    let mut params = CertificateParams::new(Vec::new()).expect("no name to be wrong");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.self_signed(key).expect("a certificate").pem()
}

#[test]
fn pem_and_pfx_prove_who_the_app_is() {
    let entra = registered(healthy(5));
    let finished = sync(&entra).args(["-v"]).run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let described = format!(
        "tokens come from: client certificate in `{}`, which expires on 2126-11-02, app `{APP}` in tenant `{TENANT}`",
        entra.file().display()
    );
    assert!(finished.stderr.contains(&described), "{finished:?}");
    shows_no_secret(&finished);

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        write_secret(&path, "");
        fs::write(&path, content).expect("written");
        path.display().to_string()
    };
    let password = file("password", format!("{PASSWORD}\r\n").as_bytes());
    for pfx in [PFX, OLD_PFX] {
        let pfx = file("app.pfx", pfx);
        let finished = sync(&entra)
            .args(["--client-certificate-file", &pfx])
            .args(["--client-certificate-password-file", &password])
            .run();
        assert_eq!(finished.code, 0, "{finished:?}");
        shows_no_secret(&finished);
        let piped = sync(&entra)
            .args(["--client-certificate-file", &pfx])
            .args(["--client-certificate-password-file", "-"])
            .run_with_input(PASSWORD);
        assert_eq!(piped.code, 0, "{piped:?}");
    }
    let piped = sync(&entra)
        .args(["--client-certificate-file", "-"])
        .run_with_input(&[KEY, CERTIFICATE].concat());
    assert_eq!(piped.code, 0, "{piped:?}");
    let statistics = entra.tenant.statistics();
    let asked = [format!("tenant={TENANT}"), format!("client_id={APP}")];
    assert_eq!(statistics.identities, asked.into());
    assert_eq!(statistics.tokens_issued, 6);
    assert!(entra.front.seen().iter().all(|seen| seen.protocol == "h2"));
}

#[test]
fn a_file_that_cannot_be_used_is_named_before_anything_is_sent() {
    let rsa = KeyPair::from_pem_and_sign_algo(KEY, &PKCS_RSA_SHA256).expect("an RSA key");
    let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let entra = registered(healthy(5));
    let shown = entra.file().display().to_string();
    let folder = entra.file();
    let folder = folder.parent().expect("it has one");
    let password = folder.join("password");
    write_secret(&password, "guess-7f3a");
    let run = |content: &[u8], password: Option<&Path>| {
        fs::write(entra.file(), content).expect("written");
        let sync = match password {
            Some(path) => sync(&entra).env(
                "INTUNE_SYNC_CLIENT_CERTIFICATE_PASSWORD_FILE",
                &path.display().to_string(),
            ),
            None => sync(&entra),
        };
        sync.run()
    };
    let text = |parts: &[&str]| parts.concat().into_bytes();
    let takes = "PEM with one certificate and its RSA key";
    for (content, with_password, problem, hint) in [
        (b"hello".to_vec(), false, "is neither PEM nor PFX", takes),
        (Vec::new(), false, "is neither PEM nor PFX", takes),
        (text(&[CERTIFICATE]), false, "holds no private key", takes),
        (text(&[KEY]), false, "holds no certificate", takes),
        (
            text(&[CERTIFICATE, OTHER_KEY]),
            false,
            "holds a private key that belongs to none of its certificates",
            takes,
        ),
        (
            text(&[&self_signed(&ec, 2020, 2090), &ec.serialize_pem()]),
            false,
            "holds a private key that is not an RSA key",
            "Entra ID takes assertions signed by an RSA key",
        ),
        (
            text(&[CERTIFICATE, ENCRYPTED_KEY]),
            false,
            "holds an encrypted private key",
            "`openssl pkcs8",
        ),
        (
            text(&[&self_signed(&rsa, 2019, 2020), KEY]),
            false,
            "holds a certificate that expired on 2020-01-01",
            "make a new certificate",
        ),
        (
            text(&[&self_signed(&rsa, 2090, 2091), KEY]),
            false,
            "holds a certificate that is not valid before 2090-01-01",
            "check the clock",
        ),
        (
            PFX.to_vec(),
            false,
            "needs a password",
            "`--client-certificate-password-file`",
        ),
        (
            PFX.to_vec(),
            true,
            "does not open with the password",
            "the password of the PFX file",
        ),
        (
            text(&[CERTIFICATE, KEY]),
            true,
            "is PEM, which takes no password",
            "leave `--client-certificate-password-file` out",
        ),
    ] {
        let finished = run(&content, with_password.then_some(password.as_path()));
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{finished:?}"
        );
        let (error, told) = finished.error();
        assert_eq!(error, format!("the file `{shown}` {problem}"));
        assert!(told.contains(hint), "{hint}: {finished:?}");
        assert!(!finished.stderr.contains("guess-7f3a"), "{finished:?}");
        shows_no_secret(&finished);
    }
    let missing = folder.join("missing").display().to_string();
    for flag in ["CERTIFICATE", "CERTIFICATE_PASSWORD"] {
        fs::write(entra.file(), PFX).expect("written");
        let finished = sync(&entra)
            .env(&format!("INTUNE_SYNC_CLIENT_{flag}_FILE"), &missing)
            .run();
        assert_eq!(finished.code, 2, "{finished:?}");
        let (error, _) = finished.error();
        assert!(
            error.contains(&format!("`{missing}` cannot be read")),
            "{error}"
        );
    }
    assert_eq!(entra.tenant.statistics().requests.total(), 0);
    assert_eq!(entra.front.seen(), []);
}

#[test]
fn each_refusal_has_its_own_hint() {
    // Another certificate is registered than the one in the file.
    let rsa = KeyPair::from_pem_and_sign_algo(OTHER_KEY, &PKCS_RSA_SHA256).expect("an RSA key");
    let mut config = healthy(5);
    config.entra.certificate = Some(self_signed(&rsa, 2020, 2090));
    let entra = Entra::new(config, &[CERTIFICATE, KEY].concat());
    let finished = sync(&entra).run();
    entra.denied(
        &finished,
        "returned 401: AADSTS700027: ",
        "upload the certificate in `--client-certificate-file`",
    );
    shows_no_secret(&finished);

    let mut config = healthy(5);
    config.entra.certificate_expired = true;
    let entra = registered(config);
    let finished = sync(&entra).run();
    entra.denied(&finished, "AADSTS7000222", "the certificate has expired");

    // By the tenant's clock, the assertion was over long ago.
    let mut config = healthy(5);
    config.clock_ahead_ms = 3_600_000;
    let entra = registered(config);
    let finished = sync(&entra).run();
    entra.denied(&finished, "AADSTS700024", "check the clock of this machine");

    let entra = registered(healthy(5));
    let other = sync(&entra).args(["--tenant-id", "contoso.com"]).run();
    entra.denied(&other, "returned 400: AADSTS90002: ", "`--cloud`");
}

#[test]
fn no_variable_sends_an_assertion_elsewhere() {
    let entra = registered(healthy(5));
    let host = "https://login.example";
    let finished = sync(&entra).env("AZURE_AUTHORITY_HOST", host).run();
    entra.denied(
        &finished,
        &format!("no secret is sent to `{host}`, which `AZURE_AUTHORITY_HOST` names"),
        "unset `AZURE_AUTHORITY_HOST`",
    );
    assert_eq!(entra.tenant.statistics().requests.total(), 0);
}

#[test]
fn the_doctor_says_which_certificate_it_is_and_until_when() {
    let entra = registered(healthy(5));
    let file = entra.file().display().to_string();
    let finished = entra
        .doctor("client-certificate")
        .args([
            "--client-certificate-file",
            &file,
            "--tenant-id",
            TENANT,
            "--client-id",
            APP,
        ])
        .run();
    assert_eq!(finished.code, 0, "{finished:?}");
    let identity =
        format!("client certificate in `{file}`, which expires on 2126-11-02, app `{APP}`");
    assert!(finished.stdout.contains(&identity), "{finished:?}");
    shows_no_secret(&finished);
}
