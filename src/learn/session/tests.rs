//! Whole conversations, without a headset or a terminal.

use super::*;
use sidetone_devices::headset::{ProductId, VendorId};
use sidetone_devices::hid::capture::Doer;

/// Report 3: seven vendor bytes.
const DESCRIPTOR: &[u8] = &[
    0x06, 0xa0, 0xff, 0x09, 1, 0xa1, 1, 0x85, 3, 0x15, 0, 0x26, 0xff, 0, 0x75, 8, 0x95, 7, 0x09, 1,
    0x81, 2, 0xc0,
];

struct Desk {
    session: Session,
    at: Duration,
    said: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        let capture = Capture {
            vendor: VendorId(0x1234),
            product: ProductId(0x5678),
            name: "X".to_owned(),
            firmware: None,
            recorded: "2026-01-02".to_owned(),
            program: "sidetone 0.1.0".to_owned(),
            by: Doer::Person,
            notes: Vec::new(),
            learned: Vec::new(),
            quirk: None,
            interfaces: vec![DESCRIPTOR.to_vec()],
            phases: Vec::new(),
        };
        let serial = Some("SERIAL".to_owned());
        let session = Session::new(capture, None, serial, Duration::from_secs(5));
        let mut desk = Self {
            session,
            at: Duration::ZERO,
            said: Vec::new(),
        };
        desk.expect("[quiet]");
        desk
    }

    fn pass(&mut self, ms: u64) -> &mut Self {
        self.at += Duration::from_millis(ms);
        self.session.tick(self.at);
        self.said.extend(self.session.take_lines());
        self
    }

    fn rest(&mut self) -> &mut Self {
        self.pass(5000)
    }

    fn sends(&mut self, report: &[u8]) -> &mut Self {
        let bytes = report.to_vec();
        let interface = 0;
        self.session
            .sent(self.at, What::Report { interface, bytes });
        self.pass(10)
    }

    fn happens(&mut self, what: What) -> &mut Self {
        self.session.sent(self.at, what);
        self.pass(10)
    }

    fn types(&mut self, line: &str) -> &mut Self {
        self.session.key(self.at, Key::of(line));
        self.pass(0).pass(500)
    }

    /// A line with this was said since the last time that something was expected.
    fn expect(&mut self, what: &str) -> &mut Self {
        self.pass(0);
        let at = self.said.iter().position(|line| line.contains(what));
        let at = at.unwrap_or_else(|| panic!("no `{what}` in {:#?}", self.said));
        self.said.drain(..=at);
        self
    }

    fn step(&mut self, on: &[u8], off: &[u8]) -> &mut Self {
        for _ in 0..2 {
            self.sends(on).types("").sends(off).types("");
        }
        self
    }
}

#[test]
fn a_whole_conversation_asks_each_thing_twice_and_says_what_it_understood() {
    let mut desk = Desk::new();
    desk.rest()
        .expect("nothing moves by itself")
        .expect("[mute 1/2] Mute")
        .sends(&[3, 0x9c, 1])
        .expect("report 3 byte 2 bit 0: 0→1")
        .types("")
        .expect("[mute 1/2] Take the mute back")
        .sends(&[3, 0x9c, 0])
        .types("")
        .expect("[mute 2/2] Mute")
        .sends(&[3, 0x9c, 1])
        .types("")
        .sends(&[3, 0x9c, 0])
        .types("")
        .expect("→ mute: learned, report 3 byte 2 bit 0, where byte 1 is 0x9c, = mute_state")
        .expect("[quick disconnect 1/2] Pull")
        .step(&[3, 0x51, 1], &[3, 0x51, 0])
        .expect("= qd_open")
        .expect("[volume 1/2]")
        .types("s")
        .expect("the volume keys left out")
        .expect("[hook 1/2]")
        .types("s");
    assert!(desk.session.is_over());
    let (capture, tried) = desk.session.into_capture();
    assert_eq!(tried, STEPS);
    let counted = capture.phases.iter().filter(|phase| phase.counted).count();
    assert_eq!(counted, 1 + 4 + 4);
}

