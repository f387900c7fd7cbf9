"""Open a bundle's graph in ONNX Runtime; used by the CPU scorer and by the export's checks."""

from __future__ import annotations

import onnxruntime as ort

from model.bundle import BundleError


def open_session(graph: bytes, *, threads: int = 1) -> ort.InferenceSession:
    """Open a graph from memory, so that it can name no other file as its weights.

    Raises:
        BundleError: when ONNX Runtime refuses it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A worker shares its machine with its peers: threads that spin while idle steal their time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # they share no narrower base
        raise BundleError(f"expected a graph that ONNX Runtime can run: {error!s:.200}") from error
