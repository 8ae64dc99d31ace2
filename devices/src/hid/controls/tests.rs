//! Every form of control, on descriptors made for the purpose.

use super::*;
use crate::headset::{ProductId, VendorId};
use crate::hid::quirks::{QuirkBook, QuirkFile};

/// One-bit fields with these usages and flags in a headset collection without report ids.
fn bits(usages: &[(u16, u8, u8)]) -> ReportDescriptor {
    let mut bytes = vec![
        0x05, 0x0b, 0x09, 0x05, 0xa1, 1, 0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1,
    ];
    for &(page, id, flags) in usages {
        let [low, high] = page.to_le_bytes();
        bytes.extend([0x06, low, high, 0x09, id, 0x81, flags]);
    }
    bytes.push(0xc0);
    ReportDescriptor::parse(&bytes).unwrap()
}

/// What a sequence of reports, 100 ms apart, tells.
fn told(controls: &mut Controls, reports: &[&[u8]]) -> Vec<Vec<ControlEvent>> {
    let start = Instant::now();
    (0..)
        .zip(reports)
        .map(|(number, report)| {
            let mut events = Vec::new();
            let at = start + Duration::from_millis(100 * number);
            let _ = controls.feed(at, report, |event| events.push(event));
            events
        })
        .collect()
}

fn quirk(rule: &str) -> Quirk {
    let text = format!(
        "[[model]]\nname = \"X\"\nmatch = [\"1234:5678\"]\n[[model.rule]]\n{rule}\nverified = true\nsource = \"test\"\n"
    );
    let mut book = QuirkBook::empty();
    book.add(QuirkFile::parse("x.toml", &text).unwrap());
    book.find(VendorId(0x1234), ProductId(0x5678)).unwrap()
}

use ControlEvent::*;

#[test]
fn a_state_is_told_first_and_on_change() {
    let mut controls = Controls::new(bits(&[(0x0b, 0x20, 0x22), (0x0b, 0x97, 0x02)]), None);
    assert_eq!(
        told(&mut controls, &[&[0], &[0], &[1], &[3], &[3], &[0]]),
        [
            vec![HookSwitch(false), LineBusy(false)],
            vec![],
            vec![HookSwitch(true)],
            vec![LineBusy(true)],
            vec![],
            vec![HookSwitch(false), LineBusy(false)]
        ]
    );
}

#[test]
fn a_press_is_told_once_when_it_begins() {
    let usages = [
        (0x0b, 0x2f, 6),
        (0x0b, 0x21, 6),
        (0x0b, 0x26, 6),
        (0x0b, 0x23, 6),
        (0x0b, 0x24, 6),
    ];
    let mut controls = Controls::new(bits(&usages), None);
    assert_eq!(
        told(&mut controls, &[&[1], &[1], &[0], &[3], &[4], &[8], &[16]]),
        [
            vec![MutePressed],
            vec![],
            vec![],
            vec![MutePressed, Flash],
            vec![Drop],
            vec![Hold],
            vec![Button("Redial")]
        ]
    );
}

#[test]
fn a_hook_switch_may_toggle_or_have_two_buttons() {
    let mut toggle = Controls::new(bits(&[(0x0b, 0x20, 0x06)]), None);
    assert_eq!(
        told(&mut toggle, &[&[0], &[1], &[1], &[0], &[1]]),
        [
            vec![],
            vec![HookSwitch(true)],
            vec![],
            vec![],
            vec![HookSwitch(false)]
        ]
    );
    let two = [
        0x05, 0x0b, 0x09, 0x20, 0x15, 0xff, 0x25, 1, 0x75, 2, 0x95, 1, 0x81, 0x26,
    ];
    let mut two = Controls::new(ReportDescriptor::parse(&two).unwrap(), None);
    assert_eq!(
        told(&mut two, &[&[0], &[1], &[0], &[1], &[3], &[2]]),
        [
            vec![],
            vec![HookSwitch(true)],
            vec![],
            vec![],
            vec![HookSwitch(false)],
            vec![]
        ]
    );
}

