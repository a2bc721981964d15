"""A trained network for programs without torch: one ``.onnx`` file that gives the same embeddings.

Inputs ``windows`` (N, C, T, V) float32 and ``mask`` (N, T) bool, output ``embeddings`` (N, D) float32; N is
free. The checkpoint's header stands in ``metadata_props`` under ``amber_id``, as in a checkpoint. A model is
written only if onnxruntime, given random windows, agrees with torch.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float32

from amber_id.atomic_files import write_atomically
from amber_id.attackers.checkpoint import SCHEMA, CheckpointHeader
from amber_id.attackers.zoo import load_attacker
from amber_id.errors import AmberError, UsageError
from amber_id.extras import from_extra
from amber_id.motion import FeatureConfig, in_channels, vertex_graph
from amber_id.no_telemetry import quiet_import

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4  # of a number of an embedding, which has length 1


@dataclass(frozen=True)
class Exported:
    """What was written: the shape of the windows without N, and how far onnxruntime is from torch."""

    path: Path
    channels: int
    frames: int
    vertices: int
    dimensions: int
    largest_difference: float


def export_onnx(checkpoint: Path, path: Path) -> Exported:
    """Write the network of a checkpoint as ONNX, or nothing.

    Raises
    ------
    AmberError
        If it cannot be exported, or onnxruntime does not agree with torch; `path` is then as it was before.
    FileFormatError
        If the checkpoint is cut off or of another kind.
    MissingDependencyError
        If the extra ``onnx`` is not installed.
    UsageError
        If the attacker has no network.
    """
    require_onnx()
    header, attacker = load_attacker(checkpoint, "cpu")
    network = getattr(attacker, "network", None)
    if network is None:
        raise UsageError(f"{checkpoint}: {header.attacker} has no network to export; name one of a network")
    model = network_to_onnx(network, header)
    difference = largest_difference(model, network, header.features)
    if not difference <= TOLERANCE:
        raise AmberError(
            f"{checkpoint}: as ONNX its embeddings differ by {difference:.2g}, at most {TOLERANCE:g} is "
            "expected; not written"
        )
    write_atomically(path, model)
    channels, frames, vertices = _window_shape(header.features)
    dimensions = _on_torch(network, *random_windows(1, header.features)).shape[1]
    return Exported(path, channels, frames, vertices, dimensions, difference)


def network_to_onnx(network: "torch.nn.Module", header: CheckpointHeader) -> bytes:
    """The network as the bytes of an ONNX file.

    Raises
    ------
    AmberError
        If torch cannot trace the network.
    """
    import torch

    values, mask = random_windows(2, header.features)
    return traced(
        network,
        (torch.from_numpy(values), torch.from_numpy(mask)),
        inputs=("windows", "mask"),
        outputs=("embeddings",),
        name=header.attacker,
        about={"schema": SCHEMA, **header.model_dump(mode="json")},
    )


def traced(
    network: "torch.nn.Module",
    example: "tuple[torch.Tensor, ...]",
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    name: str,
    about: Mapping[str, object],
) -> bytes:
    """A network as the bytes of an ONNX file, with `about` in its metadata.

    `example` are inputs of two of what may be any number, the first axis; `name` is for messages.

    Raises
    ------
    AmberError
        If torch cannot trace the network.
    """
    import onnx
    import torch

    try:
        with without_chatter():
            program = torch.onnx.export(
                network,
                example,
                dynamo=True,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=tuple({0: "N"} for _ in inputs),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error).splitlines()[0]
        raise AmberError(f"{name} cannot be exported as ONNX: {reason}") from error
    assert program is not None  # None is the older exporter's
    model = program.model_proto
    for part in (*model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]  # traces of the source, with paths of this machine
    onnx.helper.set_model_props(model, {"amber_id": json.dumps(about, sort_keys=True)})
    return model.SerializeToString(deterministic=True)


def largest_difference(model: bytes, network: "torch.nn.Module", config: FeatureConfig) -> float:
    """How far embeddings by onnxruntime are from those by torch, on random windows; NaN if one is NaN.

    Raises
    ------
    AmberError
        If onnxruntime cannot load the model.
    """
    session = session_of(model)
    differences = []
    for n in (1, 8):  # another number than was traced, and one alone
        values, mask = random_windows(n, config)
        (embeddings,) = session.run(None, {"windows": values, "mask": mask})
        differences.append(np.abs(embeddings - _on_torch(network, values, mask)).max())
    return float(np.max(differences))


def session_of(model: bytes) -> Any:
    """A session of onnxruntime; raises AmberError if it cannot load the model."""
    with quiet_import():
        import onnxruntime

    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class of their own in common
        raise AmberError(f"onnxruntime cannot load the model: {str(error).splitlines()[0]}") from error


def random_windows(
    n: int, config: FeatureConfig
) -> tuple[Float32[np.ndarray, "N C T V"], Bool[np.ndarray, "N T"]]:
    """Windows of noise, padded to different lengths from a whole one down; padding is noise too."""
    channels, frames, vertices = _window_shape(config)
    values = np.random.default_rng(n).standard_normal((n, channels, frames, vertices), dtype=np.float32)
    lengths = np.linspace(frames, 1, n).round()
    return values, np.arange(frames) < lengths[:, None]


def _window_shape(config: FeatureConfig) -> tuple[int, int, int]:
    return in_channels(config), config.window_frames, vertex_graph(config).n_vertices


def _on_torch(network: "torch.nn.Module", values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    import torch

    with torch.inference_mode():
        embedded: Any = network(torch.from_numpy(values), torch.from_numpy(mask))
    return embedded.numpy()


def require_onnx() -> None:
    """Refuse to go on without the packages of the extra ``onnx``; raises MissingDependencyError."""
    for package in ("onnx", "onnxruntime", "onnxscript"):  # torch needs the last
        with from_extra(package, "onnx"), quiet_import():
            import_module(package)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep back what torch says to its own developers: missing torchvision, renamed axes, deprecations."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
