//! What every answer carries, and which requests are answered at all.
//!
//! *Promises*: a page of another origin can neither read the board (no CORS, and names that a hostile
//! DNS server makes point here are refused by the `Host` header) nor frame it; what came over MQTT
//! cannot become script (`script-src 'self'`, trusted types).

use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// Script, style, image and connection of this origin, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Goes with every answer.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Refuses foreign names, and adds the headers.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = if names_this_machine(request.headers()) {
        next.run(request).await
    } else {
        let sentence =
            "This is the board of Sidetone, and it answers to localhost and 127.0.0.1 only.\n";
        (StatusCode::MISDIRECTED_REQUEST, sentence).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether the request was meant for this machine. The port is free: it may be forwarded.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    host.to_str().is_ok_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => match v6.split_once(']') {
            Some((address, "")) => address,
            Some((address, port)) if is_port(port) => address,
            _ => return false,
        },
        None => match host.split_once(':') {
            None => host,
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            Some(_) => return false,
        },
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':')
        .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machines_names_are_answered() {
        for good in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8420",
            "127.8.8.8",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example:8420",
            "127.0.0.1.evil.example",
            "10.0.0.1:8420",
            "[::2]:80",
            "[::1]evil",
            "::1",
            "localhost:80:80",
            "localhost:x",
            "[::1",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