#[test]
fn the_same_state_in_two_places_is_one_state() {
    let mut controls = Controls::new(bits(&[(0x0b, 0x20, 0x22), (0x0b, 0x20, 0x22)]), None);
    assert_eq!(
        told(&mut controls, &[&[3], &[0]]),
        [vec![HookSwitch(true)], vec![HookSwitch(false)]]
    );
}

#[test]
fn doubles_within_the_debounce_count_once() {
    let plantronics = QuirkBook::built_in().find(VendorId(0x047f), ProductId(0xaa14));
    let descriptor = bits(&[(0x0b, 0x2f, 6), (0xffa0, 0xb5, 6)]);
    let mut controls = Controls::new(descriptor, plantronics.as_ref());
    let start = Instant::now();
    let mut presses = |ms: u64, report: u8| {
        let mut count = 0;
        let at = start + Duration::from_millis(ms);
        controls
            .feed(at, &[report], |event| {
                count += usize::from(event == MutePressed)
            })
            .unwrap();
        count
    };
    assert_eq!(presses(0, 1), 1);
    assert_eq!(presses(4, 2), 0, "the vendor's own mute usage, 4 ms later");
    assert_eq!(presses(20, 0), 0);
    assert_eq!(presses(100, 3), 1, "both in one report");
    presses(200, 0);
    assert_eq!(presses(210, 2), 1);
}

#[test]
fn numbered_buttons_reject_only_on_a_telephone() {
    let mut on_headset = Controls::new(bits(&[(0x09, 7, 2)]), None);
    assert_eq!(told(&mut on_headset, &[&[1]]), [vec![Drop]]);
    let joystick = [
        0x05, 1, 0x09, 4, 0xa1, 1, 0x05, 9, 0x09, 7, 0x75, 1, 0x95, 1, 0x81, 2, 0xc0,
    ];
    assert!(Controls::new(ReportDescriptor::parse(&joystick).unwrap(), None).is_empty());
}

#[test]
fn consumer_keys_and_the_speakers_own_mute() {
    let mut controls = Controls::new(
        bits(&[(0x0c, 0xe9, 2), (0x0c, 0xea, 2), (0x0c, 0xe2, 2)]),
        None,
    );
    assert_eq!(
        told(&mut controls, &[&[1], &[2], &[4]]),
        [
            vec![Volume(1)],
            vec![Volume(-1)],
            vec![Button("Speaker Mute")]
        ]
    );
}

#[test]
fn batteries_are_told_in_percent_and_on_change() {
    let strength = |id: u8, page: u8, high: u8| {
        let bytes = [
            0x05, page, 0x09, id, 0x15, 0, 0x25, high, 0x75, 8, 0x95, 1, 0x81, 2,
        ];
        Controls::new(ReportDescriptor::parse(&bytes).unwrap(), None)
    };
    let mut hundred = strength(0x20, 0x06, 100);
    assert_eq!(
        told(&mut hundred, &[&[80], &[80], &[79], &[200]]),
        [vec![Battery(80)], vec![], vec![Battery(79)], vec![]]
    );
    let mut levels = strength(0x65, 0x85, 4);
    assert_eq!(
        told(&mut levels, &[&[4], &[1]]),
        [vec![Battery(100)], vec![Battery(25)]]
    );
}

#[test]
fn arrays_tell_presses_and_states_by_what_they_name() {
    // Two slots for hook (20), flash (21) or keys B0 to BB.
    let bytes = [
        0x05, 0x0b, 0x09, 6, 0xa1, 1, 0x09, 0x20, 0x09, 0x21, 0x19, 0xb0, 0x29, 0xbb, 0x15, 1,
        0x25, 14, 0x75, 8, 0x95, 2, 0x81, 0, 0xc0,
    ];
    let mut controls = Controls::new(ReportDescriptor::parse(&bytes).unwrap(), None);
    assert_eq!(
        told(
            &mut controls,
            &[&[1, 0], &[1, 8], &[8, 1], &[1, 2], &[1], &[0, 0]]
        ),
        [
            vec![HookSwitch(true)],
            vec![Button("Phone Key 5")],
            vec![],
            vec![Flash],
            vec![],
            vec![HookSwitch(false)]
        ]
    );
}

