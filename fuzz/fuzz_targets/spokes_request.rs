//! Requests as any page may send them to the local service.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone::softphone::spokes::request::{Asked, Request, limits};

fuzz_target!(|input: &[u8]| {
    let Ok(target) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(asked) = Asked::parse(target) else {
        return;
    };
    if let Some(callback) = asked.callback {
        let name = callback.as_str();
        assert!((1..=limits::CALLBACK_BYTES).contains(&name.len()));
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_$.".contains(&b))
        );
    }
    match asked.request {
        Request::Register(name) | Request::CallEvents(name) => {
            assert!((1..=limits::NAME_BYTES).contains(&name.as_str().len()));
        }
        Request::Call { id: Some(id), .. } => assert!(id.get() <= limits::CALL_ID),
        _ => {}
    }
});
