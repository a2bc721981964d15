"""How does a recording become one that tells less? A catalogue of simple anonymisers."""

from amber_id.anonymisers.apply import apply_reference
from amber_id.anonymisers.catalogue import REFERENCES, Reference

__all__ = ["REFERENCES", "Reference", "apply_reference"]
