//! The broker's certificate and this node's own: believed, of the right name, and not about to expire.

use super::broker::runtime;
use crate::doctor::{Check, Desk, Finding};
use crate::uplink::config::{BrokerConfig, ClientCertificate};
use crate::uplink::{BrokerFault, Presented, handshake};
use rumqttc::tokio_rustls::rustls::crypto::ring;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use rumqttc::tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rumqttc::tokio_rustls::rustls::sign::CertifiedKey;
use rumqttc::tokio_rustls::rustls::{CertificateError, Error};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::time::ASN1Time;

pub(super) const CHECK: Check = Check {
    id: "certificate",
    about: "the broker's certificate and this node's are believed, rightly named, and last another 30 days",
    run,
};

const PATIENCE: Duration = Duration::from_secs(4);

/// So early a renewal is still without haste, in seconds.
const SOON_S: i64 = 30 * 24 * 3600;

fn run(desk: &Desk) -> Vec<Finding> {
    let Some(config) = desk.config() else {
        return vec![Finding::skipped("The configuration is not valid.")];
    };
    let broker = BrokerConfig::from(&config.broker);
    let brokers: Vec<_> = broker.each().into_iter().filter(|b| b.url.tls).collect();
    if brokers.is_empty() {
        return vec![Finding::skipped(format!("{} is without TLS.", broker.url))];
    }
    let node = config.node.effective_name();
    let own = broker
        .client
        .as_ref()
        .map(|client| own_certificate(client, node.as_ref().map(|name| name.as_str())));
    own.into_iter()
        .chain(brokers.iter().map(brokers_own))
        .collect()
}

fn brokers_own(broker: &BrokerConfig) -> Finding {
    let Ok(runtime) = runtime() else {
        return Finding::skipped("The system has no room for another event loop.");
    };
    let presented = runtime.block_on(handshake(broker, PATIENCE));
    runtime.shutdown_background();
    match presented {
        Ok(Some(presented)) => judge(broker, &presented),
        Ok(None) => Finding::skipped("The broker has shown no certificate."),
        Err(BrokerFault::Unreadable { path, key, why }) => Finding::problem(
            format!("{} cannot be used: {why}.", path.display()),
            format!("correct {key}"),
        ),
        Err(fault) => Finding::problem(format!("{fault}."), "correct broker.ca_file"),
    }
}

fn judge(broker: &BrokerConfig, presented: &Presented) -> Finding {
    let url = &broker.url;
    let Ok((_, certificate)) = X509Certificate::from_der(&presented.certificate) else {
        return Finding::problem(
            format!("{url} presents something that is no certificate."),
            "give the broker a valid certificate",
        );
    };
    let until = certificate.validity().not_after;
    let Some(fault) = &presented.fault else {
        return lasts(
            &format!("The certificate of {url}"),
            until,
            "renew the broker's certificate",
        );
    };
    use CertificateError as C;
    match fault {
        Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => Finding::problem(
            format!("The certificate of {url} has expired on {}.", date(until)),
            "renew the broker's certificate; if the date is right, correct this clock",
        ),
        Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            let from = date(certificate.validity().not_before);
            Finding::problem(
                format!(
                    "The certificate of {url} is valid from {from} only: this clock is slow, or the broker's certificate too new."
                ),
                "sudo timedatectl set-ntp true",
            )
        }
        Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            let names = names(&certificate);
            let first = names.first().cloned().unwrap_or_else(|| "NAME".to_owned());
            Finding::problem(
                format!(
                    "The certificate of {url} is for {}, not for {}.",
                    listed(&names),
                    url.host
                ),
                format!(
                    "write the name the certificate has into broker.url: mqtts://{first}:{}",
                    url.port
                ),
            )
        }
        Error::InvalidCertificate(C::UnknownIssuer) => Finding::problem(
            format!(
                "The certificate of {url} is signed by \"{}\", which is not believed here.",
                certificate.issuer()
            ),
            match &broker.ca_file {
                Some(file) => format!(
                    "put that authority's certificate into {} (broker.ca_file)",
                    file.display()
                ),
                None => "set broker.ca_file to that authority's certificate".to_owned(),
            },
        ),
        other => Finding::problem(
            format!("The certificate of {url} is not believed ({other})."),
            "give the broker a certificate for a server (extendedKeyUsage serverAuth), not an authority's",
        ),
    }
}

