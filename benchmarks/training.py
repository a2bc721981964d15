"""How fast does each attacker train, and in how much memory, against the network of the thesis?

Every network takes steps on the same batch of windows of 64 frames of the whole face, each in a process of
its own: forward, backward, optimiser; the fastest of several steps counts. One run on one machine; the ratios
mean something, the clips per second are this machine's.

    python benchmarks/training.py [--batch 8] [--threads 2] [--quick]

`--quick` takes one step of each and not three. bf16 is measured where the processor is made for it.
"""

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import torch
from torch.utils.flop_counter import FlopCounterMode

from amber_id.attackers import NETWORKS, AttackerName, default_signals, default_streams
from amber_id.motion import FeatureConfig, in_channels, vertex_graph
from amber_id.training import LossConfig
from amber_id.training.losses import Loss

SUBJECTS = 112


@dataclass(frozen=True)
class Measured:
    """Of one network."""

    parameters: int
    gmac: float  # forward, of one window
    clips_per_s: float
    peak_gb: float  # of the process, all it loaded included


def measure(attacker: AttackerName, batch: int, threads: int, steps: int, bf16: bool) -> Measured:
    """Train on one random batch."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    signals = default_signals(attacker)
    features = FeatureConfig(signals=signals, streams=default_streams(attacker, signals, "all"))
    network = NETWORKS[attacker].make(features, {})
    size = (in_channels(features), 64, vertex_graph(features).n_vertices)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        dimensions = network.eval()(torch.randn(1, *size), torch.ones(1, 64, dtype=torch.bool)).shape[1]
    loss = Loss(SUBJECTS, dimensions, LossConfig())
    optimiser = torch.optim.AdamW([*network.train().parameters(), *loss.parameters()])
    x, mask = torch.randn(batch, *size), torch.ones(batch, 64, dtype=torch.bool)
    subject = torch.arange(batch) % SUBJECTS
    seconds = []
    for _ in range(steps):
        began = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            embedded = network(x, mask)
        loss(embedded, subject).backward()
        optimiser.step()
        seconds.append(time.perf_counter() - began)
    return Measured(
        parameters=sum(p.numel() for p in network.parameters()),
        gmac=counter.get_total_flops() / 2e9,
        clips_per_s=batch / min(seconds),
        peak_gb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    )


def main() -> None:
    """Measure them all."""
    parser = argparse.ArgumentParser(description="Training speed and memory of every network.")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    made_for_bf16 = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    columns = ("network", "precision", "parameters", "GMAC", "clips/s", "to thesis", "peak GB")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    thesis, ratios = None, []
    for attacker in NETWORKS:
        for bf16 in (False, True) if made_for_bf16 else (False,):
            # The thesis network needs minutes where the others need seconds: its steps are few.
            steps = 1 if asked.quick else 2 if attacker == "thesis" else 10
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                found = alone.submit(measure, attacker, asked.batch, asked.threads, steps, bf16).result()
            thesis = thesis or found.clips_per_s
            precision, ratio = "bf16" if bf16 else "float32", f"{found.clips_per_s / thesis:.1f} x"
            ratios.append(f"{attacker} {precision} {ratio}")
            size, speed = f"{found.parameters / 1e6:.3f} M | {found.gmac:.3f}", f"{found.clips_per_s:.2f}"
            print(
                f"| {attacker} | {precision} | {size} | {speed} | {ratio} | {found.peak_gb:.2f} |", flush=True
            )
    asked_for = f"batch {asked.batch}, {asked.threads} threads"
    print(f"clips/s against thesis in float32, {asked_for}: {', '.join(ratios)}")


if __name__ == "__main__":
    main()
