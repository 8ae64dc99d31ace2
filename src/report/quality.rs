//! How well a voice got through, as a number whose parts can be read one by one.
//!
//! The model is the E-model's transmission rating R (ITU-T G.107, 06/2015) of one direction, with
//! what was measured put in and the recommendation's default for everything else, so that a
//! faultless call has R = 93.2. Each penalty is what one input takes alone:
//!
//! * *level*: the send loudness rating is 8 dB at an active speech level of −26 dBov, and as much
//!   higher as the voice is quieter: terms Ro and Iolr (§7.2, §7.3).
//! * *noise*: the noise under the voice as circuit noise at the 0 dBr point, A-weighted where the
//!   recommendation has psophometric weighting: term Ro.
//! * *loss*: Ie,eff of §7.5 for G.711 with packet loss concealment (Ie 0, Bpl 25.1, G.113 Appendix
//!   I), losses at random. The codec is not known here; others suffer more.
//! * *delay*: Idd (§7.4) of half the round trip. The buffers of both ends are not known, and come on top.
//! * *dropout*: Ie,eff of the share of time lost in the captured sound, without concealment (Bpl 4.3).
//! * *clipping*, *crackle*: not in the recommendation. Sidetone's own scale: 10 points at the limit at
//!   which `line_noise` raises (0.2 % of the samples; 20 crackles a minute), in proportion, 20 at most.
//!
//! *Limits*: levels are those at the desk; what the softphone and the network change afterwards is
//! not in it, so the score is an upper bound where no softphone tells loss. Penalties are added as
//! the E-model adds impairments; listeners' own opinions were never asked, and no MOS is made of it.

/// R with every input at its default.
pub const FAULTLESS: f64 = 93.2;

/// 0 dBm0 on this scale of digital overload: a sine of full scale is −3.01 dBov and +3.14 dBm0 (G.711, A-law).
pub const DBM0_OVER_DBOV: f64 = 6.15;

/// Active speech level at which the send loudness rating is nominal.
const NOMINAL_LEVEL_DBOV: f64 = -26.0;

/// Loudness ratings in decibels: sending, its range in the recommendation, receiving.
const SLR: f64 = 8.0;
const SLR_RANGE: (f64, f64) = (0.0, 18.0);
const RLR: f64 = 2.0;

/// Noise powers at the 0 dBr point by default, dBm0p: circuit; room at the sender's and at the
/// receiver's (35 dB(A) each); the receiver's noise floor.
const NC: f64 = -70.0;
const NOS: f64 = -75.74;
const NOR: f64 = -83.36;
const NFO: f64 = -62.0;

/// Packet loss robustness of G.711: with concealment, and without.
const BPL_CONCEALED: f64 = 25.1;
const BPL_BARE: f64 = 4.3;

/// Our own scale: points at the limit, and at most.
const AT_LIMIT: f64 = 10.0;
const AT_MOST: f64 = 20.0;
const CLIPPED_LIMIT: f64 = 0.002;
const CRACKLE_LIMIT: f64 = 20.0;

/// What was measured of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Active speech level; without it there is no score.
    pub level_dbov: Option<f64>,
    /// Noise under the speech, A-weighted.
    pub noise_dbov_a: Option<f64>,
    /// Share of packets lost.
    pub loss_ratio: Option<f64>,
    /// One way.
    pub delay_ms: Option<f64>,
    /// Share of time lost in the captured sound.
    pub dropout_ratio: Option<f64>,
    /// Share of clipped samples.
    pub clipped_ratio: Option<f64>,
    /// Crackles.
    pub crackle_per_min: Option<f64>,
}

/// A score and what it is made of; a part whose input is unknown is `None` and takes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// R, 0..100.
    pub score: f64,
    /// Too quiet or too loud.
    pub level: f64,
    /// Noise.
    pub noise: Option<f64>,
    /// Lost packets.
    pub loss: Option<f64>,
    /// Delay.
    pub delay: Option<f64>,
    /// Dropouts.
    pub dropout: Option<f64>,
    /// Clipping.
    pub clipping: Option<f64>,
    /// Crackle.
    pub crackle: Option<f64>,
}

/// The quality of one direction; `None` if no voice was measured.
#[must_use]
pub fn of(measured: &Measured) -> Option<Quality> {
    let level_dbov = measured.level_dbov.filter(|level| level.is_finite())?;
    let (low, high) = SLR_RANGE;
    let slr = (SLR + NOMINAL_LEVEL_DBOV - level_dbov).clamp(low, high);
    let level = (basic(SLR, noise_sum(NC)) - basic(slr, noise_sum(NC))).max(0.0);
    let noise = measured.noise_dbov_a.map(|dbov| {
        let circuit = add(NC, dbov + DBM0_OVER_DBOV);
        basic(slr, noise_sum(NC)) - basic(slr, noise_sum(circuit))
    });
    let loss = measured.loss_ratio.map(|share| lost(share, BPL_CONCEALED));
    // The dropouts of a stream that lost packets are those packets.
    let dropout = measured
        .dropout_ratio
        .map(|share| (lost(share, BPL_BARE) - loss.unwrap_or(0.0)).max(0.0));
    let delay = measured.delay_ms.map(delayed);
    let own = |value: f64, limit: f64| (value / limit * AT_LIMIT).clamp(0.0, AT_MOST);
    let clipping = measured.clipped_ratio.map(|v| own(v, CLIPPED_LIMIT));
    let crackle = measured.crackle_per_min.map(|v| own(v, CRACKLE_LIMIT));
    let taken = [noise, loss, delay, dropout, clipping, crackle]
        .into_iter()
        .flatten()
        .fold(level, |sum, part| sum + part);
    Some(Quality {
        score: (FAULTLESS - taken).clamp(0.0, 100.0),
        level,
        noise,
        loss,
        delay,
        dropout,
        clipping,
        crackle,
    })
}

