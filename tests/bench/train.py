"""Training steps on the CPU, ours and PyTorch's, in turn: `make bench-train`.

Writes target/bench-train.json and prints a table: medians over the rounds, CPU-milliseconds per image, and the ratio of
images per CPU-second, ours over PyTorch's (above 1 we are faster). Both sides run on one thread: threads that wait for
others, as PyTorch's do, would count as work.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 5
STEPS = [("classifier", 32), ("generator", 8), ("generator-and-critic", 8)]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
ROOT = Path(__file__).parents[2]


def main():
    trainer, out = sys.argv[1], ROOT / "target" / "bench-train.json"
    python = [sys.executable, str(Path(__file__).with_name("train_torch.py"))]
    results = {}
    for step, batch in STEPS:
        runs = {"ours": [], "torch": []}
        for number in range(ROUNDS):
            for side, command in (("ours", [trainer, "bench"]), ("torch", python)):
                arguments = [*command, step, "--batch", str(batch), "--steps", "3"]
                done = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True, env=ONE_THREAD)
                runs[side].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"{step}: round {number + 1} of {ROUNDS}", file=sys.stderr)
        median = lambda side, what: statistics.median(run[what] for run in runs[side])
        ours, torch = median("ours", "cpu_ms_per_image"), median("torch", "cpu_ms_per_image")
        results[step] = {
            "batch": batch,
            "ours_cpu_ms": round(ours, 1),
            "torch_cpu_ms": round(torch, 1),
            "ratio": round(torch / ours, 2),
            "ours_peak_mb": round(median("ours", "peak_mb")),
            "torch_peak_mb": round(median("torch", "peak_mb")),
            "torch": runs["torch"][0]["torch"],
        }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n")
    print("| step (batch) | ours, CPU-ms per image | PyTorch | images per CPU-second, ours / PyTorch | peak memory, MB |")
    print("|---|---:|---:|---:|---:|")
    for step, r in results.items():
        print(
            f"| {step.replace('-', ' ')} ({r['batch']}) | {r['ours_cpu_ms']} | {r['torch_cpu_ms']} | {r['ratio']} "
            f"| {r['ours_peak_mb']} / {r['torch_peak_mb']} |"
        )


if __name__ == "__main__":
    main()
