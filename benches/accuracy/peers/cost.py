"""What each program costs for 10 ms of a call: instructions under valgrind, and time of one core.

    cost.py SIDETONE-ACCURACY CALLS          counts all of them into CALLS/cost.tsv
    cost.py run PROGRAM CALL SECONDS         one Python peer's work on the first seconds of a call

Each runs with two lengths; the difference over the frames between is the cost without start-up. Instructions do not
depend on what else the machine does. Times are the least of five runs' processor time.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Instructions are counted over the second ten seconds, times over the last fifty of the minute.
COUNTED, TIMED = (10, 20), (10, 60)
CRATES = {
    "sidetone-one-side": "Sidetone, one side, 16 kHz: all figures",
    "sidetone": "Sidetone, both sides, 16 kHz: all figures and double talk",
    "sidetone-48k": "Sidetone, both sides, 48 kHz: all figures and double talk",
    "earshot": "earshot 1.2.2: speech",
    "rnnoise": "RNNoise (nnnoiseless 0.5.2), 48 kHz: speech and denoising",
    "aec3": "AEC3 (sonora 0.2.0): echo taken out",
}
PACKAGES = {
    "silero": "Silero VAD 6.2 (onnxruntime): speech",
    "webrtc": "WebRTC's detector, one mode: speech",
    "essentia-click": "Essentia's ClickDetector",
    "essentia-discontinuity": "Essentia's DiscontinuityDetector",
    "essentia-gaps": "Essentia's GapsDetector",
    "essentia-saturation": "Essentia's SaturationDetector",
}


def work(program, call, seconds):
    """A Python peer on the microphone of a call."""
    path = f"{call}.mic.wav"
    if program.startswith("essentia-"):
        import faults

        rate, samples = faults.read(path)
        detector = getattr(faults, program.removeprefix("essentia-"))
        detector(rate, samples[: seconds * rate])
        return
    import judge

    samples = judge.read(path)[: seconds * 16000]
    if program == "silero":
        judge.Silero()(samples, seconds * 100)
        return
    vad = judge.webrtcvad.Vad(3)
    pcm = (samples * 32768.0).astype("<i2")
    for n in range(seconds * 100):
        vad.is_speech(pcm[n * 160 : (n + 1) * 160].tobytes(), 16000)


def instructions(command):
    with tempfile.NamedTemporaryFile() as log:
        valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", f"--log-file={log.name}"]
        subprocess.run(valgrind + command, check=True)
        for line in Path(log.name).read_text().splitlines():
            if "I" in line and "refs:" in line:
                return int(line.split("refs:")[1].replace(",", ""))
    raise SystemExit("valgrind gave no count of instructions; is it installed? scripts/install-deps gate")


def seconds_of(command):
    def once():
        child = subprocess.Popen(command)
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} failed")
        return usage.ru_utime + usage.ru_stime

    return min(once() for _ in range(5))


def each(measure, lengths, command):
    short, long = (measure([*command, str(length)]) for length in lengths)
    return (long - short) / (100 * (lengths[1] - lengths[0]))


def main(program, folder):
    call = str(Path(folder) / "test" / "double-talk-10-quiet-steady-00")
    commands = [(CRATES[name], [program, "cost", name, call]) for name in CRATES]
    commands += [(PACKAGES[name], [sys.executable, __file__, "run", name, call]) for name in PACKAGES]
    lines = []
    for title, command in commands:
        count = each(instructions, COUNTED, command)
        time = each(seconds_of, TIMED, command)
        lines.append(f"{title}\t{count / 1000:,.0f} k\t{1e6 * time:,.1f} µs\n")
        print(lines[-1].expandtabs(8), end="", file=sys.stderr)
    (Path(folder) / "cost.tsv").write_text("".join(lines))


if __name__ == "__main__":
    # One thread each: the cost of one core is asked for.
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.argv[1] == "run":
        work(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(sys.argv[1], sys.argv[2])
