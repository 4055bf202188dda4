-- name: is_entered(mark)$
-- The audit is append-only, so a change that was entered stays known by its mark.
SELECT COUNT(*) FROM audit WHERE detail LIKE '%"mark": "' || :mark || '"%';

-- name: end_suspensions_before(kind, target, at, ended_at)!
-- Not those that were made after the operator asked.
UPDATE suspension SET ended_at = :ended_at
WHERE ended_at IS NULL AND kind = :kind AND target = :target AND since_at <= :at;

-- name: newest_acceptance()$
SELECT COALESCE(MAX(revision), 0) FROM audit WHERE action = 'store-accept';
