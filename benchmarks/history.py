"""Judge the retrospective cuts by the Turing Change Point Dataset, beside ruptures' own searches.

    python -m benchmarks.history ../shared/data/tcpd

F1 and cover as the dataset's benchmark defines them (margin 5, index 0 included); every method at
one setting for all series. Series of more than one dimension are left out.

Source: van den Burg & Williams (2020), "An evaluation of change point detection algorithms".
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reporting.history import change_points

Floats = npt.NDArray[np.float64]
MARGIN = 5


def true_positives(truth: Iterable[int], found: Iterable[int]) -> int:
    left = set(found)
    count = 0
    for true in sorted(truth):
        near = [(abs(true - x), x) for x in left if abs(true - x) <= MARGIN]
        if near:
            left.remove(min(near)[1])
            count += 1
    return count


def f1(annotations: Mapping[str, list[int]], found: list[int]) -> float:
    cuts = {0, *found}
    marked = {name: {0, *marks} for name, marks in annotations.items()}
    precision = true_positives(set().union(*marked.values()), cuts) / len(cuts)
    recall = float(np.mean([true_positives(m, cuts) / len(m) for m in marked.values()]))
    return 2 * precision * recall / (precision + recall)


def parts(cuts: Iterable[int], n: int) -> list[tuple[int, int]]:
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < n}), n]
    return list(pairwise(bounds))


def cover(annotations: Mapping[str, list[int]], found: list[int], n: int) -> float:
    def of_one(marks: list[int]) -> float:
        total = 0.0
        for a, b in parts(marks, n):
            total += (b - a) * max(
                max(0, min(b, d) - max(a, c)) / (max(b, d) - min(a, c)) for c, d in parts(found, n)
            )
        return total / n

    return float(np.mean([of_one(marks) for marks in annotations.values()]))


def ruptures_search(name: str) -> Callable[[Floats], list[int]]:
    """Return a search of ruptures with squared error and the BIC penalty of a mean and a place."""

    def search(values: Floats) -> list[int]:
        import ruptures

        known = np.isfinite(values)
        filled = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
        scaled = (filled - filled.mean()) / filled.std()
        fitted = getattr(ruptures, name)(model="l2", jump=1, min_size=2).fit(scaled[:, None])
        return [int(end) for end in fitted.predict(pen=2 * np.log(len(values)))[:-1]]

    return search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    annotations = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    series: dict[str, Floats] = {}
    left_out = []
    for path in sorted((folder / "datasets").rglob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["name"] not in annotations:
            continue
        if held["n_dim"] > 1:
            left_out.append(f"{held['name']} ({held['n_dim']} dimensions)")
            continue
        series[held["name"]] = np.array(held["series"][0]["raw"], dtype=np.float64)
    absent = sorted(set(annotations) - set(series) - {name.split(" ")[0] for name in left_out})
    methods: dict[str, Callable[[Floats], list[int]]] = {
        "never a change": lambda values: [],
        "ruptures PELT, BIC": ruptures_search("Pelt"),
        "ruptures Binseg, BIC": ruptures_search("Binseg"),
        "moodwatch": change_points,
    }
    print(f"| {len(series)} series | F1 | cover |\n|---|---|---|")
    for name, method in methods.items():
        cuts = {key: method(values) for key, values in series.items()}
        scores = [f1(annotations[key], cuts[key]) for key in series]
        covers = [cover(annotations[key], cuts[key], len(series[key])) for key in series]
        print(f"| {name} | {np.mean(scores):.3f} | {np.mean(covers):.3f} |", flush=True)
    print(f"\nleft out: {', '.join(left_out)}; not in the folder: {', '.join(absent)}")


if __name__ == "__main__":
    main()
