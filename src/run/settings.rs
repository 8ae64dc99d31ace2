//! What the parts are told at their start, made of the configuration.

use crate::alerts::HeadsetId;
use crate::config::Config;
use crate::run::disclosure::Disclosure;
use crate::softphone::Signal;
use crate::station::{NameHeadset, Settings};
use crate::uplink::Speaker;
use crate::uplink::config::{AgentConfig, BrokerConfig, Left, OutboxLimits, Timing, UplinkConfig};
use crate::uplink::identity::{self, IdentityError, Key};
use sidetone_wire::name::NameError;
use sidetone_wire::{NodeName, OrgName, Topics};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the station is told that time passes, in a call or with an alert.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// The same, while nothing goes on: an idle workstation is woken once a second.
pub(super) const IDLE_TICK: Duration = Duration::from_secs(1);

/// Messages that may wait between station and uplink; the uplink takes them at once.
pub(super) const MESSAGES_WAITING: usize = 1024;

/// What adapters may tell ahead of the station.
pub(super) const SIGNALS_WAITING: usize = 256;

/// Device events and findings that may wait for the station.
pub(super) const FINDINGS_WAITING: usize = 1024;

/// A setting that only shows to be wrong at the start.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A name that is no topic level.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Keys and the state directory.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Nowhere to keep state.
    #[error(
        "there is no place for what must survive a restart; set node.state_dir, or the HOME of the user it runs as"
    )]
    NoStateDirectory,
}

/// Where this node's messages go.
pub(super) fn topics(config: &Config) -> Result<Topics, SettingsError> {
    let configured = match &config.node.name {
        Some(name) => Some(NodeName::new(name.as_str())?),
        None => None,
    };
    let org = OrgName::new(config.node.org.as_str())?;
    Ok(Topics::new(org, identity::node_name(configured)?))
}

/// Where is kept what must survive a restart.
pub(super) fn state_dir(config: &Config) -> Result<PathBuf, SettingsError> {
    let directory = config.node.effective_state_dir();
    directory.ok_or(SettingsError::NoStateDirectory)
}

/// What of the common keys a configuration decides.
pub(super) fn speaker(config: &Config) -> Speaker {
    Speaker {
        team: config.node.team.as_ref().map(ToString::to_string),
        site: config.node.site.as_ref().map(ToString::to_string),
        names_agent: Disclosure::names_the_agent(&config.privacy),
    }
}

/// What the station is told of a configuration, at its start and later.
pub(super) fn station(config: &Config) -> Settings {
    Settings {
        alerts: config.alerts.clone(),
        hold: config.hold.clone(),
        telemetry_every_s: NonZeroU16::new(config.telemetry.audio_interval_s)
            .unwrap_or(NonZeroU16::MIN),
    }
}

/// The uplink's configuration, and how headsets are named in messages; `login` is whose calls these are. An agent
/// whom only settings from elsewhere leave unnamed is known, for when they are taken back.
pub(super) fn uplink(
    topics: &Topics,
    local: &Config,
    config: &Config,
    login: Option<String>,
    signals: &mpsc::Sender<Signal>,
) -> Result<(UplinkConfig, NameHeadset), SettingsError> {
    let state_dir = state_dir(config)?;
    let agent = login
        .filter(|_| Disclosure::names_the_agent(&local.privacy))
        .map(|login| AgentConfig {
            key_file: config.privacy.agent_key_file.clone(),
            login,
        });
    let key = Key::of_node(&state_dir)?;
    let uplink = UplinkConfig {
        org: topics.org().clone(),
        node: topics.node().clone(),
        broker: BrokerConfig::from(&config.broker),
        speaker: speaker(config),
        state_dir,
        agent,
        gateway: config.adapters.mqtt.enabled.then(|| signals.clone()),
        subscriptions: None,
        left: Left::Ended {
            calls: Disclosure::new(&config.privacy).tells_of_calls(),
        },
        limits: OutboxLimits::default(),
        timing: Timing::default(),
    };
    Ok((uplink, name_headset(key)))
}

/// A headset without a serial number is named by the port it is plugged into.
pub(super) fn name_headset(key: Key) -> NameHeadset {
    Box::new(move |identity, usb| {
        let port = usb.to_string();
        let serial = identity.serial.as_deref().unwrap_or(&port);
        HeadsetId::new(identity::headset_id(
            identity.vendor.0,
            identity.product.0,
            serial,
            &key,
        ))
    })
}
