//! New settings in the middle of whatever goes on: no call ends, no stream closes, no alert is lost.

use super::announce;
use super::disclosure::Disclosure;
use super::parts::Parts;
use super::settings;
use crate::config::Config;
use crate::station::{Input, Output};
use sidetone_wire::vocabulary::AlertKind;
use std::time::{Duration, Instant};

impl Parts {
    /// Puts the live settings of `config` in force; those that need a restart are left alone.
    ///
    /// An alert that may be sent before and not after (or the other way round) is cleared with `disabled` as long
    /// as its clear takes the way of its raise, so that no consumer is left with half of its life.
    pub(super) async fn apply(&mut self, config: &Config) {
        let disclosure = Disclosure::new(&config.privacy);
        let settings = settings::station(config);
        let mut between = settings.clone();
        let mut moved = false;
        for kind in AlertKind::ALL {
            if self.disclosure.sends_alert(*kind) != disclosure.sends_alert(*kind) {
                between.alerts.switch_off(*kind);
                moved = true;
            }
        }
        if moved {
            self.tell_station(Instant::now(), Input::Configure(Box::new(between)));
            self.carry_out().await;
        }
        self.disclosure = disclosure;
        self.tell_station(Instant::now(), Input::Configure(Box::new(settings)));
        self.health_every = Duration::from_secs(config.telemetry.health_interval_s.into());
        // Team, site and the switched-off signals stand in retained messages.
        let items = announce::items(config);
        self.outputs.extend(items.map(Output::Message));
        self.station.say_again(&mut self.outputs);
        self.carry_out().await;
    }
}
