//! What the parts know, put together for the local socket.

use super::clock::Clock;
use super::disclosure::Disclosure;
use super::meter::Reading;
use super::sound::SoundThread;
use super::troubles::Troubles;
use crate::alerts::{How, Mute, Now};
use crate::local::state::{
    Access, Broker, Call, FarEnd, Headset, Live, Node, Outbox, Overtalk, Sound, State, Switch,
};
use crate::overtalk::party;
use crate::station::{CallView, HeadsetView, Part, QuickDisconnect, Station};
use crate::uplink::OutboxStats;
use sidetone_devices::audio::api;
use sidetone_devices::headset::UsbPath;
use std::collections::BTreeMap;
use std::time::Duration;

/// The clocks are read one after the other: what has jumped less than this has not jumped.
const JITTER_MS: u64 = 20;

/// A meter that has not moved for so long stands still.
const STANDS_STILL: Duration = Duration::from_millis(500);

/// Who asks, between two times.
#[derive(Debug, Default)]
pub(super) struct Onlooker {
    /// UTC at the station's zero, ms; kept, so that a `since` does not tremble.
    epoch: u64,
    /// The last reading of each meter and when it was new.
    readings: BTreeMap<UsbPath, (Reading, Duration)>,
}

/// What of the parts is looked at.
#[derive(Debug)]
pub(super) struct Looked<'a> {
    pub(super) clock: &'a Clock,
    pub(super) station: &'a Station,
    pub(super) troubles: &'a Troubles,
    pub(super) sound: &'a SoundThread,
    /// Of streams; without the samples lost.
    pub(super) streams: Sound,
    pub(super) disclosure: &'a Disclosure,
}

impl Onlooker {
    /// Everything that is now. `node` is as it was at the start.
    pub(super) fn state(
        &mut self,
        looked: &Looked<'_>,
        mut node: Node,
        broker: Broker,
        outbox: OutboxStats,
    ) -> State {
        let now = looked.clock.now();
        self.set_clock(now);
        node.since = self.utc(Duration::ZERO);
        if let Some((state, reason)) = looked.station.condition() {
            (node.state, node.reason) = (Some(state), reason.map(str::to_owned));
        }
        let views: Vec<HeadsetView<'_>> = looked.station.view().collect();
        let known: Vec<&UsbPath> = views.iter().map(|view| view.usb).collect();
        self.readings.retain(|usb, _| known.contains(&usb));
        let others = looked.troubles.others(&known);
        let troubles = others.map(str::to_owned).collect();
        let mut alerts: Vec<_> = looked.station.active_alerts().cloned().collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.since));
        State {
            node,
            broker,
            outbox: Outbox {
                records: outbox.records,
                bytes: outbox.bytes,
                dropped: outbox.dropped,
            },
            sound: Sound {
                lost_samples: looked.sound.pulse().lost_samples(),
                ..looked.streams
            },
            headsets: views
                .iter()
                .map(|view| self.headset(now, view, looked))
                .collect(),
            troubles,
            alerts,
            not_sent: looked.disclosure.not_sent().map(str::to_owned).collect(),
        }
    }

    fn set_clock(&mut self, now: Now) {
        let epoch = now.utc_of(Duration::ZERO);
        if epoch.abs_diff(self.epoch) > JITTER_MS {
            self.epoch = epoch;
        }
    }

    fn utc(&self, at: Duration) -> u64 {
        self.epoch
            .saturating_add(u64::try_from(at.as_millis()).unwrap_or(u64::MAX))
    }

    fn headset(&mut self, now: Now, view: &HeadsetView<'_>, looked: &Looked<'_>) -> Headset {
        let identity = view.identity;
        let of_controls = looked.troubles.of_controls(view.usb);
        let of_sound = looked.troubles.of_sound(view.usb);
        let access = |part, trouble: Option<&str>| match (part, trouble) {
            (Part::Present, _) => Access::Here,
            (_, Some(_)) => Access::Unreadable,
            (Part::Gone, None) => Access::Gone,
            (Part::Unknown, None) => Access::Unknown,
        };
        let troubles = of_controls.into_iter().chain(of_sound);
        Headset {
            id: view.id.to_string(),
            name: identity.name.clone(),
            usb_id: format!("{:04x}:{:04x}", identity.vendor.0, identity.product.0),
            firmware: identity.firmware.clone().filter(|f| !f.is_empty()),
            quirk: view.quirk.filter(|q| !q.is_empty()).map(str::to_owned),
            controls: access(view.controls, of_controls),
            sound_card: access(view.sound_card, None),
            troubles: troubles.map(str::to_owned).collect(),
            off_hook: view.off_hook,
            mute: match view.mute {
                Mute::Unknown => Switch::default(),
                Mute::On { how, since } => Switch {
                    since: Some(self.utc(since)),
                    ..known(true, how)
                },
                Mute::Off { how } => known(false, how),
            },
            quick_disconnect: match view.quick_disconnect {
                QuickDisconnect::Unknown => Switch::default(),
                QuickDisconnect::Open(how) => known(true, how),
                QuickDisconnect::Closed(how) => known(false, how),
            },
            volume: view.volume,
            battery: view.battery,
            call: view.call.as_ref().map(|call| {
                let live = self.live(now, view.usb, call, looked.sound);
                self.call(call, live)
            }),
        }
    }

    fn call(&self, call: &CallView, live: Option<Live>) -> Call {
        Call {
            id: call.id,
            since: self.utc(call.since),
            provenance: call.how.provenance(),
            confidence: call.how.confidence(),
            heard: call.heard,
            far_end: match call.far_end {
                api::FarEnd::OnHeadset => FarEnd::Stream,
                api::FarEnd::Mix => FarEnd::Mix,
                api::FarEnd::Elsewhere => FarEnd::Elsewhere,
                api::FarEnd::Nowhere => FarEnd::Nowhere,
            },
            overtalk: call.overtalk.map(|parties| Overtalk {
                floor: party(parties.floor),
                interrupter: party(parties.interrupter),
            }),
            live,
            figures: call.figures.clone(),
        }
    }

    /// The meter, as long as it moves and what it shows is the customer.
    fn live(
        &mut self,
        now: Now,
        usb: &UsbPath,
        call: &CallView,
        sound: &SoundThread,
    ) -> Option<Live> {
        let reading = sound.reading(usb).filter(|_| call.heard)?;
        let known = self
            .readings
            .entry(usb.clone())
            .or_insert((reading, now.monotonic));
        if known.0.count != reading.count {
            *known = (reading, now.monotonic);
        }
        if now.monotonic.saturating_sub(known.1) > STANDS_STILL {
            return None;
        }
        let customer = reading
            .customer
            .filter(|_| call.far_end != api::FarEnd::Elsewhere);
        Some(Live {
            agent_level_dbov: reading.agent.level_dbov,
            agent_speech: reading.agent.speaks,
            customer_level_dbov: customer.map(|side| side.level_dbov),
            customer_speech: customer.map(|side| side.speaks),
        })
    }
}

fn known(on: bool, how: How) -> Switch {
    Switch {
        on: Some(on),
        provenance: Some(how.provenance()),
        confidence: how.confidence(),
        since: None,
    }
}
