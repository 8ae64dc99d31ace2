//! The headset's sound card can be listened to beside a softphone: through the server, or shared by ALSA.

use super::headset::named;
use super::sound_server::{Way, way};
use crate::doctor::processes::{Process, process};
use crate::doctor::{Check, Desk, Finding};
use crate::sound_card::SoundCard;
use sidetone_devices::headset::UsbPath;
use sidetone_devices::pairing::usb_identity;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(super) const CHECK: Check = Check {
    id: "sound-card",
    about: "the headset's sound card is shared (sound server, or asound.conf with snd-aloop) and not held by one program",
    run,
};

/// Processes whose holding a card is as it should be.
const SERVERS: [&str; 4] = ["pulseaudio", "pipewire", "pipewire-media-", "wireplumber"];

fn run(desk: &Desk) -> Vec<Finding> {
    let cards: Vec<(UsbPath, SoundCard)> = desk
        .cards()
        .into_iter()
        .filter(|(usb, _)| usb_identity(usb).is_some_and(|identity| desk.wants(&identity)))
        .collect();
    if cards.is_empty() {
        return vec![Finding::skipped("No headset has a sound card here.")];
    }
    match way(desk) {
        Way::Off => vec![Finding::skipped(
            "audio.backend = \"off\": no sound is ever opened.",
        )],
        Way::Server => through_server(desk, &cards),
        Way::Alsa => plain_alsa(desk, &cards),
    }
}

fn through_server(desk: &Desk, cards: &[(UsbPath, SoundCard)]) -> Vec<Finding> {
    let Ok(look) = desk.server() else {
        return vec![Finding::skipped("No sound server answers.")];
    };
    let judge = |(usb, card): &(UsbPath, SoundCard)| {
        let name = usb_identity(usb).map(|identity| named(&identity));
        let name = name.unwrap_or_else(|| card.id.clone());
        let holder = holders(&desk.roots.proc, card.number)
            .into_iter()
            .find(|process| !SERVERS.contains(&process.name.as_str()));
        if let Some(Process {
            id, name: program, ..
        }) = holder
        {
            return Finding::problem(
                format!(
                    "{program} (process {id}) holds the sound card of {name} past the sound server, so Sidetone cannot listen."
                ),
                format!(
                    "set the sound device of {program} to \"default\" or \"pulse\" instead of hw:{}",
                    card.number
                ),
            );
        }
        let seen = look.headsets.iter().find(|headset| headset.usb == *usb);
        match seen {
            None => Finding::problem(
                format!("{} does not show {name} (hw:{}).", look.name, card.number),
                "choose a profile with input and output for it: pavucontrol, page Configuration",
            ),
            Some(headset) if headset.microphone.is_none() || headset.speaker.is_none() => {
                let part = if headset.microphone.is_none() {
                    "microphone"
                } else {
                    "speaker"
                };
                Finding::warning(
                    format!("{} shows no {part} of {name}.", look.name),
                    "choose a profile with input and output for it: pavucontrol, page Configuration",
                )
            }
            Some(_) => Finding::ok(format!("{name} is shared by {}.", look.name)),
        }
    };
    cards.iter().map(judge).collect()
}

/// Whether our `asound.conf` is installed.
pub(super) fn shares_plain_alsa(desk: &Desk) -> bool {
    shared_card(desk).is_some()
}

/// The card that `/etc/asound.conf` shares.
fn shared_card(desk: &Desk) -> Option<String> {
    let text = fs::read_to_string(desk.roots.etc.join("asound.conf")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("defaults.sidetone.card"))?;
    Some(line.trim().trim_matches('"').to_owned())
}

fn plain_alsa(desk: &Desk, cards: &[(UsbPath, SoundCard)]) -> Vec<Finding> {
    let ids: Vec<&str> = cards.iter().map(|(_, card)| card.id.as_str()).collect();
    let Some(shared) = shared_card(desk) else {
        let busy = cards
            .iter()
            .find_map(|(_, card)| holders(&desk.roots.proc, card.number).into_iter().next());
        let busy = busy.map(|p| format!(" It is held by {} (process {}) now.", p.name, p.id));
        return vec![Finding::problem(
            format!(
                "Without a sound server the headset is not shared: /etc/asound.conf is not Sidetone's, so a call is not heard.{}",
                busy.unwrap_or_default()
            ),
            format!(
                "install systemd/asound.conf as /etc/asound.conf, with defaults.sidetone.card \"{}\"",
                ids[0]
            ),
        )];
    };
    if !ids.contains(&shared.as_str()) {
        return vec![Finding::problem(
            format!(
                "/etc/asound.conf shares the card \"{shared}\", and the headset's is \"{}\".",
                ids.join("\", \"")
            ),
            format!(
                "write defaults.sidetone.card \"{}\" into /etc/asound.conf, and restart the softphone",
                ids[0]
            ),
        )];
    }
    let module = desk.roots.sysfs.join("module/snd_aloop");
    if !module.exists() {
        return vec![Finding::problem(
            "The module snd-aloop is not loaded, so the far end of a call is not heard.",
            format!(
                "echo snd-aloop | sudo tee /etc/modules-load.d/sidetone.conf; sudo modprobe snd-aloop timer_source={shared}.0.0"
            ),
        )];
    }
    let source = fs::read_to_string(module.join("parameters/timer_source")).unwrap_or_default();
    let source = source.split(',').next().unwrap_or_default().trim();
    if source.split('.').next() != Some(shared.as_str()) {
        let is = if matches!(source, "" | "(null)") {
            "its own clock".to_owned()
        } else {
            format!("the clock of \"{source}\"")
        };
        return vec![Finding::warning(
            format!("snd-aloop runs on {is}, so softphones' playback breaks off after a while."),
            format!(
                "echo 'options snd-aloop timer_source={shared}.0.0' | sudo tee /etc/modprobe.d/sidetone.conf   (then restart)"
            ),
        )];
    }
    vec![Finding::ok(format!(
        "The card \"{shared}\" is shared by /etc/asound.conf and snd-aloop."
    ))]
}

/// Processes that have a stream on this card open; ours do not count.
fn holders(proc: &Path, card: u32) -> Vec<Process> {
    let below = |path: &Path, prefix: &'static str| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.filter(move |path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with(prefix)
        })
    };
    let pcms = below(&proc.join(format!("asound/card{card}")), "pcm");
    let owners = pcms.flat_map(|pcm| below(&pcm, "sub")).filter_map(|sub| {
        let status = fs::read_to_string(sub.join("status")).ok()?;
        let owner = status
            .lines()
            .find_map(|line| line.strip_prefix("owner_pid"))?;
        owner.trim_start_matches([' ', ':']).trim().parse().ok()
    });
    let by_id: BTreeMap<u32, Process> = owners
        .filter_map(|owner| process(proc, owner))
        .filter(|process| process.name != "sidetone")
        .map(|process| (process.id, process))
        .collect();
    by_id.into_values().collect()
}
