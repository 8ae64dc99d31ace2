//! One headset's sound, from the taps' reading ends to seconds and overtalks.
//!
//! *Promises*: [`Channel::drain`] allocates nothing, takes no lock and makes no system call.
//!
//! *Never* keeps a tap that has ended.

use super::meter::{Meter, MeterFeed};
use sidetone_devices::audio::api::StreamSide;
use sidetone_devices::audio::tap::{MonotonicNanos, TapReader};
use sidetone_dsp::aggregate::SecondAggregator;
use sidetone_dsp::analyzer::CallAnalyzer;
use sidetone_dsp::line_up::{FrameKind, LineUp};
use sidetone_dsp::measurement::{Measurement, OvertalkEvent, Side};
use sidetone_dsp::second::SecondSummary;
use sidetone_dsp::units::{SampleRate, UnsupportedSampleRate};
use std::sync::Arc;

/// What a far end that is not heard yet is expected to be sampled at; if it turns out otherwise the
/// chain is built anew.
const USUAL_RATE_HZ: u32 = 48_000;

/// What comes out of a channel.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are seconds of sound, and each is moved on at once"
)]
pub(super) enum Finding {
    /// A second is complete.
    Second(SecondSummary),
    /// An overtalk began or ended.
    Overtalk(OvertalkEvent),
}

/// Both sides of one headset.
#[derive(Debug)]
pub(super) struct Channel {
    agent: Option<TapReader>,
    customer: Option<TapReader>,
    chain: Chain,
    meter: MeterFeed,
    excluded: bool,
    /// Samples each tap had lost when last asked.
    known_lost: [u64; 2],
}

#[derive(Debug)]
struct Chain {
    agent: SampleRate,
    customer: SampleRate,
    line_up: LineUp,
    analyzer: CallAnalyzer,
    seconds: SecondAggregator,
}

impl Chain {
    fn new(agent: SampleRate, customer: SampleRate) -> Self {
        Self {
            agent,
            customer,
            line_up: LineUp::new(agent, Some(customer)),
            analyzer: CallAnalyzer::new(agent, Some(customer)),
            seconds: SecondAggregator::new(agent, Some(customer)),
        }
    }
}

impl Channel {
    /// Without any tap yet; who looks on reads `meter`.
    ///
    /// # Errors
    /// Never in practice: [`USUAL_RATE_HZ`] is one of the supported rates.
    pub(super) fn new(meter: Arc<Meter>) -> Result<Self, UnsupportedSampleRate> {
        let usual = SampleRate::new(USUAL_RATE_HZ)?;
        Ok(Self {
            agent: None,
            customer: None,
            chain: Chain::new(usual, usual),
            meter: MeterFeed::new(meter),
            excluded: false,
            known_lost: [0; 2],
        })
    }

    /// Listens to `tap` as one side from now on. A side sampled otherwise than the chain was built
    /// for gets a new chain: the figures so far are lost, which only happens at the start of a call.
    ///
    /// # Errors
    /// If the tap's rate is not one the analyser takes; the side then stays silent.
    pub(super) fn listen(
        &mut self,
        side: StreamSide,
        tap: TapReader,
    ) -> Result<(), UnsupportedSampleRate> {
        let rate = SampleRate::new(tap.rate())?;
        let (agent, customer) = match side {
            StreamSide::Agent => (rate, self.chain.customer),
            StreamSide::Customer => (self.chain.agent, rate),
        };
        if (agent, customer) != (self.chain.agent, self.chain.customer) {
            self.chain = Chain::new(agent, customer);
            self.chain.analyzer.set_excluded(self.excluded);
        }
        match side {
            StreamSide::Agent => self.agent = Some(tap),
            StreamSide::Customer => self.customer = Some(tap),
        }
        Ok(())
    }

    /// Stops listening to one side; what its tap still holds is zeroed unread.
    pub(super) fn forget(&mut self, side: StreamSide) {
        match side {
            StreamSide::Agent => self.agent = None,
            StreamSide::Customer => self.customer = None,
        }
    }

    /// A new call: every running figure starts afresh.
    pub(super) fn reset(&mut self) {
        self.chain = Chain::new(self.chain.agent, self.chain.customer);
        self.chain.analyzer.set_excluded(self.excluded);
    }

    /// Whether what is heard now must not count as overtalk.
    pub(super) fn exclude(&mut self, excluded: bool) {
        self.excluded = excluded;
        self.chain.analyzer.set_excluded(excluded);
    }

    /// Whether anything is listened to.
    #[must_use]
    pub(super) fn is_open(&self) -> bool {
        self.agent.is_some() || self.customer.is_some()
    }

    /// Samples lost in full taps since the last call of this.
    pub(super) fn newly_lost(&mut self) -> u64 {
        let mut newly = 0;
        let taps = [&self.agent, &self.customer];
        for (tap, known) in taps.into_iter().zip(&mut self.known_lost) {
            let now = tap.as_ref().map_or(0, TapReader::lost_frames);
            newly += now.saturating_sub(*known);
            *known = now;
        }
        newly
    }

    /// Analyses everything that has arrived, and hands what it found to `each`.
    pub(super) fn drain(&mut self, mut each: impl FnMut(Finding)) {
        self.take_samples();
        self.chain.line_up.tick(MonotonicNanos::now().0);
        self.measure(|measurement, second| {
            if let Some(event) = measurement.overtalk {
                each(Finding::Overtalk(event));
            }
            if let Some(second) = second {
                each(Finding::Second(second));
            }
        });
    }

    /// Empties the taps into the line-up.
    fn take_samples(&mut self) {
        for (side, tap) in [
            (Side::Agent, &mut self.agent),
            (Side::Customer, &mut self.customer),
        ] {
            let Some(reader) = tap else { continue };
            // Asked before reading: what arrives in between is read the next time.
            let ended = reader.is_ended();
            let line_up = &mut self.chain.line_up;
            reader.read(|samples, stamp| line_up.push(side, samples, stamp.arrival.0));
            if ended {
                *tap = None;
            }
        }
    }

    /// Analyses every frame of which both sides are there, or the wait for one is over.
    fn measure(&mut self, mut each: impl FnMut(&Measurement, Option<SecondSummary>)) {
        let Chain {
            line_up,
            analyzer,
            seconds,
            ..
        } = &mut self.chain;
        while let Some(pair) = line_up.pop() {
            let customer_slip = pair.customer.and_then(|side| side.kind.slip());
            for (side, slip) in [
                (Side::Agent, pair.agent.kind.slip()),
                (Side::Customer, customer_slip),
            ] {
                if let Some(slip) = slip {
                    analyzer.realign(side, slip);
                }
            }
            let customer = pair
                .customer
                .filter(|side| side.kind != FrameKind::Missing)
                .map(|side| side.samples);
            let measurement = analyzer.process(pair.agent.samples, customer);
            self.meter.note(&measurement);
            let second = seconds.push(&measurement);
            each(&measurement, second);
        }
    }
}

#[cfg(test)]
mod tests;
