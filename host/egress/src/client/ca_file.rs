//! `--ca-file`: certificates to trust in addition to the system's; and the variables that replace the system's.

use std::{env, ffi::OsString, fmt::Display, fs, path::Path};

use intune_sync_ids::without_bom;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::ClientError;

/// The certificates of a PEM file, at least one.
///
/// # Errors
///
/// When the file cannot be read, holds no certificate, or holds an invalid one.
pub(super) fn read(path: &Path) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let fail = |reason: &dyn Display| ClientError::CaFile {
        path: path.display().to_string(),
        reason: reason.to_string(),
    };
    let text = fs::read(path).map_err(|error| fail(&error))?;
    let text = without_bom(&text);
    if text.trim_ascii().is_empty() {
        return Err(fail(&"it is empty"));
    }
    // Added to a store only to learn whether each one can be trusted at all.
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (index, der) in CertificateDer::pem_slice_iter(text).enumerate() {
        let number = index + 1;
        let der = der.map_err(|_| fail(&format!("certificate {number} in it is not valid PEM")))?;
        let certificate = reqwest::Certificate::from_der(&der).map_err(|error| fail(&error))?;
        store.add(der).map_err(|_| {
            fail(&format!(
                "certificate {number} in it is not a valid X.509 certificate"
            ))
        })?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(fail(&"it holds no `BEGIN CERTIFICATE` block"));
    }
    Ok(certificates)
}

/// Checks the variables that name other certificates than the system's. The library that reads them passes over what is
/// not there, and then trusts nothing.
///
/// # Errors
///
/// When the file, or each of the folders, cannot be read.
pub(super) fn check_variables(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(), ClientError> {
    // Elsewhere the system's own store is used, whatever they say.
    if cfg!(any(windows, target_os = "macos")) {
        return Ok(());
    }
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(file) = set("SSL_CERT_FILE")
        && let Err(error) = fs::read(&file)
    {
        let file = file.display();
        let message = format!("`SSL_CERT_FILE` names `{file}`, which cannot be read: {error}");
        return Err(ClientError::variable("SSL_CERT_FILE", message));
    }
    if let Some(folders) = set("SSL_CERT_DIR")
        && !env::split_paths(&folders).any(|folder| fs::read_dir(folder).is_ok())
    {
        let message = format!(
            "`SSL_CERT_DIR` names `{}`, which is not a folder that can be read",
            folders.display()
        );
        return Err(ClientError::variable("SSL_CERT_DIR", message));
    }
    Ok(())
}
