//! The kernel's USB sound cards, and how they are used.

use super::AlsaTarget;
use super::usage::{Direction, foreign_user};
use crate::audio::api::{Application, FarEnd};
use crate::audio::backend::{Sighting, Target};
use crate::pairing::{usb_identity, usb_parent_below};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The card id of `snd-aloop`, as its module names it.
const LOOPBACK: &str = "Loopback";

/// All USB sound cards as they are now.
pub(super) fn sightings(sysfs: &Path, proc: &Path) -> Vec<Sighting> {
    let cards: Vec<(u32, String)> = numbers(sysfs)
        .into_iter()
        .filter_map(|number| {
            let card = sysfs.join(format!("class/sound/card{number}"));
            let id = fs::read_to_string(card.join("id")).ok()?;
            Some((number, id.trim().to_owned()))
        })
        .collect();
    let loopback = cards.iter().any(|(_, id)| id == LOOPBACK);
    cards
        .iter()
        .filter_map(|(number, id)| sighting(sysfs, proc, *number, id, loopback))
        .collect()
}

/// The numbers of all sound cards.
pub(super) fn numbers(sysfs: &Path) -> BTreeSet<u32> {
    let entries = fs::read_dir(sysfs.join("class/sound"));
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix("card")?.parse().ok()
        })
        .collect()
}

fn sighting(sysfs: &Path, proc: &Path, card: u32, id: &str, loopback: bool) -> Option<Sighting> {
    let usb = usb_parent_below(sysfs, &sysfs.join(format!("class/sound/card{card}")))?;
    let identity = usb_identity(&usb)?;
    let has = |pcm: &str| {
        sysfs
            .join(format!("class/sound/pcmC{card}D0{pcm}"))
            .exists()
    };
    let capture = foreign_user(proc, card, Direction::Capture);
    let plays = foreign_user(proc, card, Direction::Playback).is_some();
    let holder = capture.as_ref().map(|user| user.name.clone());
    let target = |pcm: String| {
        Target::Alsa(AlsaTarget {
            pcm,
            holder: holder.clone(),
        })
    };
    let far_end = match (plays, loopback) {
        (false, _) => FarEnd::Nowhere,
        (true, true) => FarEnd::Mix,
        (true, false) => FarEnd::OnHeadset,
    };
    let copy = (far_end == FarEnd::Mix).then(|| target(format!("dsnoop:CARD={LOOPBACK},DEV=1")));
    Some(Sighting {
        usb,
        identity,
        capture: capture.as_ref().map(|user| Application {
            name: user.name.clone(),
            process_id: Some(user.process_id),
        }),
        far_end,
        mixer: None,
        agent: has("c").then(|| target(format!("dsnoop:CARD={id},DEV=0"))),
        customer: copy.clone(),
        customer_playing: plays,
        mix: copy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_usb_card_is_seen_with_its_user_and_an_on_board_one_is_not() {
        let root = tempfile::TempDir::new().unwrap();
        let (sysfs, proc) = (root.path().join("sys"), root.path().join("proc"));
        let usb = sysfs.join("devices/usb1/1-1");
        let class = sysfs.join("class/sound");
        fs::create_dir_all(&class).unwrap();
        for (number, id, folder) in [
            (0, "PCH", sysfs.join("devices/pci/sound/card0")),
            (1, "C3220", usb.join("1-1:1.0/sound/card1")),
            (
                2,
                LOOPBACK,
                sysfs.join("devices/platform/snd_aloop.0/sound/card2"),
            ),
        ] {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("id"), format!("{id}\n")).unwrap();
            symlink(&folder, class.join(format!("card{number}"))).unwrap();
        }
        symlink(usb.join("1-1:1.0/sound/card1"), class.join("pcmC1D0c")).unwrap();
        fs::write(usb.join("idVendor"), "047f").unwrap();
        fs::write(usb.join("idProduct"), "c056").unwrap();
        for pcm in ["pcm0c", "pcm0p"] {
            let sub = proc.join("asound/card1").join(pcm).join("sub0");
            fs::create_dir_all(&sub).unwrap();
            fs::write(
                sub.join("status"),
                "state: RUNNING\nowner_pid   : 4000001\n",
            )
            .unwrap();
        }
        fs::create_dir_all(proc.join("4000001")).unwrap();
        fs::write(
            proc.join("4000001/status"),
            "Name:\tbaresip\nTgid:\t4000001\n",
        )
        .unwrap();
        let seen = sightings(&sysfs, &proc);
        assert_eq!(seen.len(), 1);
        let Sighting {
            capture,
            far_end,
            agent,
            customer,
            ..
        } = &seen[0];
        assert_eq!(capture.as_ref().unwrap().name, "baresip");
        assert_eq!(*far_end, FarEnd::Mix);
        let pcm = |target: &Option<Target>| match target {
            Some(Target::Alsa(target)) => target.pcm.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(pcm(agent), "dsnoop:CARD=C3220,DEV=0");
        assert_eq!(pcm(customer), "dsnoop:CARD=Loopback,DEV=1");
    }
}
