//! A headset is plugged in, whole, understood and wanted.

use crate::config::Loaded;
use crate::doctor::{Check, Desk, Finding};
use crate::sound_card::SoundCard;
use sidetone_devices::headset::{HeadsetIdentity, UsbPath};
use sidetone_devices::hid::Listing;
use sidetone_devices::pairing::usb_identity;

pub(super) const CHECK: Check = Check {
    id: "headset",
    about: "a USB headset is plugged in, with controls and sound card, and not left out",
    run,
};

fn run(desk: &Desk) -> Vec<Finding> {
    let cards = desk.cards();
    let listings = desk.headsets();
    let mut findings: Vec<Finding> = listings
        .iter()
        .map(|listing| {
            let card = cards.iter().find(|(usb, _)| *usb == listing.usb);
            look(desk, listing, card.map(|(_, card)| card))
        })
        .collect();
    let alone = cards
        .iter()
        .filter(|(usb, card)| card.capture && listings.iter().all(|l| l.usb != *usb));
    findings.extend(alone.filter_map(|(usb, card)| card_alone(desk, usb, card)));
    if findings.is_empty() {
        findings.push(
            Finding::problem("No USB headset is plugged in.", "plug one in, and see whether `lsusb` lists it")
                .with_detail("A headset behind Bluetooth or an analogue jack has no buttons that Sidetone could read."),
        );
    } else if listings.iter().any(|l| !desk.wants(&l.identity)) && desk.wanted().next().is_none() {
        findings.push(all_left_out(desk));
    }
    findings
}

fn look(desk: &Desk, listing: &Listing, card: Option<&SoundCard>) -> Finding {
    let shown = named(&listing.identity);
    if !desk.wants(&listing.identity) {
        return Finding::ok(format!("{shown}: left out by {}.", left_out_by(desk)));
    }
    let refused = listing
        .nodes
        .iter()
        .filter(|node| node.reports.is_empty())
        .find_map(|node| node.unreadable.as_ref());
    if let Some(reason) = refused {
        return Finding::problem(
            format!("The report descriptor of {shown} is not understood, so none of its buttons is read."),
            "update the headset's firmware with its maker's program, then plug it in again",
        )
        .with_detail(reason.clone());
    }
    match card {
        Some(card) => Finding::ok(format!(
            "{shown}: controls, and sound card {} (hw:{}).",
            card.id, card.number
        )),
        None => Finding::warning(
            format!("{shown}: controls only; its sound card is not there, so calls are seen and not heard."),
            "plug it in again; if that does not help: sudo modprobe snd-usb-audio",
        )
        .with_detail("With a quick disconnect between the USB plug and the sound part, an open one looks like this."),
    }
}

fn card_alone(desk: &Desk, usb: &UsbPath, card: &SoundCard) -> Option<Finding> {
    let identity = usb_identity(usb)?;
    let shown = named(&identity);
    Some(if desk.wants(&identity) {
        Finding::warning(
            format!(
                "{shown}: sound card {} (hw:{}) only; it shows no telephony buttons, so mute and hook are unknown.",
                card.id, card.number
            ),
            "nothing, if this model has none; else plug it in directly, not through a dock or a switch",
        )
    } else {
        Finding::ok(format!("{shown}: left out by {}.", left_out_by(desk)))
    })
}

fn all_left_out(desk: &Desk) -> Finding {
    Finding::problem(
        format!(
            "Every headset that is plugged in is left out by {}.",
            left_out_by(desk)
        ),
        "correct devices.include and devices.exclude; `sidetone devices` shows how headsets are named",
    )
}

/// The keys that leave headsets out, with the places where they are set.
fn left_out_by(desk: &Desk) -> String {
    let place = |loaded: &Loaded, key: &str| {
        let place = loaded.origins.get(key);
        place.map(|place| format!("{key} ({place})"))
    };
    let keys = ["devices.include", "devices.exclude"];
    let loaded = desk.loaded.as_ref().ok();
    let set: Vec<_> = keys.iter().filter_map(|key| place(loaded?, key)).collect();
    set.join(" and ")
}

/// As people and the configuration name it.
pub(super) fn named(identity: &HeadsetIdentity) -> String {
    format!(
        "{} [{:04x}:{:04x}]",
        identity.name, identity.vendor.0, identity.product.0
    )
}
