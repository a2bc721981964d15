"""An attacker that was saved to a folder comes back as it was, with a card that says what it is."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from amber_id.attackers import Attacker, CheckpointHeader, load_attacker
from amber_id.attackers.hub import PretrainedAttacker
from amber_id.attackers.model_card import model_card
from amber_id.attackers.onnx_export import random_windows
from amber_id.errors import FileFormatError, MissingDependencyError


@pytest.fixture
def folder(network_checkpoint: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    PretrainedAttacker(network_checkpoint).save_pretrained(folder)
    return folder


def test_it_comes_back_as_the_same_bytes(folder: Path, network_checkpoint: Path) -> None:
    assert (folder / "checkpoint.safetensors").read_bytes() == network_checkpoint.read_bytes()
    names = {path.name for path in folder.iterdir()}
    assert names == {"checkpoint.safetensors", "README.md", "config.json"}
    again = PretrainedAttacker.from_pretrained(folder, device="cpu")
    again.save_pretrained(folder.parent / "again")
    for name in names:
        assert (folder.parent / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_it_embeds_as_any_attacker(folder: Path, network_checkpoint: Path) -> None:
    shared = PretrainedAttacker.from_pretrained(folder, device="cpu")
    assert isinstance(shared, Attacker)
    header, attacker = load_attacker(network_checkpoint, "cpu")
    windows = random_windows(3, shared.features)
    np.testing.assert_array_equal(shared.embed(*windows), attacker.embed(*windows))
    assert shared.header == header


def test_moments_travel_too(moments_checkpoint: Path, tmp_path: Path) -> None:
    PretrainedAttacker(moments_checkpoint).save_pretrained(tmp_path / "shared")
    PretrainedAttacker.from_pretrained(tmp_path / "shared")
    saved = tmp_path / "shared" / "checkpoint.safetensors"
    assert saved.read_bytes() == moments_checkpoint.read_bytes()


def test_nothing_of_this_machine_is_told(folder: Path) -> None:
    assert (folder / "config.json").read_text() == '{\n  "schema": "amber-id/checkpoint/2"\n}'
    assert str(folder.parent) not in (folder / "README.md").read_text()


def test_one_that_is_cut_off_or_absent_is_refused(folder: Path) -> None:
    path = folder / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FileFormatError, match="cut off"):
        PretrainedAttacker.from_pretrained(folder)
    path.unlink()
    with pytest.raises(FileFormatError, match="expected amber-id/checkpoint/2, got nothing"):
        PretrainedAttacker.from_pretrained(folder)


def test_the_card_belongs_to_the_checkpoint(
    folder: Path, moments_checkpoint: Path, network_header: CheckpointHeader
) -> None:
    assert (folder / "README.md").read_text() == model_card(network_header)
    PretrainedAttacker(moments_checkpoint).save_pretrained(folder)
    assert "# AMBER-ID attacker `moments`" in (folder / "README.md").read_text()


def test_the_card_says_what_a_stranger_must_know(network_header: CheckpointHeader) -> None:
    card = model_card(network_header)
    for told in (
        "\n- Sources: cremad, ravdess\n- 3 people, 23 clips; fold 0 of 1, seed 4, epoch 7\n",
        f"SHA-256 of the recordings: `{'ab' * 32}`",
        "embeddings and scores made from real people are personal data",
        "do not use it to find out who is behind an avatar",
        "RESPONSIBLE_USE.md",
        "EER 0.125, AUC 0.750 (guessing: 0.5), over all pairs of clips of 2 people; threshold 0.500; ",
        "log-likelihood ratio = 4 x cosine -2, for cosines from -0.250 to 0.875",
        "\n- points: face_landmarker_478\n",
        "\n- regions: nose\n",
        "\n- streams: joint, joint_motion\n",
        "\n- torch 2.13.0\n",
        "PretrainedAttacker.from_pretrained(",
    ):
        assert told in card
    assert card.startswith("---\nlibrary_name: amber-id\n")
    assert "control" not in card


def test_the_card_hides_no_gap(network_header: CheckpointHeader) -> None:
    dev = network_header.dev.model_copy(update={"calibration": None})
    changes = {"dev": dev, "control": "permuted-labels"}
    card = model_card(network_header.model_copy(update=changes))
    assert "no calibration could be fitted" in card
    assert "**A control, trained with permuted-labels: it recognises nobody, and is no attacker.**" in card


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.delitem(sys.modules, "amber_id.attackers.hub")
    with pytest.raises(MissingDependencyError, match=r"huggingface_hub is not .* 'amber-id\[hub\]'"):
        import_module("amber_id.attackers.hub")
