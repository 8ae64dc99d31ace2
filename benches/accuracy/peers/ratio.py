"""Blind estimators of the ratio of speech to noise, on the calls of the SNR row.

Beside each call CALL.PEER.figure is left: one number, in dB. None of them detects speech:
- wada: WADA-SNR (Kim and Stern, Interspeech 2008). The amplitudes of clean speech follow a Gamma distribution of
  shape 0.4, noise is normal; the logarithm of the mean less the mean of the logarithm of the sum's amplitude then
  depends on the ratio alone. The table is drawn from the two distributions here.
- quantiles: the 95th centile of the powers of 20 ms frames over their 10th.
- minima: long-term power over the mean of the smoothed power's minima within 1.5 s, after Martin's minimum statistics.
"""

import sys
import wave
from pathlib import Path

import numpy as np

SHAPE = 0.4
RATIOS = np.arange(-20.0, 100.5, 0.5)
DRAWS = 500_000
FRAME = 320


def read(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768.0


def statistic(samples):
    amplitudes = np.maximum(np.abs(samples), 1e-10)
    return np.log(np.mean(amplitudes)) - np.mean(np.log(amplitudes))


def wada_table():
    """The statistic at every ratio, of the same draws, so that it grows evenly."""
    dice = np.random.default_rng(1)
    speech = dice.gamma(SHAPE, size=DRAWS) * dice.choice([-1.0, 1.0], size=DRAWS)
    speech /= np.sqrt(SHAPE * (SHAPE + 1.0))
    noise = dice.normal(size=DRAWS)
    table = [statistic(speech + 10.0 ** (-ratio / 20.0) * noise) for ratio in RATIOS]
    return np.maximum.accumulate(table)


def wada(samples, table):
    return float(np.interp(statistic(samples), table, RATIOS))


def powers(samples):
    count = len(samples) // FRAME
    return np.mean(samples[: count * FRAME].reshape(count, FRAME) ** 2, axis=1) + 1e-12


def over(noise, whole):
    """In dB: what of the whole is not noise, over the noise."""
    return float(10.0 * np.log10(max(whole - noise, 1e-3 * noise) / noise))


def quantiles(samples):
    all_frames = powers(samples)
    return over(np.quantile(all_frames, 0.10), np.quantile(all_frames, 0.95))


def minima(samples):
    smooth, window = powers(samples), 75
    for n in range(1, len(smooth)):
        smooth[n] = 0.8 * smooth[n - 1] + 0.2 * smooth[n]
    lows = [smooth[max(n - window, 0) : n + 1].min() for n in range(len(smooth))]
    return over(float(np.mean(lows)), float(np.mean(samples**2)))


def main(folder):
    table = wada_table()
    for part in ("tuning", "test"):
        for path in sorted((Path(folder) / part / "ratio").glob("*.wav")):
            samples = read(path)
            for peer, ratio in [("wada", wada(samples, table)), ("quantiles", quantiles(samples)), ("minima", minima(samples))]:
                path.with_name(f"{path.stem}.{peer}.figure").write_text(f"{ratio:.3f}\n")
        print(part, "judged for the ratio", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
