//! An authority for this one machine and the one certificate it signs.
//!
//! *Promises*: the authority can vouch for `127.0.0.1` and `localhost` only (name constraints), and for
//! nothing any more once this function has returned: its key has then never left memory, and is gone.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    SanType,
};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{SystemTime, UNIX_EPOCH};
use time::{Duration, OffsetDateTime};

/// How long it holds: a little under two years.
pub const VALID_DAYS: i64 = 700;
/// It holds from the day before, for clocks that are not set yet.
const BEFORE_DAYS: i64 = 1;

/// What was made.
#[derive(Debug)]
pub(super) struct Made {
    /// The authority's certificate, as browsers' policies want it.
    pub(super) authority_der: Vec<u8>,
    /// The same as PEM.
    pub(super) authority_pem: String,
    /// The service's certificate.
    pub(super) certificate_pem: String,
    /// The service's key.
    pub(super) key_pem: String,
}

/// Makes both, for the machine of this name.
pub(super) fn make(host: &str, now: SystemTime) -> Result<Made, rcgen::Error> {
    let issuer = CertifiedIssuer::self_signed(authority(host, now), KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = leaf(now)?.signed_by(&key, &issuer)?;
    Ok(Made {
        authority_der: issuer.der().to_vec(),
        authority_pem: issuer.pem(),
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    })
}

fn authority(host: &str, now: SystemTime) -> CertificateParams {
    let mut params = dated(now);
    let name = format!("Sidetone on {host}, this machine only");
    params
        .distinguished_name
        .push(DnType::CommonName, DnValue::Utf8String(name));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(Ipv4Addr::LOCALHOST.octets(), 32)),
        ],
        // No IPv6 address at all: permitting one family would leave the other open to some readers.
        excluded_subtrees: vec![GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
            [0; 16], 0,
        ))],
    });
    params
}

fn leaf(now: SystemTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(now);
    params
        .distinguished_name
        .push(DnType::CommonName, "Sidetone, softphones of this machine");
    params.subject_alt_names = vec![
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::DnsName("localhost".try_into()?),
    ];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn dated(now: SystemTime) -> CertificateParams {
    let seconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let now = OffsetDateTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = now - Duration::days(BEFORE_DAYS);
    params.not_after = now + Duration::days(VALID_DAYS);
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::pem::parse_x509_pem;
    use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

    #[test]
    fn the_authority_can_vouch_for_this_machine_only() {
        let made = make("desk-17", SystemTime::now()).unwrap();
        let (_, authority) = X509Certificate::from_der(&made.authority_der).unwrap();
        assert!(authority.subject().to_string().contains("desk-17"));
        let basic = authority.basic_constraints().unwrap().unwrap();
        assert!(basic.critical && basic.value.ca);
        assert_eq!(basic.value.path_len_constraint, Some(0));
        let names = authority.name_constraints().unwrap().unwrap();
        assert!(names.critical);
        let permitted = names.value.permitted_subtrees.as_ref().unwrap();
        let permitted: Vec<_> = permitted.iter().map(|tree| &tree.base).collect();
        let loopback = [127, 0, 0, 1, 255, 255, 255, 255];
        assert_eq!(
            permitted,
            [
                &GeneralName::DNSName("localhost"),
                &GeneralName::IPAddress(&loopback)
            ]
        );
    }

    #[test]
    fn the_certificate_is_for_loopback_and_holds_less_than_two_years() {
        let made = make("desk-17", SystemTime::now()).unwrap();
        let (_, pem) = parse_x509_pem(made.certificate_pem.as_bytes()).unwrap();
        let leaf = pem.parse_x509().unwrap();
        let (_, authority) = X509Certificate::from_der(&made.authority_der).unwrap();
        assert_eq!(leaf.issuer(), authority.subject());
        assert!(!leaf.is_ca());
        let validity = leaf.validity();
        let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
        assert!((1..=2 * 365 * 86_400).contains(&seconds));
        let names = leaf.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 2);
        let server_only = leaf.extensions().iter().any(|extension| {
            matches!(extension.parsed_extension(), ParsedExtension::ExtendedKeyUsage(usage)
                if usage.server_auth && !usage.client_auth && !usage.any)
        });
        assert!(server_only);
    }
}
