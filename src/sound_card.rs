//! The USB sound cards, and which plug each belongs to.

use serde::Serialize;
use sidetone_devices::headset::UsbPath;
use sidetone_devices::pairing::usb_parent_below;
use std::fs;
use std::path::Path;

/// A sound card of ALSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoundCard {
    /// Its number: `hw:NUMBER`.
    pub number: u32,
    /// Its id: `hw:CARD=ID`.
    pub id: String,
    /// It has a microphone.
    pub capture: bool,
    /// It has a speaker.
    pub playback: bool,
}

/// All USB sound cards of the sysfs mounted at `sysfs`, in the order of their numbers.
#[must_use]
pub fn sound_cards(sysfs: &Path) -> Vec<(UsbPath, SoundCard)> {
    let Ok(entries) = fs::read_dir(sysfs.join("class/sound")) else {
        // No sound in this kernel, or in this container.
        return Vec::new();
    };
    let mut cards: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let number = name.strip_prefix("card")?.parse().ok()?;
            Some((usb_parent_below(sysfs, &path)?, card(number, &path)))
        })
        .collect();
    cards.sort_by_key(|(_, card)| card.number);
    cards
}

fn card(number: u32, path: &Path) -> SoundCard {
    let id = fs::read_to_string(path.join("id")).unwrap_or_default();
    // The kernel names streams pcmC1D0c (capture) and pcmC1D0p (playback).
    let names: Vec<String> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("pcm"))
        .collect();
    SoundCard {
        number,
        id: id.trim().to_owned(),
        capture: names.iter().any(|name| name.ends_with('c')),
        playback: names.iter().any(|name| name.ends_with('p')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn cards_are_found_by_their_usb_device_and_others_left_out() {
        let sys = tempfile::tempdir().unwrap();
        let usb = sys.path().join("devices/usb1/1-4");
        let class = sys.path().join("class/sound");
        fs::create_dir_all(&class).unwrap();
        for (number, parent, streams) in [
            (2, usb.join("1-4:1.0"), &["pcmC2D0c", "pcmC2D0p"][..]),
            (0, sys.path().join("devices/pci0"), &["pcmC0D0p"]),
            (1, usb.join("1-4:1.3"), &["pcmC1D0c"]),
        ] {
            let card = parent.join(format!("sound/card{number}"));
            for stream in streams {
                fs::create_dir_all(card.join(stream)).unwrap();
            }
            fs::write(card.join("id"), format!("Card{number}\n")).unwrap();
            symlink(&card, class.join(format!("card{number}"))).unwrap();
            symlink(card.join(streams[0]), class.join(streams[0])).unwrap();
        }
        fs::write(usb.join("idVendor"), "047f\n").unwrap();

        let cards = sound_cards(sys.path());
        let found: Vec<_> = cards
            .iter()
            .map(|(_, card)| (card.number, card.id.as_str(), card.capture, card.playback))
            .collect();
        assert_eq!(found, [(1, "Card1", true, false), (2, "Card2", true, true)]);
        assert!(
            cards
                .iter()
                .all(|(path, _)| path.as_path().ends_with("usb1/1-4"))
        );
    }

    #[test]
    fn no_sound_means_no_cards() {
        assert_eq!(sound_cards(Path::new("/nowhere")), []);
    }
}
