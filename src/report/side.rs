//! How one side sounded over the whole call.
//!
//! Made of its seconds, live and of a recording alike. Those in which the agent is muted say
//! nothing about the line, and are left out.

use super::rounded;
use sidetone_dsp::measurement::{Hum, NoiseKind};
use sidetone_dsp::second::SideSecond;
use sidetone_dsp::units::Dbov;
use sidetone_wire::call_report::CallReport;
use sidetone_wire::vocabulary::NoiseName;

/// Hum is told if it was there for this share of the time, as in the analyser's totals.
const HUM_SHARE: u32 = 4;

/// A second with this share of digital zeros holds nothing to measure.
const ALL_ZEROS: f32 = 0.99;

/// One side's figures. What is unknown is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct SideFigures {
    pub(super) level_dbov: Option<f64>,
    pub(super) noise_dbov: Option<f64>,
    pub(super) noise_dbov_a: Option<f64>,
    pub(super) noise_kind: Option<NoiseName>,
    pub(super) gated_ratio: Option<f64>,
    pub(super) snr_db: Option<f64>,
    pub(super) clipped_ratio: Option<f64>,
    pub(super) dropouts: Option<u32>,
    pub(super) dropout_s: Option<f64>,
    /// `dropout_s` as a share of the time heard.
    pub(super) dropout_ratio: Option<f64>,
    pub(super) crackle_per_min: Option<f64>,
    pub(super) hum_hz: Option<f64>,
    pub(super) hum_dbov: Option<f64>,
}

/// A mean of powers.
#[derive(Debug, Clone, Copy, Default)]
struct MeanLevel {
    power: f64,
    count: u32,
}

impl MeanLevel {
    fn add(&mut self, level: Option<Dbov>) {
        if let Some(level) = level.map(|l| f64::from(l.0)).filter(|l| l.is_finite()) {
            self.power += 10.0_f64.powf(level / 10.0);
            self.count += 1;
        }
    }

    fn get(self) -> Option<f64> {
        let mean = self.power / f64::from(self.count.max(1));
        (self.count > 0).then(|| (10.0 * mean.log10()).max(f64::from(Dbov::FLOOR.0)))
    }
}

/// Sums over one side's seconds.
#[derive(Debug, Default)]
pub(super) struct SideAccount {
    seconds: u32,
    level: Option<f64>,
    noise: MeanLevel,
    noise_a: MeanLevel,
    kinds: [u32; NoiseName::ALL.len()],
    gated: u32,
    clipped: f64,
    dropouts: u32,
    dropout_ms: f64,
    crackles: u32,
    hum: MeanLevel,
    hum_hz: f64,
}

impl SideAccount {
    /// Takes in a second in which the side could be heard.
    pub(super) fn second(&mut self, second: &SideSecond) {
        self.seconds += 1;
        self.level = second
            .active_speech_level
            .map(|level| f64::from(level.0))
            .or(self.level);
        self.clipped += f64::from(second.clipped_ratio);
        self.dropouts = self.dropouts.saturating_add(second.dropouts);
        self.dropout_ms += f64::from(second.dropout_ms);
        self.crackles = self.crackles.saturating_add(second.crackles);
        self.gated += u32::from(second.noise_gated);
        if second.digital_silence_ratio >= ALL_ZEROS {
            return;
        }
        self.noise.add(second.noise);
        self.noise_a.add(second.noise_a);
        if let Some(place) = second.noise_kind.map(noise_name).and_then(place) {
            self.kinds[place] += 1;
        }
        if let Some(Hum { fundamental, level }) = second.hum {
            self.hum.add(Some(level));
            self.hum_hz += f64::from(fundamental.0);
        }
    }

    /// Any second was.
    pub(super) fn heard(&self) -> bool {
        self.seconds > 0
    }

