"""The judges, one a file, and `decide`, which asks them in order; they only read."""

from policies.judges.international import concerns as concerns_international
from policies.judges.order import decide, limit_ms, principal_of, suspended

__all__ = ["concerns_international", "decide", "limit_ms", "principal_of", "suspended"]
