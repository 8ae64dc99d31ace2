//! Where a daemon's headsets and sound come from: this machine's, or a simulated desk's. Everything
//! behind these two doors is the same daemon.

use super::window::Onlookers;
use sidetone_devices::audio::api::AudioEvent;
use sidetone_devices::audio::supervisor::{
    AudioHandle, AudioOptions, AudioSupervisor, SoundSystem,
};
use sidetone_devices::event::HeadsetEvent;
use sidetone_devices::hotplug::{HeadsetMonitor, MonitorError, MonitorOptions};
use std::io;
use std::sync::mpsc::Sender;

/// What gives a daemon its devices.
pub(crate) trait Doors: Sync {
    /// Starts the watch over headsets, which tells what they do through `events`.
    ///
    /// # Errors
    /// If the system has no thread or file descriptor left.
    fn headsets(
        &self,
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<HeadsetMonitor, MonitorError>;

    /// Starts the audio supervisor.
    ///
    /// # Errors
    /// If the system gives no thread.
    fn sound(&self, system: SoundSystem, events: Sender<AudioEvent>) -> io::Result<AudioHandle>;

    /// Whether this daemon reads the machine's softphones. A simulated desk has none.
    fn softphones(&self) -> bool {
        false
    }

    /// Who may look at this daemon through the local socket. A simulated desk has no place of its own
    /// for one.
    fn onlookers(&self) -> Onlookers {
        Onlookers::Nobody
    }
}

/// The headsets plugged into this machine, and this session's sound.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThisMachine;

impl Doors for ThisMachine {
    fn headsets(
        &self,
        options: MonitorOptions,
        events: Sender<HeadsetEvent>,
    ) -> Result<HeadsetMonitor, MonitorError> {
        HeadsetMonitor::start(options, events)
    }

    fn sound(&self, system: SoundSystem, events: Sender<AudioEvent>) -> io::Result<AudioHandle> {
        let options = AudioOptions {
            system,
            ..AudioOptions::default()
        };
        AudioSupervisor::start(options, events)
    }

    fn softphones(&self) -> bool {
        true
    }

    fn onlookers(&self) -> Onlookers {
        Onlookers::ThisUser
    }
}
