//! What devices and sound system cannot do, in the log: the sentence that says what to do, once for as
//! long as it stays the same. (What is published of it is one word, in `status`.)

use crate::station::AudioInput;
use sidetone_devices::audio::api::CloseReason;
use sidetone_devices::event::{HeadsetEvent, HeadsetEventKind};
use sidetone_devices::headset::UsbPath;
use std::collections::BTreeMap;

/// Who has a trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Server,
    Controls(UsbPath),
    Sound(UsbPath),
}

/// What was last logged of each.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    told: BTreeMap<Whose, String>,
}

impl Troubles {
    /// Takes in what a headset's HID side said.
    pub(super) fn headset(&mut self, event: &HeadsetEvent) {
        let whose = Whose::Controls(event.usb.clone());
        match &event.kind {
            HeadsetEventKind::Unreadable { reason } => self.log(whose, reason),
            HeadsetEventKind::Added { .. } | HeadsetEventKind::Removed => self.over(&whose),
            HeadsetEventKind::Control(_) => {}
        }
    }

    /// Takes in what the audio supervisor said.
    pub(super) fn audio(&mut self, told: &AudioInput) {
        use AudioInput as A;
        match told {
            A::ServerDown { reason } => self.log(Whose::Server, reason),
            A::ServerUp { .. } => self.over(&Whose::Server),
            A::Busy { usb, reason }
            | A::Closed {
                usb,
                reason: CloseReason::Failed(reason),
                ..
            } => self.log(Whose::Sound(usb.clone()), reason),
            A::Opened { usb, .. } | A::CardRemoved { usb } => {
                self.over(&Whose::Sound(usb.clone()));
            }
            A::Closed { .. }
            | A::CardAdded { .. }
            | A::Applications { .. }
            | A::Mixer { .. }
            | A::Gap { .. } => {}
        }
    }

    /// How many stand.
    pub(super) fn count(&self) -> usize {
        self.told.len()
    }

    /// Why a headset's controls cannot be read.
    pub(super) fn of_controls(&self, usb: &UsbPath) -> Option<&str> {
        self.told
            .get(&Whose::Controls(usb.clone()))
            .map(String::as_str)
    }

    /// Why a headset's sound cannot be heard.
    pub(super) fn of_sound(&self, usb: &UsbPath) -> Option<&str> {
        self.told
            .get(&Whose::Sound(usb.clone()))
            .map(String::as_str)
    }

    /// Every sentence that stands and is not about one of these headsets.
    pub(super) fn others<'a>(
        &'a self,
        known: &'a [&UsbPath],
    ) -> impl Iterator<Item = &'a str> + 'a {
        let others = self.told.iter().filter(|(whose, _)| match whose {
            Whose::Server => true,
            Whose::Controls(usb) | Whose::Sound(usb) => !known.contains(&usb),
        });
        others.map(|(_, sentence)| sentence.as_str())
    }

    fn log(&mut self, whose: Whose, reason: &str) {
        if self.is_news(whose, reason) {
            tracing::warn!("{reason}");
        }
    }

    fn is_news(&mut self, whose: Whose, reason: &str) -> bool {
        let before = self.told.insert(whose, reason.to_owned());
        before.as_deref() != Some(reason)
    }

    fn over(&mut self, whose: &Whose) {
        self.told.remove(whose);
    }
}

#[cfg(test)]
mod tests {
    use super::{Troubles, Whose};
    use crate::station::AudioInput;

    #[test]
    fn a_sentence_is_logged_again_only_after_it_was_over_or_another() {
        let mut troubles = Troubles::default();
        let mut news = |reason| troubles.is_news(Whose::Server, reason);
        assert_eq!(
            [news("a"), news("a"), news("b"), news("a")],
            [true, false, true, true]
        );
        let up = AudioInput::ServerUp {
            name: "PulseAudio 17".to_owned(),
        };
        troubles.audio(&up);
        assert!(troubles.is_news(Whose::Server, "a"));
    }
}
