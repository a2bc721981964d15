"""How does a recording become one that tells less?

Two catalogues. *Defences* (``defences.py``) change what drives an avatar, and `amber defend` applies them;
*references* (``catalogue.py``) change landmarks, and say in an audit what simple means would reach.

Read in this order: ``changes.py``, ``catalogue.py``, ``apply.py`` (references); ``channels.py`` (what of a
recording drives an avatar), ``event_shape.py``, ``styles.py`` (how somebody moves, and pools of people),
``formal.py`` (formal guarantees), ``defence.py`` (a row), ``simple.py``, ``restyling.py``, ``blinks.py``
(the rows), ``defences.py`` (the catalogue), ``plan.py``, ``defending.py`` (of a clip, of many),
``live.py``.
``learned_motion.py`` and ``learned.py`` are a row that `amber_id.training.defence` trains.
"""

from amber_id.anonymisers.apply import apply_reference
from amber_id.anonymisers.catalogue import REFERENCES, Reference
from amber_id.anonymisers.defence import Defence
from amber_id.anonymisers.defences import DEFENCES, Applied, parsed_defences
from amber_id.anonymisers.defending import DefendedClip, defend
from amber_id.anonymisers.formal import Guarantee, epsilon_text
from amber_id.anonymisers.learned import LearnedModel, load_learned
from amber_id.anonymisers.live import LiveDefence
from amber_id.anonymisers.plan import Plan, defended
from amber_id.anonymisers.styles import Pool, pool_of, synthetic_pool

__all__ = [
    "DEFENCES",
    "REFERENCES",
    "Applied",
    "Defence",
    "DefendedClip",
    "Guarantee",
    "LearnedModel",
    "LiveDefence",
    "Plan",
    "Pool",
    "Reference",
    "apply_reference",
    "defend",
    "defended",
    "epsilon_text",
    "load_learned",
    "parsed_defences",
    "pool_of",
    "synthetic_pool",
]
