//! One plugged-in headset: takes USB/IP requests and commands, gives replies.
//!
//! Promises: time passes only in [`Headset::advance`], frame by frame; within a frame the earpiece plays
//! before the microphone listens. So what a test hears depends on the frames, not on when this process ran.
//! Never: does I/O. What it has to say to the kernel is collected, and what it did is in the log lines.

use crate::clock::Frame;
use crate::command::Command;
use crate::control::{Control, Setup};
use crate::descriptors::{
    HID_ENDPOINT, Identity, MICROPHONE_ENDPOINT, MICROPHONE_SAMPLE_BYTES, SPEAKER_ENDPOINT,
};
use crate::faults::{Crackle, Hum, Noise};
use crate::iso::IsoQueue;
use crate::leak::{Earpiece, Leak};
use crate::microphone::{Microphone, Voice};
use crate::report::{self, Press, VENDOR_MUTE_STATE, VENDOR_QUICK_DISCONNECT};
use crate::sounds::{Library, SoundError};
use crate::usbip::{self, Direction, Request, STALL, Submit, UNLINKED};
use std::collections::VecDeque;

/// A plugged-in headset.
#[derive(Debug)]
pub struct Headset {
    control: Control,
    earpiece: Earpiece,
    microphone: Microphone,
    speaker_queue: IsoQueue,
    microphone_queue: IsoQueue,
    reports: VecDeque<Vec<u8>>,
    report_transfers: VecDeque<Submit>,
    passed: Frame,
    replies: Vec<u8>,
    log: Vec<String>,
}

