"""Pick the scorer for a bundle and a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moodwatch.errors import ExitCode, UserError

if TYPE_CHECKING:
    from moodwatch.settings import Settings
    from worker.scorer import Scorer


def load_scorer(settings: Settings) -> Scorer:
    """Load the bundle into the scorer of `settings.device`; `cpu` never imports torch.

    Raises:
        UserError: when a GPU is asked for and torch or the GPU is missing.
        BundleError: when the bundle is refused.
    """
    from model.bundle import load_bundle

    bundle = load_bundle(settings.bundle)
    if settings.device == "cuda" and not bundle.config.is_rebuildable:
        raise UserError(
            f"expected a bundle of the hybrid network for a GPU, found {bundle.name!r}, which only "
            "its graph can compute: use --device cpu",
            ExitCode.BUNDLE,
        )
    wants_gpu = settings.device != "cpu" and bundle.config.is_rebuildable
    if wants_gpu and _cuda_is_there(required=settings.device == "cuda"):
        from worker.torch_scorer import TorchScorer

        return TorchScorer(bundle, device="cuda")
    from worker.onnx_scorer import OnnxScorer

    return OnnxScorer(bundle, threads=settings.threads)


def _cuda_is_there(*, required: bool) -> bool:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        if required:
            raise UserError(
                "scoring on a GPU needs torch: pip install '.[gpu]', or use --device cpu",
                ExitCode.BUNDLE,
            )
        return False
    if not required and not _nvidia_driver_is_there():
        return False  # importing torch costs seconds and hundreds of MB
    import torch

    if torch.cuda.is_available():
        return True
    if required:
        raise UserError("torch sees no CUDA device: use --device cpu", ExitCode.BUNDLE)
    return False


def _nvidia_driver_is_there() -> bool:
    from ctypes.util import find_library

    return find_library("cuda") is not None
