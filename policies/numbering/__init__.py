"""Number truth: what a dialled string really is, per dial plan, on the trunk it would leave by."""

from policies.numbering.classify import classify

__all__ = ["classify"]