#[test]
fn what_is_not_clear_can_be_done_again_and_the_first_attempt_does_not_count() {
    let mut desk = Desk::new();
    desk.rest()
        .sends(&[3, 0x9c, 1])
        .types("")
        .sends(&[3, 0x9c, 0])
        .types("")
        .types("")
        .types("")
        .expect("not clear: something came in only 2 of 4 times")
        .expect("r = do it again")
        .types("r")
        .expect("See to it that the microphone is not muted")
        .types("")
        .expect("[mute 1/2]")
        .step(&[3, 0x9c, 1], &[3, 0x9c, 0])
        .expect("learned");
    let (capture, _) = desk.session.into_capture();
    let mute = |counted| {
        let phases = capture.phases.iter();
        phases
            .filter(|phase| phase.step == Step::Mute && phase.counted == counted)
            .count()
    };
    assert_eq!((mute(true), mute(false)), (4, 5));
}

#[test]
fn nothing_moved_goes_on_with_enter() {
    let mut desk = Desk::new();
    desk.rest();
    for _ in 0..4 {
        desk.types("");
    }
    desk.expect("nothing moved")
        .expect("Enter = leave it so")
        .types("")
        .expect("[quick disconnect 1/2]");
}

#[test]
fn stopping_keeps_what_was_learned_and_drops_what_was_not_done() {
    let mut desk = Desk::new();
    desk.rest().step(&[3, 0x9c, 1], &[3, 0x9c, 0]);
    desk.sends(&[3, 0x51, 1]).types("q").expect("stopped");
    assert!(desk.session.is_over());
    let findings = desk.session.findings();
    assert_eq!(findings.rules().count(), 1);
    assert_eq!(
        desk.session
            .capture
            .phases
            .last()
            .map(|phase| phase.counted),
        Some(false)
    );
}

#[test]
fn a_headset_that_is_unplugged_is_waited_for() {
    let (gone, back) = (What::Gone { interface: 0 }, What::Back { interface: 0 });
    let mut desk = Desk::new();
    desk.happens(gone.clone())
        .expect("the headset was unplugged")
        .rest()
        .rest()
        .happens(back.clone())
        .expect("the headset is back");
    assert!(desk.said.is_empty(), "the quiet time begins anew");
    desk.rest()
        .expect("[mute 1/2]")
        .happens(gone.clone())
        .expect("plug it in again; r then does this step again")
        .types("")
        .expect("not there: plug it in")
        .happens(back.clone())
        .types("s")
        .expect("[quick disconnect 1/2]");
    for _ in 0..2 {
        desk.happens(gone.clone())
            .expect("that is a result, too")
            .types("")
            .types("")
            .expect("not there")
            .happens(back.clone())
            .types("");
    }
    desk.expect("leaves the USB bus, which Sidetone tells as `headset_gone`");
}

#[test]
fn what_moves_by_itself_is_shown_as_such_and_not_again() {
    let mut desk = Desk::new();
    desk.sends(&[3, 1, 1])
        .sends(&[3, 1, 2])
        .expect("report 3 byte 2: 0x01→0x02 (by itself)")
        .rest()
        .expect("moves by itself, and is left out: report 3 byte 2")
        .expect("[mute 1/2]")
        .sends(&[3, 1, 1]);
    assert_eq!(desk.said, [""; 0]);
}

#[test]
fn serial_numbers_do_not_get_into_the_recording_and_floods_are_cut() {
    let mut desk = Desk::new();
    desk.sends(b"\x03SERIAL");
    for count in 0..3000_u32 {
        let bytes = vec![3, count as u8];
        desk.session.sent(
            desk.at,
            What::Report {
                interface: 0,
                bytes,
            },
        );
    }
    desk.expect("the rest of this step is not kept");
    let quiet = &desk.session.capture.phases[0];
    assert_eq!(quiet.sent.len(), MOST_REPORTS);
    let What::Report { bytes, .. } = &quiet.sent[0].what else {
        panic!()
    };
    assert_eq!(bytes, b"\x03******");
}

#[test]
fn keys_are_words_or_letters() {
    for (line, key) in [
        ("", Some(Key::Done)),
        (" S ", Some(Key::Skip)),
        ("repeat", Some(Key::Repeat)),
        ("q", Some(Key::Quit)),
        ("what", None),
    ] {
        assert_eq!(Key::of(line), key, "{line}");
    }
    let mut desk = Desk::new();
    desk.rest().types("?").expect("Enter = done, s = skip");
}
