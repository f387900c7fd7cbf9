"""What eight bits cost: a bundle's graph against float32, on the same test texts, in pairs.

    python benchmarks/eight_bits.py ../shared/data [--bundle bundles/mine] [--run runs/mine]

With --run the other side is the run that the bundle was exported from: the whole loss, of weights
and activations. Without it, the network rebuilt in float32 from the bundle's own rounded weights:
the loss of the activations' rounding alone. The bar is .002 of accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from model.bundle import load_bundle
from training.judging.bootstrap import differences
from training.judging.evaluate import ScoresTexts, evaluate_on, load_test_sets
from training.judging.scorers import RunScorer
from worker.onnx_scorer import OnnxScorer
from worker.torch_scorer import TorchScorer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="what `moodwatch evaluate --data` takes")
    parser.add_argument("--bundle", type=Path, default=None)
    parser.add_argument("--run", type=Path, default=None)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    ours: ScoresTexts = OnnxScorer(bundle)
    theirs: ScoresTexts = TorchScorer(bundle)
    if options.run is not None:
        run = RunScorer.load(options.run)
        run.calibration = bundle.calibration
        theirs = run
    print(f"{bundle.model_id} less {theirs.model_name if options.run else 'its own weights'}")
    print(f"{'test set':<14}{'figure':<20}{'eight bits':<12}{'float32':<12}less (95 %)")
    for test in load_test_sets(options.data):
        rounded, exact = evaluate_on(ours, test), evaluate_on(theirs, test)
        for name, found in differences(rounded.answers, exact.answers).items():
            print(
                f"{test.name:<14}{name:<20}{rounded.figures[name]:<12.4f}"
                f"{exact.figures[name]:<12.4f}{found.value:+.4f} "
                f"({found.low:+.4f} to {found.high:+.4f})"
            )


if __name__ == "__main__":
    main()
