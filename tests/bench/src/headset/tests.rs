//! The headset as the kernel drives it: transfers in, replies out.

use super::*;
use crate::faults::Decibel;
use crate::leak::Leak;
use crate::usbip::{HEADER_LEN, IsoPacket};

fn headset() -> Headset {
    let identity = Identity {
        vendor: 0x047f,
        product: 0xc056,
    };
    Headset::new(identity, Microphone::default(), Frame(1000))
}

fn iso(seq: u32, endpoint: u8, packets: u32, sample: Option<i16>) -> Request {
    let (direction, length) = match sample {
        Some(_) => (Direction::Out, 192),
        None => (Direction::In, 96),
    };
    let data = sample.map_or_else(Vec::new, |s| s.to_le_bytes().repeat(packets as usize * 96));
    Request::Submit(Submit {
        seq,
        direction,
        endpoint,
        length: length * packets,
        setup: [0; 8],
        data,
        packets: (0..packets)
            .map(|i| IsoPacket {
                offset: i * length,
                length,
            })
            .collect(),
    })
}

fn interrupt(seq: u32) -> Request {
    Request::Submit(Submit {
        seq,
        direction: Direction::In,
        endpoint: HID_ENDPOINT,
        length: 64,
        setup: [0; 8],
        data: Vec::new(),
        packets: Vec::new(),
    })
}

#[test]
fn transfers_are_answered_in_their_frames_however_late_the_process_runs() {
    let mut headset = headset();
    headset.request(iso(1, MICROPHONE_ENDPOINT, 4, None));
    assert_eq!(headset.due(), Some(Frame(1004)));
    headset.advance(Frame(1003));
    assert!(headset.take_replies().is_empty());
    headset.request(iso(2, MICROPHONE_ENDPOINT, 4, None));
    headset.advance(Frame(1050));
    assert_eq!(
        headset.take_replies().len(),
        2 * (HEADER_LEN + 4 * 96 + 4 * 16)
    );
}

#[test]
fn what_is_played_is_heard_in_the_microphone_after_the_leaks_delay() {
    let mut headset = headset();
    headset.microphone.leak = Some(Leak::new(Decibel(0.0), 2));
    headset.request(iso(1, SPEAKER_ENDPOINT, 1, Some(16_000)));
    headset.request(iso(2, MICROPHONE_ENDPOINT, 6, None));
    headset.advance(Frame(1006));
    let replies = headset.take_replies();
    let sound = &replies[HEADER_LEN + 16 + HEADER_LEN..][..6 * 96];
    let loud: Vec<usize> = sound
        .chunks_exact(96)
        .map(|f| f.chunks_exact(2).filter(|s| s[1] as i8 > 8).count())
        .collect();
    assert_eq!(&loud[..2], [0, 0]);
    assert!(
        loud[2] >= 17,
        "the direct sound of frame 1 arrives in frame 3: {loud:?}"
    );
}

#[test]
fn reports_wait_for_the_host_to_ask_and_keep_their_order() {
    let mut headset = headset();
    let library = Library::default();
    headset.command(Command::Hook(true), &library).unwrap();
    headset
        .command(Command::QuickDisconnect(true), &library)
        .unwrap();
    assert!(headset.take_replies().is_empty());
    headset.request(interrupt(5));
    headset.request(interrupt(6));
    assert_eq!(
        headset.take_log(),
        ["REPORT SENT 02 01", "REPORT SENT 03 51 01 00 00 00 00 00"]
    );
    headset.request(interrupt(7));
    headset.take_replies();
    headset.request(Request::Unlink { seq: 8, victim: 7 });
    let status = &headset.take_replies()[20..24];
    assert_eq!(status, UNLINKED.to_be_bytes());
}

#[test]
fn the_mute_button_mutes_and_tells_and_survives_replugging() {
    let mut headset = headset();
    headset
        .command(Command::Press(Press::Mute), &Library::default())
        .unwrap();
    headset.request(interrupt(5));
    headset.request(interrupt(6));
    assert_eq!(
        headset.take_log(),
        ["REPORT SENT 02 02", "REPORT SENT 02 00"]
    );
    assert!(headset.into_microphone().muted);
}

#[test]
fn an_unknown_recording_is_an_error_and_changes_nothing() {
    let mut headset = headset();
    let speak = Command::Speak {
        name: "nobody.wav".to_owned(),
        repeat: false,
    };
    assert!(headset.command(speak, &Library::default()).is_err());
    assert!(matches!(headset.microphone.voice, Voice::Silent));
}
