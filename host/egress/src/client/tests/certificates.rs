//! Certificates that are named by a flag or a variable.

use super::*;

#[test]
fn a_bad_ca_file_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let pem =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    for (name, content, reason) in [
        ("missing.pem", None, "No such file"),
        ("empty.pem", Some(" \n".to_owned()), "it is empty"),
        (
            "text.pem",
            Some("hello".to_owned()),
            "no `BEGIN CERTIFICATE` block",
        ),
        (
            "base64.pem",
            Some(pem("!!")),
            "certificate 1 in it is not valid PEM",
        ),
        (
            "der.pem",
            Some(pem("AAAA")),
            "certificate 1 in it is not a valid X.509 certificate",
        ),
    ] {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).expect("written");
        }
        let error = HttpClient::new(ClientOptions {
            ca_file: Some(path.clone()),
        })
        .err()
        .expect("refused");
        let text = error.to_string();
        assert!(
            text.contains(&path.display().to_string()) && text.contains(reason),
            "{text}"
        );
    }
}

#[test]
fn a_good_ca_file_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    for mark in ["", "\u{feff}"] {
        std::fs::write(&path, format!("{mark}{CA}")).expect("written");
        assert_eq!(ca_file::read(&path).expect("a certificate").len(), 1);
    }
    HttpClient::new(ClientOptions {
        ca_file: Some(path),
    })
    .expect("a client");
}

#[test]
fn variables_that_name_certificates_which_are_not_there_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = folder.path().display().to_string();
    let check = |name: &'static str, value: &str| {
        ca_file::check_variables(|asked| (asked == name).then(|| value.into()))
    };
    for (name, value) in [
        ("SSL_CERT_FILE", "/nowhere/ca.pem".to_owned()),
        ("SSL_CERT_FILE", there.clone()),
        ("SSL_CERT_DIR", "/nowhere".to_owned()),
    ] {
        let error = check(name, &value).expect_err(name).to_string();
        let expected = format!("`{name}` names `{value}`, which ");
        assert!(error.starts_with(&expected), "{error}");
    }
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, CA).expect("written");
    for (name, value) in [
        ("SSL_CERT_FILE", file.display().to_string()),
        ("SSL_CERT_FILE", String::new()),
        ("SSL_CERT_DIR", there.clone()),
        ("SSL_CERT_DIR", format!("/nowhere:{there}")),
        ("SSL_CERT_DIR", String::new()),
    ] {
        assert_eq!(check(name, &value), Ok(()), "{name}={value}");
    }
}

/// A self-signed certificate made for this test; its key was thrown away.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBkjCCATmgAwIBAgIUQV06tsqwviCvPBeNe1yRr79DvhcwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTaW50dW5lLXN5bmMgdGVzdCBDQTAgFw0yNjExMjMwNTEyMjJa
GA8yMTI2MTAzMDA1MTIyMlowHjEcMBoGA1UEAwwTaW50dW5lLXN5bmMgdGVzdCBD
QTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDT55o8YxrcnBQt6ts0yVHhT3k+/
7fKTcGYMOP74d3THi+NNN67spmSE58FAkn9X6b57wwMkeHsYt9O3h/zaCJajUzBR
MB0GA1UdDgQWBBSmr9uaf2pfriFuxU5F8qGyjuAT4zAfBgNVHSMEGDAWgBSmr9ua
f2pfriFuxU5F8qGyjuAT4zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA
MEQCIAqPjp6zlz9jE9bFo98w/wQu9pBWizlyGfKX/u28vGqiAiAl12ECWvkLy9k0
18TXoxzHNEW/NWFahsdDL+pUVplMfw==
-----END CERTIFICATE-----
";
