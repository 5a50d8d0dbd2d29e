//! TLS as `sslmode` asks for it: who a server must be, and who we are.
//! Never reads a file: certificates come in.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What a server's certificate must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Anything.
    Nothing,
    /// That somebody trusted signed it.
    Chain,
    /// That, and the name of the server.
    ChainAndName,
}

/// The client's own certificate and its key, in PEM.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub certificate: &'a [u8],
    pub key: &'a [u8],
}

/// Reads certificates in PEM.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no certificate".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// Makes what a connection is encrypted with.
pub fn config(
    demand: Demand,
    roots: Vec<CertificateDer<'static>>,
    client: Option<Client<'_>>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(demand, roots, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(client) = client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(client.certificate).map_err(|fault| format!("its `sslcert` {fault}"))?;
    let key = PrivateKeyDer::from_pem_slice(client.key)
        .map_err(|_| "its `sslkey` holds no private key in PEM without a passphrase".to_owned())?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("its `sslcert` and `sslkey` do not go together: {error}"))
}

/// Judges a server's certificate as libpq would.
#[derive(Debug)]
struct Verifier {
    demand: Demand,
    roots: Vec<CertificateDer<'static>>,
    /// None where nobody is trusted, and nothing asked.
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(
        demand: Demand,
        roots: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Verifier, String> {
        let chain = match demand {
            Demand::Nothing => None,
            Demand::Chain | Demand::ChainAndName => {
                let mut store = RootCertStore::empty();
                // One that is too old to be read is of no use, and does not spoil the others.
                store.add_parsable_certificates(roots.iter().cloned());
                let built =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build();
                Some(built.map_err(|_| "there is nobody whom it could trust".to_owned())?)
            }
        };
        Ok(Verifier { demand, roots, chain, provider: provider.clone() })
    }

    fn check_name(&self, server: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
        match self.demand {
            Demand::Nothing | Demand::Chain => Ok(()),
            Demand::ChainAndName => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(server)?, name)
            }
        }
    }
}

/// Tells of a certificate that is well signed, and for another name.
fn is_another_name(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(server, between, name, ocsp, now) {
            Ok(verified) => Ok(verified),
            Err(error) if self.demand == Demand::Chain && is_another_name(&error) => {
                Ok(ServerCertVerified::assertion())
            }
            // A certificate that signed itself is trusted where it is named itself, as OpenSSL does.
            Err(_) if self.roots.iter().any(|root| root == server) => {
                self.check_name(server, name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert_eq!(certificates(b"").unwrap_err(), "holds no certificate");
        assert!(certificates(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").is_err());
        assert!(config(Demand::Nothing, Vec::new(), None).is_ok());
        assert!(config(Demand::ChainAndName, Vec::new(), None).unwrap_err().contains("nobody"));
    }
}
