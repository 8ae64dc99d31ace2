"""Other programs' scores of the calls that `sidetone-accuracy export FOLDER` wrote.

Beside each call a file CALL.PEER.f32 is left: one little-endian float per 10 ms frame. Peers: Silero v6, WebRTC's
detector (the share of its four modes that say speech); for double talk Silero on the
microphone, on what AEC3 leaves of it, and on what a linear canceller (partitioned-block frequency-domain Kalman
filter, Enzner & Vary 2006) leaves of it, fused by logistic regression with the far end's score and the incoherent power, trained on the
tuning part.
"""

import functools
import importlib.util
import multiprocessing
import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime
import webrtcvad

FRAME = 160
POINTS = 2 * FRAME
PARTITIONS = 8
MOST_DELAY = 40


def read(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / 32768.0


def write(path, scores):
    np.asarray(scores, dtype="<f4").tofile(path)


class Silero:
    """Silero v6 at 16 kHz: windows of 512 samples, each with the 64 before it."""

    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Found, not imported: the package would want PyTorch, which the model does not.
        package = importlib.util.find_spec("silero_vad").submodule_search_locations[0]
        model = Path(package) / "data" / "silero_vad.onnx"
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def __call__(self, samples, frames):
        state = np.zeros((2, 1, 128), dtype=np.float32)
        context = np.zeros(64, dtype=np.float32)
        rate = np.array(16000, dtype=np.int64)
        scores = []
        for start in range(0, len(samples) - 511, 512):
            window = samples[start : start + 512]
            heard = np.concatenate([context, window])[None, :].astype(np.float32)
            score, state = self.session.run(None, {"input": heard, "state": state, "sr": rate})
            context = window[-64:]
            scores.append(float(score[0, 0]))
        # Each frame has the score of the window its middle lies in, straight lines between window middles.
        middles = np.arange(len(scores)) * 512 + 256
        return np.interp(np.arange(frames) * FRAME + FRAME / 2, middles, scores)


def webrtc(samples, frames):
    modes = [webrtcvad.Vad(mode) for mode in range(4)]
    pcm = (samples * 32768.0).astype("<i2")
    scores = []
    for n in range(frames):
        frame = pcm[n * FRAME : (n + 1) * FRAME].tobytes()
        scores.append(sum(vad.is_speech(frame, 16000) for vad in modes) / 4.0)
    return scores


def spectra(samples, frames):
    padded = np.concatenate([np.zeros(FRAME, np.float32), samples])
    return np.stack([np.fft.rfft(padded[n * FRAME : n * FRAME + POINTS]) for n in range(frames)])


def delay_of(mic, far, frames):
    """The far end's delay in the microphone, in frames: the peak of the correlation of the log envelopes."""

    def envelope(samples):
        bins = np.abs(spectra(samples, frames)[:, 4:68]) ** 2
        bands = np.log(np.add.reduceat(bins, np.arange(0, 64, 4), axis=1) + 1e-4)
        return bands - bands.mean(axis=0)

    near, other = envelope(mic), envelope(far)
    scores = [np.mean(near[d:] * other[: frames - d]) for d in range(MOST_DELAY)]
    return max(int(np.argmax(scores)) - 2, 0)


def kalman(mic, far, frames):
    """What is left of the microphone, and the log ratio of it to the echo found, per frame."""
    delay = delay_of(mic, far, frames)
    late = np.concatenate([np.zeros(delay * FRAME, np.float32), far])[: len(far)]
    x = spectra(late, frames)
    bins = FRAME + 1
    path = np.zeros((PARTITIONS, bins), complex)
    unsure = np.ones((PARTITIONS, bins)) * (0.6 ** np.arange(PARTITIONS))[:, None]
    noise = np.zeros(bins)
    left = np.array(mic[: frames * FRAME])
    evidence = np.zeros(frames)
    keep = 0.9995**2
    blank = np.zeros((PARTITIONS, bins), complex)
    for n in range(frames):
        past = blank.copy()
        count = min(PARTITIONS, n + 1)
        past[:count] = x[n - count + 1 : n + 1][::-1]
        found = np.sum(path * past, axis=0)
        echo = np.fft.irfft(found)[FRAME:]
        here = mic[n * FRAME : (n + 1) * FRAME]
        residual = here - echo
        error = np.fft.rfft(np.concatenate([np.zeros(FRAME), residual]))
        power = np.abs(error) ** 2
        noise = 0.9 * noise + 0.1 * power if n else power
        if np.mean(late[n * FRAME : (n + 1) * FRAME] ** 2) > 1e-6:
            energy = np.abs(past) ** 2
            total = 0.5 * np.sum(unsure * energy, axis=0) + np.maximum(noise, power) + 0.01 * np.abs(found) ** 2 + 1e-6
            step = unsure / total
            path = path + step * np.conj(past) * error
            unsure = keep * unsure * (1 - 0.5 * step * energy) + (1 - keep) * np.abs(path) ** 2
            taps = np.fft.irfft(path, axis=1)
            taps[:, FRAME:] = 0
            path = np.fft.rfft(taps, axis=1)
        if np.sum(residual**2) <= np.sum(here**2):
            left[n * FRAME : (n + 1) * FRAME] = residual
        evidence[n] = np.log10((np.mean(residual**2) + 1e-9) / (np.mean(echo**2) + 1e-9))
    return left.astype(np.float32), evidence


def incoherent(mic, far, frames):
    """Log of the microphone's power that is not coherent with the far end, at its delay."""
    delay = delay_of(mic, far, frames)
    late = np.concatenate([np.zeros(delay * FRAME, np.float32), far])[: len(far)]
    window = np.hanning(POINTS)

    def windowed(samples):
        padded = np.concatenate([np.zeros(FRAME, np.float32), samples])
        return np.stack([np.fft.rfft(window * padded[n * FRAME : n * FRAME + POINTS]) for n in range(frames)])

    m, f = windowed(mic), windowed(late)
    mm, ff, mf = np.zeros(FRAME + 1), np.zeros(FRAME + 1), np.zeros(FRAME + 1, complex)
    out = np.zeros(frames)
    for n in range(frames):
        mm = 0.85 * mm + 0.15 * np.abs(m[n]) ** 2
        ff = 0.85 * ff + 0.15 * np.abs(f[n]) ** 2
        mf = 0.85 * mf + 0.15 * m[n] * np.conj(f[n])
        alone = mm * (1 - np.minimum(np.abs(mf) ** 2 / (mm * ff + 1e-12), 1))
        out[n] = np.log10(np.mean(alone[4:68]) + 1e-7)
    return out


def logit(p):
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))


