-- name: put_node(node, pid, at, started_at, version, mode, policy_revision, ami_state, ami_reason, blind, gate_port, sessions, ledger_id, ledger_seq, ledger_state, ledger_reason)!
INSERT INTO node (
    node, pid, at, started_at, version, mode, policy_revision, ami_state, ami_reason, blind,
    gate_port, sessions, ledger_id, ledger_seq, ledger_state, ledger_reason
) VALUES (
    :node, :pid, :at, :started_at, :version, :mode, :policy_revision, :ami_state, :ami_reason,
    :blind, :gate_port, :sessions, :ledger_id, :ledger_seq, :ledger_state, :ledger_reason
)
ON CONFLICT (node) DO UPDATE SET
    pid = excluded.pid, at = excluded.at, started_at = excluded.started_at,
    version = excluded.version, mode = excluded.mode,
    policy_revision = excluded.policy_revision, ami_state = excluded.ami_state,
    ami_reason = excluded.ami_reason, blind = excluded.blind,
    gate_port = excluded.gate_port, sessions = excluded.sessions,
    ledger_id = excluded.ledger_id, ledger_seq = excluded.ledger_seq,
    ledger_state = excluded.ledger_state, ledger_reason = excluded.ledger_reason;

-- name: nodes()
SELECT * FROM node ORDER BY node;

-- name: ledger_identity(node)^
SELECT * FROM ledger_identity WHERE node = :node;

-- name: put_ledger_identity(node, ledger_id, last_seq, accepted_by, reason, accepted_at)!
INSERT INTO ledger_identity (node, ledger_id, last_seq, accepted_by, reason, accepted_at)
VALUES (:node, :ledger_id, :last_seq, :accepted_by, :reason, :accepted_at)
ON CONFLICT (node) DO UPDATE SET
    ledger_id = excluded.ledger_id, last_seq = excluded.last_seq,
    accepted_by = excluded.accepted_by, reason = excluded.reason,
    accepted_at = excluded.accepted_at;

-- name: advance_ledger(node, last_seq)!
UPDATE ledger_identity SET last_seq = :last_seq WHERE node = :node;
