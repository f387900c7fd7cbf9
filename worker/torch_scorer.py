"""Score with torch, on a GPU or as the reference on a CPU, from the same weights file.

The module is rebuilt from the ONNX initialisers, so that CPU and GPU workers agree: both have the
weights rounded to eight bits; only the activations' rounding is the CPU's own. Needs the extra
`gpu`; nothing else in a worker imports torch.
"""

from __future__ import annotations

import numpy as np
import structlog
import torch
from numpy.typing import NDArray

from model.bundle import WEIGHTS, Bundle, BundleError
from model.network import MoodNetwork, NetworkConfig
from model.weights import read_state
from worker.errors import DeviceFullError
from worker.scorer import DEFAULT_CACHE_SIZE, BundleScorer

log = structlog.get_logger(__name__)

#: A GPU wants larger batches than a core.
GPU_TOKEN_BUDGET = 32_768


class TorchScorer(BundleScorer):
    """Run a bundle's network in float32 on a torch device.

    A batch that the device has no memory for is halved until it fits, and later ones are cut
    smaller from the start.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        device: str = "cpu",
        token_budget: int = GPU_TOKEN_BUDGET,
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        """Rebuild the network on `device`.

        Raises:
            BundleError: when the weights do not fit the sizes in config.json.
        """
        super().__init__(bundle, token_budget=token_budget, cache_size=cache_size)
        self._device = torch.device(device)
        state = read_state(bundle.read(WEIGHTS))
        try:
            network = MoodNetwork(NetworkConfig(**bundle.config.network))
            network.load_state_dict({name: torch.from_numpy(a) for name, a in state.items()})
        except (TypeError, RuntimeError) as error:
            raise BundleError(
                f"expected weights that fit config.json's network, found others: {error!s:.200}"
            ) from error
        self._network = network.to(self._device).eval()

    def _logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return logits (B, E).

        Raises:
            DeviceFullError: when the device has no room for one text alone.
        """
        B, T = ids.shape
        try:
            return self._run(ids, lengths)
        except torch.cuda.OutOfMemoryError as error:
            if B == 1:
                raise DeviceFullError(
                    f"expected room on {self._device.type!r} for one text of {T} tokens, found "
                    "none: end what else uses the device, or score with --device cpu"
                ) from error
        # Outside the handler: while it runs, the traceback keeps the failed batch in memory.
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        half = (B + 1) // 2
        self._token_budget = min(self._token_budget, half * T)
        log.warning("batch_halved", device=self._device.type, n_windows=B, max_tokens=T)
        parts = [slice(0, half), slice(half, B)]
        return np.concatenate(
            [self._logits(ids[part, : lengths[part].max()], lengths[part]) for part in parts]
        )

    def _run(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = self._network(
                torch.from_numpy(ids).to(self._device),
                torch.from_numpy(lengths).to(self._device, torch.int64),
            )
        result: NDArray[np.float32] = logits.float().cpu().numpy()
        return result
