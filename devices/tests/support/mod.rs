//! What the audio tests share: private sound servers, applications on them, and ears.
#![allow(dead_code)] // Each test binary uses its part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may panic.

pub(crate) mod listener;
pub(crate) mod softphone;
pub(crate) mod sound_server;
pub(crate) mod spectrum;

/// Makes one test per sound server out of `fn name(kind: Kind)`.
#[macro_export]
macro_rules! on_both_servers {
    ($($name:ident),* $(,)?) => {
        mod pulseaudio {
            $(#[test] fn $name() { super::$name($crate::support::sound_server::Kind::PulseAudio) })*
        }
        mod pipewire {
            $(#[test] fn $name() { super::$name($crate::support::sound_server::Kind::PipeWire) })*
        }
    };
}

/// Polls until `condition` gives something; a loaded machine gets half a minute.
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "waited in vain: {what}"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
