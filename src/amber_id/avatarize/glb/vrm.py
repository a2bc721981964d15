"""What does a VRM file say of its avatar beyond glTF?

Conventions
-----------
Read of VRM 0.x (extension ``VRM``) and 1.0 (``VRMC_vrm``): expressions that move shapes, and whether by
degrees or all at once (``isBinary``); which node is the head, and which way the avatar looks. A VRM 0.x
avatar looks along -z, all others along +z.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amber_id.avatarize.avatar import ARKIT_NAMES
from amber_id.avatarize.glb.shape_names import Grade, Match, Offer, match_shape

# The standard expressions that move just what an ARKit shape moves, by their names in both versions.
_PRESETS = {
    "blink_l": "eyeBlinkLeft",
    "blinkleft": "eyeBlinkLeft",
    "blink_r": "eyeBlinkRight",
    "blinkright": "eyeBlinkRight",
    "a": "jawOpen",
    "aa": "jawOpen",
}
# VRM's names of bones, and what others call them.
_BONES = {"head": "Head", "neck": "Neck", "upperChest": "Spine2"}


@dataclass(frozen=True)
class Vrm:
    """The extension of one file: `structure` is pygltflib's."""

    structure: Any

    @property
    def looks_back(self) -> bool:
        """Whether the avatar looks along -z."""
        return "VRM" in self._extensions

    @property
    def bone_names(self) -> dict[int, str]:
        """Which node is the head, the neck or the upper chest, by its index."""
        old = self._extensions.get("VRM", {}).get("humanoid", {}).get("humanBones", [])
        new = self._extensions.get("VRMC_vrm", {}).get("humanoid", {}).get("humanBones", {})
        bones = [(bone.get("bone"), bone.get("node")) for bone in old]
        bones += [(name, bone.get("node")) for name, bone in new.items()]
        return {node: _BONES[name] for name, node in bones if name in _BONES}

    def is_mtoon(self, material: int | None) -> bool:
        """Whether VRM 0.x has a material of the file drawn as MToon."""
        materials = self._extensions.get("VRM", {}).get("materialProperties") or []
        if material is None or material >= len(materials):
            return False
        return str(materials[material].get("shader")) == "VRM/MToon"

    def offers(self) -> dict[int, list[Offer]]:
        """What the expressions offer for ARKit's shapes, by the index of the mesh."""
        by_mesh: dict[int, list[Offer]] = defaultdict(list)
        for match, mesh, target, weight, snaps in (*self._old_moves(), *self._new_moves()):
            by_mesh[mesh].append(Offer(match, target, float(weight), by_clip=True, snaps=snaps))
        return by_mesh

    @property
    def _extensions(self) -> dict[str, Any]:
        return self.structure.extensions or {}

    def _old_moves(self) -> Iterator[tuple[Match, int, int, float, bool]]:
        master = self._extensions.get("VRM", {}).get("blendShapeMaster", {})
        for group in master.get("blendShapeGroups", []):
            match = _meaning(group.get("name") or "", group.get("presetName") or "")
            if match is None:
                continue
            snaps = bool(group.get("isBinary"))
            for bind in group.get("binds") or []:
                yield match, bind["mesh"], bind["index"], bind.get("weight", 100) / 100, snaps

    def _new_moves(self) -> Iterator[tuple[Match, int, int, float, bool]]:
        expressions = self._extensions.get("VRMC_vrm", {}).get("expressions") or {}
        named = [(name, "", expression) for name, expression in (expressions.get("custom") or {}).items()]
        named += [("", name, expression) for name, expression in (expressions.get("preset") or {}).items()]
        for name, preset, expression in named:
            match = _meaning(name, preset)
            if match is None:
                continue
            snaps = bool(expression.get("isBinary"))
            for bind in expression.get("morphTargetBinds") or []:
                mesh = self.structure.nodes[bind["node"]].mesh
                yield match, mesh, bind["index"], bind.get("weight", 1), snaps


def _meaning(name: str, preset: str) -> Match | None:
    """The shape that an expression means by its own name, or else as one of the standard ones."""
    match = match_shape(name)
    if match is None and preset.lower() in _PRESETS:
        match = Match(ARKIT_NAMES.index(_PRESETS[preset.lower()]), Grade.STAND_IN)
    return match
