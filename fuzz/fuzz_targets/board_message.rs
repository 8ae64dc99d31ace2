//! What anybody at the broker may send to the board: the fold takes it or counts it, and repeats nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_hub::{Applied, FleetState};
use sidetone_wire::OrgName;

fuzz_target!(|input: &[u8]| {
    let mut fleet = FleetState::new(OrgName::new("acme").expect("a name"));
    // Messages parted by a zero byte, each a line of topic and then its payload.
    for (n, message) in input.split(|byte| *byte == 0).enumerate() {
        let (topic, payload) = message
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or((message, &[][..]), |at| {
                (&message[..at], &message[at + 1..])
            });
        let Ok(topic) = std::str::from_utf8(topic) else {
            continue;
        };
        let now_ms = 1_700_000_000_000 + n as u64;
        let first = fleet.apply(topic, payload, now_ms);
        let kept = fleet.nodes().clone();
        let again = fleet.apply(topic, payload, now_ms);
        if let Applied::Refused(_) = first {
            assert!(matches!(again, Applied::Refused(_)));
        }
        if let Applied::Event(_) = first {
            assert_eq!(again, Applied::Repetition);
        }
        assert_eq!(fleet.nodes().len(), kept.len());
    }
});