/// Sum of two powers in decibels.
fn add(a: f64, b: f64) -> f64 {
    10.0 * (10.0_f64.powf(a / 10.0) + 10.0_f64.powf(b / 10.0)).log10()
}

/// All noise at the 0 dBr point, with this circuit noise (G.107 §7.2.1).
fn noise_sum(circuit: f64) -> f64 {
    [NOS, NOR, NFO].into_iter().fold(circuit, add)
}

/// Ro − Iolr (G.107 §7.2, §7.3.1): what level and noise leave.
fn basic(slr: f64, noise: f64) -> f64 {
    let ratio = 15.0 - 1.5 * (slr + noise);
    let loudness = slr + RLR + 0.2 * (64.0 + noise - RLR);
    let eighth = loudness / 8.0;
    ratio - 20.0 * ((1.0 + eighth.powi(8)).powf(0.125) - eighth)
}

/// Ie,eff with Ie = 0 and losses at random (G.107 §7.5).
fn lost(share: f64, robustness: f64) -> f64 {
    let percent = share.clamp(0.0, 1.0) * 100.0;
    95.0 * percent / (percent + robustness)
}

/// Idd (G.107 §7.4): nothing up to 100 ms.
fn delayed(one_way_ms: f64) -> f64 {
    if one_way_ms <= 100.0 {
        return 0.0;
    }
    let x = (one_way_ms / 100.0).log2();
    let sixth = |y: f64| (1.0 + y.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn good() -> Measured {
        Measured {
            level_dbov: Some(-26.0),
            ..Measured::default()
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_recommendation() {
        // G.107 Table 3's note: R = 93.2; its Ro is 94.77.
        assert!((15.0 - 1.5 * (SLR + noise_sum(NC)) - 94.77).abs() < 0.02);
        assert_eq!(of(&good()).map(|q| q.score), Some(FAULTLESS));
    }

    #[test]
    fn single_impairments_are_those_of_the_recommendation() {
        // Idd by hand: Ta 200 ms is X = 1.
        let by_hand =
            25.0 * (2.0_f64.powf(1.0 / 6.0) - 3.0 * (1.0 + 3.0_f64.powi(-6)).powf(1.0 / 6.0) + 2.0);
        assert!((delayed(200.0) - by_hand).abs() < 1e-9);
        assert_eq!(delayed(100.0), 0.0);
        // Ie,eff by hand: 2 % of G.711 with concealment.
        assert!((lost(0.02, BPL_CONCEALED) - 95.0 * 2.0 / 27.1).abs() < 1e-9);
        // Circuit noise of −50 dBm0p: Ro falls to 15 − 1.5(8 − 49.68) = 77.5, and Iolr with it.
        let noise = noise_sum(add(NC, -50.0));
        assert!((noise + 49.71).abs() < 0.1, "{noise}");
    }

    #[test]
    fn no_voice_no_score_and_what_is_not_measured_takes_nothing() {
        assert_eq!(of(&Measured::default()), None);
        let quality = of(&good()).expect("a voice");
        assert_eq!(
            (quality.loss, quality.delay, quality.noise),
            (None, None, None)
        );
    }

    #[test]
    fn a_quiet_voice_and_a_hiss_cost_what_ro_says() {
        let quiet = Measured {
            level_dbov: Some(-36.0),
            ..good()
        };
        let level = of(&quiet).expect("a voice").level;
        assert!((14.0..15.0).contains(&level), "{level}");
        let noisy = Measured {
            noise_dbov_a: Some(-41.0),
            ..good()
        };
        let score = of(&noisy).expect("a voice").score;
        assert!((50.0..58.0).contains(&score), "{score}");
    }

    proptest! {
        /// Worse input never gives a better score, and the parts add up.
        #[test]
        fn worse_is_never_better(
            level in -60.0..0.0_f64, noise in -90.0..-20.0_f64, loss in 0.0..0.5_f64,
            delay in 0.0..800.0_f64, clip in 0.0..0.1_f64, crackle in 0.0..100.0_f64, drop in 0.0..0.3_f64,
        ) {
            let measured = Measured {
                level_dbov: Some(level), noise_dbov_a: Some(noise), loss_ratio: Some(loss),
                delay_ms: Some(delay), dropout_ratio: Some(drop), clipped_ratio: Some(clip),
                crackle_per_min: Some(crackle),
            };
            let quality = of(&measured).expect("a voice");
            prop_assert!((0.0..=100.0).contains(&quality.score));
            let parts = [quality.noise, quality.loss, quality.delay, quality.dropout, quality.clipping, quality.crackle];
            let sum: f64 = quality.level + parts.into_iter().flatten().sum::<f64>();
            prop_assert!((quality.score - (FAULTLESS - sum).max(0.0)).abs() < 1e-9);
            prop_assert!(parts.into_iter().flatten().all(|part| part >= -1e-9));
            for worse in [
                Measured { noise_dbov_a: Some(noise + 3.0), ..measured },
                Measured { loss_ratio: Some(loss + 0.01), ..measured },
                Measured { delay_ms: Some(delay + 50.0), ..measured },
                Measured { dropout_ratio: Some(drop + 0.01), ..measured },
                Measured { clipped_ratio: Some(clip + 0.01), ..measured },
                Measured { crackle_per_min: Some(crackle + 1.0), ..measured },
            ] {
                prop_assert!(of(&worse).expect("a voice").score <= quality.score + 1e-9);
            }
        }
    }
}
