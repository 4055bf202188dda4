"""The store: what operators change by day and what was judged, in one SQLite file.

The daemon keeps the policy in memory and never waits for this file to judge a call; the
commands read and write it. Each policy change is one transaction: row, audit row, revision.
"""

from tollguard.store.facts import VerdictFilter
from tollguard.store.rows import (
    CALLS_CUT,
    CALLS_HANGUP,
    CALLS_LIST,
    COVERAGE,
    Actor,
    AuditRow,
    Change,
    DeviceRow,
    FindingRow,
    LedgerIdentity,
    NewOriginateGrant,
    NewSuspension,
    NodeRow,
    RequestRow,
    VerdictRow,
)
from tollguard.store.schema import migrate
from tollguard.store.store import Store

__all__ = [
    "CALLS_CUT",
    "CALLS_HANGUP",
    "CALLS_LIST",
    "COVERAGE",
    "Actor",
    "AuditRow",
    "Change",
    "DeviceRow",
    "FindingRow",
    "LedgerIdentity",
    "NewOriginateGrant",
    "NewSuspension",
    "NodeRow",
    "RequestRow",
    "Store",
    "VerdictFilter",
    "VerdictRow",
    "migrate",
]
