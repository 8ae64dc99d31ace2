//! Who is answered at all, by the head of the request.
//!
//! *Promises*: only a `GET` for this machine's own name (so that no DNS server can point a foreign
//! name here), sent by a page of a site on the list, as a script or a fetch (so that nothing of ours
//! becomes a document, a frame or a worker). Each header counts only if it is there once.
//!
//! *Never* says why it refuses: the reason is for the log.

use crate::config::WebOrigin;
use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN, REFERER};
use hyper::{Method, Request};

const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A request that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The site that asks.
    pub(super) site: WebOrigin,
    /// It asks by a fetch that may read the answer only if it is named in it (CORS).
    pub(super) named: bool,
}

/// Why one is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("not a GET")]
    Method,
    #[error("meant for another host")]
    Host,
    #[error("no Referer of a site that `spokes.origins` lists")]
    Site,
    #[error("an Origin that is not the Referer's")]
    Origin,
    #[error("not asked for as a script or a fetch")]
    Destination,
}

/// Decides by the head of a request that came to `port`.
pub(super) fn admit<B>(
    request: &Request<B>,
    port: u16,
    sites: &[WebOrigin],
) -> Result<Admitted, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method);
    }
    let host = only(headers, &HOST).ok_or(Refusal::Host)?;
    if !names_this_service(host, port) {
        return Err(Refusal::Host);
    }
    let site = only(headers, &REFERER)
        .and_then(WebOrigin::of_url)
        .filter(|site| sites.contains(site))
        .ok_or(Refusal::Site)?;
    let named = headers.contains_key(&ORIGIN);
    if named && only(headers, &ORIGIN) != Some(site.as_str()) {
        return Err(Refusal::Origin);
    }
    match only(headers, &FETCH_DEST) {
        Some("script" | "empty") => {}
        // Not a browser: it could write the header as well.
        None if !headers.contains_key(&FETCH_DEST) => {}
        _ => return Err(Refusal::Destination),
    }
    Ok(Admitted { site, named })
}

/// The value of a header that is there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn names_this_service(host: &str, port: u16) -> bool {
    host.split_once(':').is_some_and(|(name, digits)| {
        (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
            && digits == port.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "https://apps.example.com";

    fn decide(headers: &[(&str, &str)]) -> Result<Admitted, Refusal> {
        let mut request = Request::builder().method("GET");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        admit(&request, 32018, &[SITE.parse().unwrap()])
    }

    const GOOD: [(&str, &str); 3] = [
        ("host", "127.0.0.1:32018"),
        ("referer", "https://apps.example.com/"),
        ("sec-fetch-dest", "script"),
    ];

    fn with(changed: &[(&str, &str)]) -> Result<Admitted, Refusal> {
        let kept = GOOD
            .iter()
            .filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
        let changed = changed.iter().filter(|(_, value)| !value.is_empty());
        decide(&kept.chain(changed).copied().collect::<Vec<_>>())
    }

    #[test]
    fn a_script_of_a_listed_site_is_answered() {
        let script = Admitted {
            site: SITE.parse().unwrap(),
            named: false,
        };
        assert_eq!(with(&[]), Ok(script.clone()));
        assert_eq!(with(&[("host", "LOCALHOST:32018")]), Ok(script.clone()));
        assert_eq!(with(&[("sec-fetch-dest", "")]), Ok(script.clone()));
        let fetch = [("sec-fetch-dest", "empty"), ("origin", SITE)];
        let named = Admitted {
            named: true,
            ..script
        };
        assert_eq!(with(&fetch), Ok(named));
    }

    #[test]
    fn nobody_else_is() {
        for (name, value, refusal) in [
            ("host", "", Refusal::Host),
            ("host", "127.0.0.1", Refusal::Host),
            ("host", "127.0.0.1:32017", Refusal::Host),
            ("host", "rebound.example:32018", Refusal::Host),
            ("referer", "", Refusal::Site),
            ("referer", "https://evil.example/", Refusal::Site),
            (
                "referer",
                "https://apps.example.com.evil.example/",
                Refusal::Site,
            ),
            (
                "referer",
                "https://apps.example.com@evil.example/",
                Refusal::Site,
            ),
            ("referer", "http://apps.example.com/", Refusal::Site),
            ("referer", "https://apps.example.com:8443/", Refusal::Site),
            ("origin", "https://evil.example", Refusal::Origin),
            ("origin", "null", Refusal::Origin),
            ("sec-fetch-dest", "document", Refusal::Destination),
            ("sec-fetch-dest", "iframe", Refusal::Destination),
            ("sec-fetch-dest", "image", Refusal::Destination),
        ] {
            assert_eq!(with(&[(name, value)]), Err(refusal), "{name}: {value}");
        }
        for name in ["host", "referer", "sec-fetch-dest"] {
            let (_, value) = GOOD.iter().find(|(header, _)| *header == name).unwrap();
            assert!(with(&[(name, value), (name, value)]).is_err(), "two {name}");
        }
        let post = Request::builder().method("POST").body(()).unwrap();
        assert_eq!(admit(&post, 32018, &[]), Err(Refusal::Method));
    }
}
