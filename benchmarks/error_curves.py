"""How fast are the EER, the AUC and the ROC of two million scores, here and in another build?

    python benchmarks/error_curves.py [--src OTHER/src]

Processor time, the least of five, and a hash of the bits of each figure, so that two builds can be compared
side by side in one run; `--src` names the source folder of the other build. Where `bob.measure` can be
imported, the time of its `eer` stands beside.
"""

import argparse
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

N = 2_000_000


def sides(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Mated and non-mated scores."""
    rng = np.random.default_rng(0)
    n_mated = N // 2 if kind == "halves" else N // 10
    mated, nonmated = rng.normal(1, 1, n_mated), rng.normal(0, 1, N - n_mated)
    if kind == "ties":
        return mated.round(3), nonmated.round(3)
    return (mated.astype(np.float32), nonmated.astype(np.float32)) if kind == "float32" else (mated, nonmated)


def least_ms(figure: Callable[[], object]) -> float:
    """Processor time of the fastest of five calls."""
    times = []
    for _ in range(5):
        began = time.process_time()
        figure()
        times.append(time.process_time() - began)
    return 1e3 * min(times)


def measure() -> None:
    """Print one line for each kind of scores and figure."""
    from amber_id.biometrics import auc, eer, roc

    for kind in ("doubles", "halves", "ties", "float32"):
        mated, nonmated = sides(kind)
        for name, figure in (("eer", eer), ("auc", auc), ("roc", roc)):
            found = figure(mated, nonmated)
            # -0.0, which equals 0.0, is no other threshold.
            numbers = np.concatenate([np.atleast_1d(part) for part in np.atleast_1d(found)]) + 0.0
            bits = hashlib.sha256(numbers.tobytes()).hexdigest()[:8]
            taken = least_ms(lambda figure=figure, one=mated, other=nonmated: figure(one, other))
            print(f"{kind} {name} {taken:.1f} {bits}", flush=True)
        try:
            from bob.measure import eer as bob_eer
        except ImportError:
            continue
        taken = least_ms(lambda one=nonmated, other=mated: bob_eer(one, other))
        print(f"{kind} bob.measure {taken:.1f} -", flush=True)


def of_build(src: Path) -> dict[str, tuple[float, str]]:
    """What the build in a source folder takes, and finds."""
    code = f"import sys; sys.path.insert(0, {str(src)!r}); sys.path.insert(1, {str(Path(__file__).parent)!r})"
    command = [sys.executable, "-c", f"{code}; import error_curves; error_curves.measure()"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = [line.split(" ") for line in done.stdout.splitlines()]
    return {f"{kind:8} {figure}": (float(taken), bits) for kind, figure, taken, bits in rows}


def main() -> None:
    """Run both builds, and print the ratios."""
    parser = argparse.ArgumentParser(description="Time of error rates of many scores.")
    here = Path(__file__).parents[1] / "src"
    parser.add_argument("--src", type=Path, default=here, help="source folder of the other build")
    other = of_build(parser.parse_args().src)
    print(f"{N:,} scores, numpy {np.__version__}; ms of processor time: other build, this one, ratio")
    for name, (taken, bits) in of_build(here).items():
        before, bits_before = other[name]
        same = "" if bits == "-" else ", same bits" if bits == bits_before else ", OTHER BITS"
        print(f"{name:22} {before:8.1f} {taken:8.1f} {before / taken:6.1f}{same}")


if __name__ == "__main__":
    main()
