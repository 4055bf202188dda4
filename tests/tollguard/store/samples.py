"""Rows that differ in nothing that a test does not say."""

from tollguard.store import DeviceRow, FindingRow, NodeRow, VerdictRow

VERDICT = VerdictRow(
    node="pbx1",
    grp="default",
    at="2026-11-24T03:00:00.000Z",
    linkedid="1795500000.1",
    uniqueid="1795500000.1",
    channel="PJSIP/6001-00000001",
    endpoint="6001",
    source="192.0.2.7:5060",
    trunk="trunk",
    dialled="01037793123456",
    verdict="DENY",
    reason="international-not-permitted",
    would="DENY",
    would_reason="international-not-permitted",
    number_class="international",
    e164="+37793123456",
    country="MC",
    canonical="01037793123456",
    removed=("010",),
    chargeable=True,
    limit_ms=0,
    token="",
    mode="enforce",
    policy_revision=3,
    took_us=180,
    steps=(
        '[{"judge": "international", "verdict": "DENY", "reason": "international-not-permitted",'
        ' "facts": [["endpoint", "6001"], ["country", "MC"]], "observed": false}]'
    ),
)
FINDING = FindingRow(
    node="pbx1",
    grp="default",
    kind="guessing-source",
    subject="192.0.2.66",
    severity="warning",
    first_at="2026-11-24T03:00:00.000Z",
    last_at="2026-11-24T03:01:00.000Z",
    count=12,
    accounts=("100", "101"),
    sources=("192.0.2.66",),
)
DEVICE = DeviceRow(
    node="pbx1",
    grp="default",
    technology="PJSIP",
    endpoint="6001",
    contact="sip:6001@192.0.2.7:5060",
    state="ok",
    host="192.0.2.7",
    port=5060,
    transport="UDP",
    rtt_us=12_345,
    since_at="2026-11-24T02:00:00.000Z",
    user_agent="Phone 1.0",
)
NODE = NodeRow(
    node="pbx1",
    pid=42,
    at="2026-11-24T03:00:00.000Z",
    started_at="2026-11-24T02:00:00.000Z",
    version="0.1.0",
    mode="enforce",
    policy_revision=0,
    ami_state="up",
    ami_reason="",
    blind="",
    gate_port=573,
    sessions=0,
    ledger_id="a" * 32,
    ledger_seq=7,
    ledger_state="ok",
)
