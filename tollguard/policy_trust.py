"""Whether a store's policy may judge: not when this node has known a newer one, or another store.

A store or a snapshot that was lost, restored or damaged must not open in silence what was
closed. What a node knows by itself is its snapshot and the rows of its ledger.
"""

from dataclasses import dataclass
from pathlib import Path

from policies.kept import MAX_REVISION
from policies.policy import Limits, Mode, Policy, Site
from tollguard.errors import LedgerError
from tollguard.ledger_file import read
from tollguard.reach import found
from tollguard.snapshot_file import Look
from tollguard.store.ahead import Standing

# A return holds no revision, so the newest row alone would not do.
NEWEST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Memory:
    """What a node remembers in its ledger.

    Attributes:
        used: It has allowed chargeable calls before, or its ledger cannot be asked.
        ledger_id: The ledger's identity; empty where there is none to be read.
        floor: Newest revision that a row was allowed by.
    """

    used: bool = False
    ledger_id: str = ""
    floor: int = 0


def memory_of(path: Path) -> Memory:
    """Ask a ledger's file, blocking; one that is there and cannot be read was used."""
    try:
        report = read(path, NEWEST_ROWS)
    except LedgerError:
        return Memory(used=_is_filled(path))
    revisions = [entry.policy_revision for entry in report.entries]
    believable = [revision for revision in revisions if revision <= MAX_REVISION]
    return Memory(report.last_seq > 0, report.ledger_id, max(believable, default=0))


def fallback_policy(site: Site) -> Policy:
    """Make the policy of a node that had one and can believe none.

    Emergency and free domestic calls pass, nothing abroad nor otherwise chargeable does. Only a
    node that never had a policy observes.
    """
    limits = Limits(chargeable_per_endpoint=0, chargeable_per_site=0)
    return Policy(site=site, mode=Mode.ENFORCE, limits=limits)


def _is_filled(path: Path) -> bool:
    try:
        there = found(path)
    except OSError:
        return True
    return there is not None and there.st_size > 0


def floor_of(look: Look, memory: Memory) -> int:
    """Name the newest revision that this node is known to have judged by."""
    if look.kept is not None:
        return max(look.kept.policy.revision, look.kept.base)
    return max(look.base or 0, memory.floor)


def refusal(look: Look, memory: Memory, standing: Standing) -> str:
    """Say why a store may not judge, by what the node had before it started.

    Args:
        look: At the snapshot.
        memory: Of the ledger.
        standing: What the store says of itself.

    Returns:
        A sentence; empty when it may.
    """
    revision = standing.revision
    if look.kept is not None:
        least = look.kept.least
        return older(revision, f"the snapshot's {least}") if revision < least else ""
    if look.fault and look.base is None:
        return "whether the store's policy is the newest cannot be told without the snapshot"
    if revision < floor_of(look, memory):
        return older(revision, f"{floor_of(look, memory)}, which this node judged by before")
    if memory.used and not _knows(standing, memory):
        return "the store does not know this node's ledger, although calls were allowed before"
    return ""


def older(revision: int, than: str) -> str:
    """Say that a store's policy is older than another."""
    return f"the store's policy is revision {revision}, older than {than}"


def _knows(standing: Standing, memory: Memory) -> bool:
    """Tell whether the store has had to do with this ledger, or an operator vouches for it."""
    if not memory.ledger_id:  # a damaged ledger tells nothing, and then denies what costs
        return bool(standing.ledger_id) or standing.revision > 0
    return standing.ledger_id == memory.ledger_id or standing.accepted > memory.floor