#[test]
fn rules_on_usages_replace_the_standard_meaning() {
    let descriptor = || bits(&[(0x0b, 0x2f, 0x22), (0xffa0, 0xb7, 0x22)]);
    let state = quirk("usage = \"0b:2f\"\nmeaning = \"mute_state\"");
    assert_eq!(
        told(
            &mut Controls::new(descriptor(), Some(&state)),
            &[&[1], &[0]]
        ),
        [
            vec![MuteState {
                muted: true,
                verified: true
            }],
            vec![MuteState {
                muted: false,
                verified: true
            }]
        ]
    );
    let inverted = quirk("usage = \"ffa0:b7\"\nmeaning = \"qd_open\"\npolarity = \"inverted\"");
    assert_eq!(
        told(
            &mut Controls::new(descriptor(), Some(&inverted)),
            &[&[2], &[0]]
        ),
        [
            vec![QuickDisconnect {
                open: false,
                verified: true
            }],
            vec![QuickDisconnect {
                open: true,
                verified: true
            }]
        ]
    );
    let ignored = quirk("usage = \"0b:2f\"\nmeaning = \"ignore\"");
    assert!(Controls::new(descriptor(), Some(&ignored)).is_empty());
}

#[test]
fn rules_on_bytes_apply_to_their_message_only() {
    let pipe = [
        0x06, 0xa0, 0xff, 0x09, 1, 0x85, 3, 0x75, 8, 0x95, 63, 0x81, 2,
    ];
    let rule =
        quirk("report = 3\nwhen = [{ byte = 1, is = 0x51 }]\nbyte = 2\nmeaning = \"qd_open\"");
    let mut controls = Controls::new(ReportDescriptor::parse(&pipe).unwrap(), Some(&rule));
    let open = QuickDisconnect {
        open: true,
        verified: true,
    };
    let closed = QuickDisconnect {
        open: false,
        verified: true,
    };
    assert_eq!(
        told(
            &mut controls,
            &[
                &[3, 0x50, 1],
                &[3, 0x51, 1],
                &[3, 0x51],
                &[4, 0x51, 0],
                &[3, 0x51, 0]
            ]
        ),
        [vec![], vec![open], vec![], vec![], vec![closed]]
    );
}

#[test]
fn masks_and_active_values() {
    let rule = quirk("report = 0\nbyte = 1\nmask = 0x0c\nactive = 2\nmeaning = \"link_lost\"");
    let mut controls = Controls::new(bits(&[(0x0c, 0xb5, 2)]), Some(&rule));
    assert_eq!(
        told(&mut controls, &[&[0x04], &[0x08], &[0x0c]]),
        [
            vec![LinkLost(false)],
            vec![LinkLost(true)],
            vec![LinkLost(false)]
        ]
    );
}

#[test]
fn a_message_without_release_is_a_press_each_time() {
    let rule = quirk("report = 0\nbyte = 1\nactive = 6\neach = true\nmeaning = \"volume_up\"");
    let mut controls = Controls::new(bits(&[(0x0c, 0xb5, 2)]), Some(&rule));
    assert_eq!(
        told(&mut controls, &[&[6], &[6], &[5], &[6]]),
        [vec![Volume(1)], vec![Volume(1)], vec![], vec![Volume(1)]]
    );
}

#[test]
fn what_is_no_report_is_told_and_changes_nothing() {
    let mut controls = Controls::new(bits(&[(0x0b, 0x20, 0x22)]), None);
    let mut events = 0;
    assert_eq!(
        controls.feed(Instant::now(), &[], |_| events += 1),
        Err(NotAReport::Empty)
    );
    assert_eq!(
        controls.feed(Instant::now(), &[1, 2], |_| events += 1),
        Ok(Length::Long(1))
    );
    assert_eq!(events, 1);
}
