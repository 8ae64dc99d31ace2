"""Essentia's detectors of audio problems on the calls with crackle, dropouts, clipping and hum.

A program of its own, which only leaves text: Essentia is under the AGPL and is not linked with anything here.
Beside each call CALL.PEER@SETTING.events is left, a time in seconds on each line. `shipped` is the setting of
Essentia's authors; the others move one threshold of the detector.
"""

import multiprocessing
import sys
import wave
from pathlib import Path

import essentia
import essentia.standard as es
import numpy as np

essentia.log.infoActive = False
essentia.log.warningActive = False

FRAME, HOP = 512, 256


def read(path):
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / 32768.0
        return file.getframerate(), samples


def frames(samples, size=FRAME, hop=HOP):
    return es.FrameGenerator(samples, frameSize=size, hopSize=hop, startFromZero=True)


def click(rate, samples, **threshold):
    detector = es.ClickDetector(frameSize=FRAME, hopSize=HOP, sampleRate=rate, **threshold)
    return [float(start) for frame in frames(samples) for start in detector(frame)[0]]


def discontinuity(rate, samples, **threshold):
    """Jumps; where they are is counted in samples from the begin of the frame."""
    detector = es.DiscontinuityDetector(frameSize=FRAME, hopSize=HOP, **threshold)
    told = []
    for n, frame in enumerate(frames(samples)):
        told += [(n * HOP + float(at)) / rate for at in detector(frame)[0]]
    return told


def gaps(rate, samples, **threshold):
    size, hop = 2048, 1024
    detector = es.GapsDetector(frameSize=size, hopSize=hop, sampleRate=rate, **threshold)
    return [float(end) for frame in frames(samples, size, hop) for end in detector(frame)[1]]


def saturation(rate, samples, **threshold):
    detector = es.SaturationDetector(frameSize=FRAME, hopSize=HOP, sampleRate=rate, **threshold)
    return [float(start) for frame in frames(samples) for start in detector(frame)[0]]


def hum(rate, samples, **threshold):
    _, _, _, starts, _ = es.HumDetector(sampleRate=rate, **threshold)(samples)
    return [float(start) for start in starts]


def settings(name, values):
    return [("shipped", {})] + [(f"{name} {value:g}", {name: value}) for value in values]


CLICK = ("essentia-click", click, settings("detectionThreshold", [20, 40]))
JUMP = ("essentia-discontinuity", discontinuity, settings("detectionThreshold", [5, 16]))
GAPS = ("essentia-gaps", gaps, settings("minimumTime", [2.0, 4.0]))
LEVEL = ("essentia-saturation", saturation, settings("energyThreshold", [-3.0, -6.0, -12.0]))
HUM = ("essentia-hum", hum, settings("detectionThreshold", [2.0, 3.0, 10.0]))

DETECTORS = {
    "crackle": [CLICK, JUMP],
    "dropouts": [GAPS, JUMP],
    "clipping": [LEVEL],
    "hum": [HUM],
}


def judge(path):
    rate, samples = read(path)
    kind = next(kind for kind in DETECTORS if path.name.startswith(kind))
    for peer, detector, thresholds in DETECTORS[kind]:
        for name, threshold in thresholds:
            told = detector(rate, samples, **threshold)
            path.with_name(f"{path.stem}.{peer}@{name}.events").write_text("".join(f"{at:.4f}\n" for at in told))


def main(folder):
    calls = sorted(Path(folder).glob("*/faults/*.wav"))
    with multiprocessing.Pool() as pool:
        pool.map(judge, calls, chunksize=1)
    print(len(calls), "calls judged for faults", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
