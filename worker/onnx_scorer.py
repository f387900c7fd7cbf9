"""Score on a CPU with ONNX Runtime: no torch, the base install's scorer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.bundle import WEIGHTS, Bundle, BundleError
from model.session import open_session
from worker.scorer import DEFAULT_CACHE_SIZE, DEFAULT_TOKEN_BUDGET, BundleScorer


class OnnxScorer(BundleScorer):
    """Run a bundle's graph; one process a core, one thread each, is the fastest layout."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int = 1,
        token_budget: int = DEFAULT_TOKEN_BUDGET,
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        """Load the graph.

        Raises:
            BundleError: when ONNX Runtime cannot read the graph, or its inputs and outputs are
                not those of the bundle's labels.
        """
        super().__init__(bundle, token_budget=token_budget, cache_size=cache_size)
        self._session = open_session(bundle.read(WEIGHTS), threads=threads)
        inputs = [node.name for node in self._session.get_inputs()]
        outputs = {node.name: node.shape[-1] for node in self._session.get_outputs()}
        n_outputs = outputs.get("logits")
        if inputs != ["ids", "lengths"] or n_outputs != len(bundle.config.labels):
            raise BundleError(
                f"expected a graph of 'ids' and 'lengths' with {len(bundle.config.labels)} "
                f"outputs, found {inputs!r} with {n_outputs!r}"
            )
        self._try_longest()

    def _try_longest(self) -> None:
        """Run the last token of the vocabulary in a full window: what the graph must have room for.

        Raises:
            BundleError: when the graph is smaller than tokenizer and config.json say.
        """
        longest = self.bundle.config.max_tokens
        last = max(self._tokenizer.get_vocab().values())
        try:
            self._logits(np.full((1, longest), last), np.array([longest], dtype=np.int32))
        except Exception as error:  # ONNX Runtime's errors share no narrower base
            raise BundleError(
                f"expected a graph for {longest} tokens of a vocabulary of {last + 1}, found one "
                f"that fails on them: {error!s:.200}"
            ) from error

    def _logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> NDArray[np.float32]:
        (logits,) = self._session.run(["logits"], {"ids": ids, "lengths": lengths})
        return np.asarray(logits, dtype=np.float32)
