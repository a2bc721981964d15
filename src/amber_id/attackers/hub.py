"""An attacker in a folder or on the Hugging Face Hub: the checkpoint, and a card that says what it is.

::

    PretrainedAttacker(Path("run/checkpoint.safetensors")).save_pretrained("shared/")
    attacker = PretrainedAttacker.from_pretrained("shared/")

`push_to_hub`, from the same mixin, uploads what `save_pretrained` writes: do so only with people who agreed.
"""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from amber_id.attackers.checkpoint import SCHEMA, save_checkpoint
from amber_id.attackers.model_card import model_card
from amber_id.attackers.zoo import load_attacker
from amber_id.extras import from_extra
from amber_id.motion import FeatureConfig, WindowSet
from amber_id.no_telemetry import quiet_import

with from_extra("huggingface_hub", "hub"), quiet_import():
    from huggingface_hub import ModelCard, ModelHubMixin, hf_hub_download

_CHECKPOINT = "checkpoint.safetensors"


class PretrainedAttacker(ModelHubMixin):
    """An attacker of a checkpoint, to be handed on; it embeds as any attacker does.

    Parameters
    ----------
    checkpoint
        What `amber train` left.
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    FileFormatError
        If the checkpoint is cut off, of another schema, or its arrays do not fit its header.
    """

    # The mixin writes this to config.json; left alone, it would write the arguments of this machine.
    _hub_mixin_config: ClassVar[dict[str, str]] = {"schema": SCHEMA}  # type: ignore[misc]

    def __init__(self, checkpoint: Path, device: str = "auto") -> None:
        self.header, self._attacker = load_attacker(Path(checkpoint), device)

    @property
    def features(self) -> FeatureConfig:
        """What its windows are made of."""
        return self.header.features

    def embed(
        self, values: Float[np.ndarray, "N C T V"], mask: Bool[np.ndarray, "N T"]
    ) -> Float[np.ndarray, "N D"]:
        """Embed windows; `amber_id.embeddings.embed_clips` makes vectors of clips of them."""
        return self._attacker.embed(values, mask)

    def embed_set(self, windows: WindowSet) -> Float[np.ndarray, "N D"]:
        """Embed all windows of a set, in order."""
        return self._attacker.embed_set(windows)

    def tensors(self) -> dict[str, np.ndarray]:
        """What the checkpoint holds."""
        return self._attacker.tensors()

    def generate_model_card(self, *_args: Any, **_kwargs: Any) -> ModelCard:
        """The card, from the checkpoint's header alone."""
        return ModelCard(model_card(self.header))

    def _save_pretrained(self, save_directory: Path) -> None:
        save_checkpoint(save_directory / _CHECKPOINT, self.header, self.tensors())
        # Here and not left to the mixin, which would keep the card of another checkpoint.
        self.generate_model_card().save(save_directory / "README.md")

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        **model_kwargs: Any,
    ) -> "PretrainedAttacker":
        folder = Path(model_id)
        if folder.is_dir():
            return cls(folder / _CHECKPOINT, **model_kwargs)
        downloaded = hf_hub_download(
            model_id,
            _CHECKPOINT,
            revision=revision,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
            token=token,
        )
        return cls(Path(downloaded), **model_kwargs)