def smooth(x):
    return np.convolve(x, np.ones(5) / 5, mode="same")


def train(features, truth):
    """Logistic regression by Newton steps."""
    x = np.column_stack([np.ones(len(features)), features])
    w = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ w))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(len(w))
        w += np.linalg.solve(hessian, x.T @ (truth - p) - 1e-3 * w)
    return w


@functools.cache
def silero():
    """One in each process."""
    return Silero()


def judge(truth):
    """Leaves the scores of one call; of double talk, gives what they are fused from."""
    name = truth.with_suffix("")
    labels = np.frombuffer(truth.read_bytes(), dtype=np.uint8)
    frames = len(labels)
    alone = Path(f"{name}.wav")
    if alone.exists():
        samples = read(alone)
        write(f"{name}.silero.f32", silero()(samples, frames))
        write(f"{name}.webrtc.f32", webrtc(samples, frames))
        return None
    mic, far = read(f"{name}.mic.wav"), read(f"{name}.far.wav")
    left, evidence = kalman(mic, far, frames)
    heard = silero()(left, frames)
    write(f"{name}.silero-mic.f32", silero()(mic, frames))
    write(f"{name}.silero-aec3.f32", silero()(read(f"{name}.aec3.wav"), frames))
    write(f"{name}.silero-kalman.f32", heard)
    coherence = incoherent(mic, far, frames)
    features = np.column_stack([logit(heard), smooth(coherence), coherence, smooth(evidence)])
    return name, labels, features


def main(folder):
    fused = {"tuning": [], "test": []}
    with multiprocessing.Pool() as pool:
        for part in fused:
            calls = sorted((Path(folder) / part).glob("*.truth"))
            fused[part] = [told for told in pool.imap(judge, calls) if told]
            print(part, "judged", file=sys.stderr)
    counted = [(features[labels >= 2], labels[labels >= 2] & 1) for _, labels, features in fused["tuning"]]
    if counted:
        weights = train(np.concatenate([c[0] for c in counted]), np.concatenate([c[1] for c in counted]))
        for part in fused.values():
            for name, _, features in part:
                score = 1 / (1 + np.exp(-(weights[0] + features @ weights[1:])))
                write(f"{name}.silero-kalman-fused.f32", score)


if __name__ == "__main__":
    main(sys.argv[1])