impl Headset {
    /// Fresh from the box, plugged in at `now`. `microphone` is what the agent's side was set to before.
    #[must_use]
    pub fn new(identity: Identity, microphone: Microphone, now: Frame) -> Self {
        Self {
            control: Control::new(identity),
            earpiece: Earpiece::default(),
            microphone,
            speaker_queue: IsoQueue::default(),
            microphone_queue: IsoQueue::default(),
            reports: VecDeque::new(),
            report_transfers: VecDeque::new(),
            passed: now,
            replies: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Pulls the plug: what the agent's side was set to stays for the next time.
    #[must_use]
    pub fn into_microphone(self) -> Microphone {
        self.microphone
    }

    /// Replies for the kernel since the last call.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.replies)
    }

    /// What happened since the last call, one line each.
    pub fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// Lets every frame up to `now` pass.
    pub fn advance(&mut self, now: Frame) {
        while self.passed < now {
            if self.speaker_queue.is_idle() && self.microphone_queue.is_idle() {
                let (frame, out) = (self.passed.next(), &mut self.replies);
                self.speaker_queue.pass(frame, out, |_, _, _| 0);
                self.microphone_queue.pass(frame, out, |_, _, _| 0);
                self.passed = now;
                return;
            }
            self.passed = self.passed.next();
            self.pass(self.passed);
        }
    }

    /// The frame at whose end something is due.
    #[must_use]
    pub fn due(&self) -> Option<Frame> {
        let queues = [&self.speaker_queue, &self.microphone_queue];
        let frames = queues
            .iter()
            .filter_map(|q| q.frames_to_completion())
            .min()?;
        Some(Frame(self.passed.0 + frames))
    }

    fn pass(&mut self, frame: Frame) {
        let (earpiece, microphone) = (&mut self.earpiece, &mut self.microphone);
        let speaker_gain = self.control.speaker.gain();
        self.speaker_queue
            .pass(frame, &mut self.replies, |sent, packet, _| {
                let start = packet.offset as usize;
                let end = start + packet.length as usize;
                earpiece.play(
                    frame,
                    sent.get(start..end).unwrap_or_default(),
                    speaker_gain,
                );
                packet.length
            });
        let gain = self.control.microphone.gain();
        self.microphone_queue
            .pass(frame, &mut self.replies, |_, packet, input| {
                let before = input.len();
                microphone.render(frame, earpiece, gain, input);
                let whole =
                    packet.length as usize / MICROPHONE_SAMPLE_BYTES * MICROPHONE_SAMPLE_BYTES;
                input.truncate(before + whole);
                (input.len() - before) as u32
            });
    }

    /// Takes one request of the kernel.
    pub fn request(&mut self, request: Request) {
        match request {
            Request::Unlink { seq, victim } => {
                let reports_before = self.report_transfers.len();
                self.report_transfers.retain(|t| t.seq != victim);
                let waiting = self.report_transfers.len() != reports_before
                    || self.speaker_queue.unlink(victim)
                    || self.microphone_queue.unlink(victim);
                let status = if waiting { UNLINKED } else { 0 };
                usbip::unlink_reply(&mut self.replies, seq, status);
            }
            Request::Submit(submit) => match (submit.endpoint, submit.direction) {
                (0, _) => self.control_transfer(&submit),
                (SPEAKER_ENDPOINT, Direction::Out) => self.speaker_queue.push(submit),
                (MICROPHONE_ENDPOINT, Direction::In) => self.microphone_queue.push(submit),
                (HID_ENDPOINT, Direction::In) => {
                    self.report_transfers.push_back(submit);
                    self.send_reports();
                }
                _ => usbip::reply(&mut self.replies, submit.seq, STALL, 0, &[]),
            },
        }
    }

    fn control_transfer(&mut self, submit: &Submit) {
        let written = self.control.reports_written;
        match self
            .control
            .transfer(Setup::new(submit.setup), &submit.data)
        {
            Ok(answer) => {
                let moved = match submit.direction {
                    Direction::In => answer.len(),
                    Direction::Out => submit.data.len(),
                };
                usbip::reply(&mut self.replies, submit.seq, 0, moved as u32, &answer);
            }
            Err(crate::control::Stalled) => {
                usbip::reply(&mut self.replies, submit.seq, STALL, 0, &[]);
            }
        }
        if self.control.reports_written != written {
            self.log
                .push(format!("REPORT WRITTEN {}", hex(&submit.data)));
        }
    }

    fn send_reports(&mut self) {
        while !self.reports.is_empty()
            && let Some(transfer) = self.report_transfers.pop_front()
            && let Some(mut report) = self.reports.pop_front()
        {
            report.truncate(transfer.length as usize);
            let length = report.len() as u32;
            usbip::reply(&mut self.replies, transfer.seq, 0, length, &report);
            self.log.push(format!("REPORT SENT {}", hex(&report)));
        }
    }

    fn queue_reports(&mut self, reports: impl IntoIterator<Item = Vec<u8>>) {
        self.reports.extend(reports);
        self.send_reports();
    }

    /// Carries out a command that moves this headset; plugging and the program's end are not its business.
    ///
    /// # Errors
    /// [`SoundError`] if the command names a recording that is not there.
    pub fn command(&mut self, command: Command, library: &Library) -> Result<(), SoundError> {
        match command {
            Command::Hook(on) => {
                self.control.telephony.off_hook = on;
                self.queue_reports([self.control.telephony.report()]);
            }
            Command::Busy(on) => {
                self.control.telephony.line_busy = on;
                self.queue_reports([self.control.telephony.report()]);
            }
            Command::Press(button) => {
                self.microphone.muted ^= button == Press::Mute;
                self.queue_reports(self.control.telephony.press(button));
            }
            Command::Volume(up) => self.queue_reports(report::volume(up)),
            Command::Vendor(bytes) => self.queue_reports([report::vendor(&bytes)]),
            Command::QuickDisconnect(open) => {
                self.microphone.dead = open;
                let bytes = [VENDOR_QUICK_DISCONNECT, u8::from(open)];
                self.queue_reports([report::vendor(&bytes)]);
            }
            Command::MuteState(muted) => {
                self.microphone.muted = muted;
                let bytes = [VENDOR_MUTE_STATE, u8::from(muted)];
                self.queue_reports([report::vendor(&bytes)]);
            }
            Command::Stats => self.log_statistics(),
            Command::Plug | Command::Unplug | Command::Quit => {}
            sound => command_sound(&mut self.microphone, sound, library)?,
        }
        Ok(())
    }

    fn log_statistics(&mut self) {
        let (speaker, microphone) = (
            self.speaker_queue.counters(),
            self.microphone_queue.counters(),
        );
        self.log.push(format!(
            "STATS reports_written={} speaker_packets={} speaker_starved={} speaker_dbov={:.1} \
             microphone_packets={} microphone_starved={} microphone_dbov={:.1} \
             speaker_volume_db={:.1} microphone_volume_db={:.1}",
            self.control.reports_written,
            speaker.packets,
            speaker.starved,
            self.earpiece.level().0,
            microphone.packets,
            microphone.starved,
            self.microphone.level().0,
            f64::from(self.control.speaker.volume) / 256.0,
            f64::from(self.control.microphone.volume) / 256.0,
        ));
    }
}

/// Carries out a command that changes what the microphone hears, plugged in or not; others do nothing.
///
/// # Errors
/// [`SoundError`] if the command names a recording that is not there.
pub fn command_sound(
    microphone: &mut Microphone,
    command: Command,
    library: &Library,
) -> Result<(), SoundError> {
    match command {
        Command::Speak { name, repeat } => {
            microphone.voice = Voice::Speaks {
                sound: library.get(&name)?,
                repeat,
                position: 0,
            };
            microphone.dead = false;
        }
        Command::Silence => {
            microphone.voice = Voice::Silent;
            microphone.dead = false;
        }
        Command::Off => microphone.dead = true,
        Command::Gain(gain) => microphone.gain = gain,
        Command::Leak(leak) => microphone.leak = leak.map(|(level, ms)| Leak::new(level, ms)),
        Command::Hum(hum) => microphone.hum = hum.map(|(hertz, level)| Hum::new(hertz, level)),
        Command::Crackle(rate) => microphone.crackle = rate.map(Crackle::new),
        Command::Noise(None) => microphone.noise = None,
        Command::Noise(Some((name, level))) => {
            microphone.noise = Some(Noise::new(library.get(&name)?, level));
        }
        _ => {}
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = bytes
        .iter()
        .take(SHOWN)
        .map(|b| format!("{b:02x}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests;