fn own_certificate(client: &ClientCertificate, node: Option<&str>) -> Finding {
    let file = client.cert_file.display();
    let unusable =
        |why: &str, key: &str| Finding::problem(format!("{why}."), format!("correct {key}"));
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&client.cert_file).and_then(Iterator::collect);
    let chain: Vec<CertificateDer<'static>> = match chain {
        Ok(chain) if !chain.is_empty() => chain,
        Ok(_) => {
            return unusable(
                &format!("{file} holds no certificate"),
                "broker.client_cert",
            );
        }
        Err(error) => {
            return unusable(
                &format!("{file} cannot be used ({error})"),
                "broker.client_cert",
            );
        }
    };
    let Ok((_, certificate)) = X509Certificate::from_der(&chain[0]) else {
        return unusable(
            &format!("{file} holds no valid certificate"),
            "broker.client_cert",
        );
    };
    let key_file = client.key_file.display();
    let key = PrivateKeyDer::from_pem_file(&client.key_file)
        .map_err(|error| error.to_string())
        .and_then(|key| ring::sign::any_supported_type(&key).map_err(|e| e.to_string()));
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            return unusable(
                &format!("{key_file} cannot be used ({error})"),
                "broker.client_key",
            );
        }
    };
    if CertifiedKey::new(chain.clone(), key).keys_match().is_err() {
        return Finding::problem(
            format!("The key {key_file} does not belong to the certificate {file}."),
            "set broker.client_cert and broker.client_key to the two that were made together",
        );
    }
    let validity = certificate.validity();
    let now = now();
    if validity.not_before.timestamp() > now {
        return Finding::problem(
            format!(
                "This node's certificate {file} is valid from {} only; the clock may be slow.",
                date(validity.not_before)
            ),
            "sudo timedatectl set-ntp true",
        );
    }
    if validity.not_after.timestamp() < now {
        return Finding::problem(
            format!(
                "This node's certificate {file} has expired on {}.",
                date(validity.not_after)
            ),
            format!("have a new one signed, and put it in place of {file} (no restart is needed)"),
        );
    }
    let name = certificate.subject().iter_common_name().next();
    let name = name.and_then(|name| name.as_str().ok()).unwrap_or_default();
    if let Some(node) = node.filter(|node| *node != name) {
        return Finding::warning(
            format!(
                "This node is called {node:?}, and its certificate {file} {name:?}: a broker that checks topics by certificate refuses its messages."
            ),
            format!("set node.name = {name:?}"),
        );
    }
    lasts(
        &format!("This node's certificate {file}"),
        validity.not_after,
        &format!("have a new one signed, and put it in place of {file} (no restart is needed)"),
    )
}

pub(super) fn lasts(whose: &str, until: ASN1Time, renew: &str) -> Finding {
    let left = until.timestamp() - now();
    if left < SOON_S {
        let days = left.max(0) / (24 * 3600);
        return Finding::warning(
            format!("{whose} expires on {}, in {days} days.", date(until)),
            renew,
        );
    }
    Finding::ok(format!("{whose} is valid until {}.", date(until)))
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// `2026-11-25`
fn date(time: ASN1Time) -> String {
    let date = time.to_datetime().date();
    format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    )
}

/// The names and addresses a certificate is for.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.into_iter().flat_map(|a| &a.value.general_names);
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
                Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
                Err(_) => {
                    let v6 = <[u8; 16]>::try_from(*bytes).ok()?;
                    Some(std::net::Ipv6Addr::from(v6).to_string())
                }
            },
            _ => None,
        })
        .collect()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no name at all".to_owned(),
        names => names.join(", "),
    }
}