    /// The figures.
    pub(super) fn figures(&self) -> SideFigures {
        if self.seconds == 0 {
            return SideFigures::default();
        }
        let seconds = f64::from(self.seconds);
        let most = self.kinds.iter().copied().max().filter(|&most| most > 0);
        let kind = most.and_then(|most| self.kinds.iter().position(|&n| n == most));
        let hums = self.hum.count > 0 && self.hum.count * HUM_SHARE >= self.seconds;
        let (level, noise) = (self.level, self.noise.get());
        SideFigures {
            level_dbov: level,
            noise_dbov: noise,
            noise_dbov_a: self.noise_a.get(),
            noise_kind: kind.and_then(|place| NoiseName::ALL.get(place).copied()),
            gated_ratio: Some(f64::from(self.gated) / seconds),
            snr_db: level
                .zip(noise)
                .and_then(|(level, noise)| over(level, noise)),
            clipped_ratio: Some(self.clipped / seconds),
            dropouts: Some(self.dropouts),
            dropout_s: Some(self.dropout_ms / 1_000.0),
            dropout_ratio: Some((self.dropout_ms / 1_000.0 / seconds).min(1.0)),
            crackle_per_min: Some(f64::from(self.crackles) * 60.0 / seconds),
            hum_hz: hums.then(|| self.hum_hz / f64::from(self.hum.count)),
            hum_dbov: self.hum.get().filter(|_| hums),
        }
    }
}

/// The speech without its noise, over the noise.
fn over(level: f64, noise: f64) -> Option<f64> {
    let speech = 10.0_f64.powf(level / 10.0) - 10.0_f64.powf(noise / 10.0);
    (speech > 0.0).then(|| 10.0 * speech.log10() - noise)
}

fn place(kind: NoiseName) -> Option<usize> {
    NoiseName::ALL.iter().position(|&known| known == kind)
}

/// As the contract names it.
pub(crate) fn noise_name(kind: NoiseKind) -> NoiseName {
    match kind {
        NoiseKind::Quiet => NoiseName::Quiet,
        NoiseKind::Hiss => NoiseName::Hiss,
        NoiseKind::Hum => NoiseName::Hum,
        NoiseKind::Babble => NoiseName::Babble,
        NoiseKind::Office => NoiseName::Office,
        NoiseKind::Traffic => NoiseName::Traffic,
        NoiseKind::Crackle => NoiseName::Crackle,
    }
}

fn decibels(value: Option<f64>) -> Option<f64> {
    rounded(value?, 1)
}

fn figure(value: Option<f64>, decimals: i32) -> Option<f64> {
    rounded(value?, decimals)
}

/// Writes the agent's figures.
pub(super) fn put_agent(report: &mut CallReport, side: &SideFigures) {
    report.agent_active_speech_level_dbov = decibels(side.level_dbov);
    report.agent_noise_dbov = decibels(side.noise_dbov);
    report.agent_noise_dbov_a = decibels(side.noise_dbov_a);
    report.agent_noise_kind = side.noise_kind;
    report.agent_noise_gated_ratio = figure(side.gated_ratio, 3);
    report.agent_snr_db = decibels(side.snr_db);
    report.agent_clipped_ratio = figure(side.clipped_ratio, 6);
    report.agent_dropouts = side.dropouts;
    report.agent_dropout_s = figure(side.dropout_s, 3);
    report.agent_crackle_per_min = figure(side.crackle_per_min, 2);
    report.agent_hum_hz = figure(side.hum_hz, 2);
    report.agent_hum_dbov = decibels(side.hum_dbov);
}

/// Writes the customer's figures.
pub(super) fn put_customer(report: &mut CallReport, side: &SideFigures) {
    report.customer_active_speech_level_dbov = decibels(side.level_dbov);
    report.customer_noise_dbov = decibels(side.noise_dbov);
    report.customer_noise_dbov_a = decibels(side.noise_dbov_a);
    report.customer_noise_kind = side.noise_kind;
    report.customer_noise_gated_ratio = figure(side.gated_ratio, 3);
    report.customer_snr_db = decibels(side.snr_db);
    report.customer_clipped_ratio = figure(side.clipped_ratio, 6);
    report.customer_dropouts = side.dropouts;
    report.customer_dropout_s = figure(side.dropout_s, 3);
    report.customer_crackle_per_min = figure(side.crackle_per_min, 2);
    report.customer_hum_hz = figure(side.hum_hz, 2);
    report.customer_hum_dbov = decibels(side.hum_dbov);
}
