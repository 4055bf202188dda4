-- name: add_verdicts(node, grp, at, linkedid, uniqueid, channel, endpoint, source, trunk, dialled, verdict, reason, would, would_reason, number_class, e164, country, canonical, removed, chargeable, limit_ms, token, mode, policy_revision, took_us, steps)*!
INSERT INTO verdict (
    node, grp, at, linkedid, uniqueid, channel, endpoint, source, trunk, dialled, verdict,
    reason, would, would_reason, number_class, e164, country, canonical, removed, chargeable,
    limit_ms, token, mode, policy_revision, took_us, steps
) VALUES (
    :node, :grp, :at, :linkedid, :uniqueid, :channel, :endpoint, :source, :trunk, :dialled,
    :verdict, :reason, :would, :would_reason, :number_class, :e164, :country, :canonical,
    :removed, :chargeable, :limit_ms, :token, :mode, :policy_revision, :took_us, :steps
);

-- name: verdicts(node, denied, endpoint, country, since_at, after_id, count)
SELECT * FROM verdict
WHERE (CAST(:node AS TEXT) IS NULL OR node = :node)
  AND (:denied = 0 OR verdict <> 'ALLOW')
  AND (CAST(:endpoint AS TEXT) IS NULL OR endpoint = :endpoint)
  AND (CAST(:country AS TEXT) IS NULL OR country = :country)
  AND (CAST(:since_at AS TEXT) IS NULL OR at >= :since_at)
  AND id > :after_id
ORDER BY id DESC LIMIT :count;

-- name: verdicts_of_call(linkedid)
SELECT * FROM verdict WHERE linkedid = :linkedid OR uniqueid = :linkedid ORDER BY id LIMIT 100;

-- name: put_findings(node, grp, kind, subject, severity, first_at, last_at, count, accounts, sources, legs)*!
INSERT INTO finding (
    node, grp, kind, subject, severity, first_at, last_at, count, accounts, sources, legs
) VALUES (
    :node, :grp, :kind, :subject, :severity, :first_at, :last_at, :count, :accounts, :sources, :legs
)
ON CONFLICT (node, kind, subject, first_at) DO UPDATE SET
    severity = excluded.severity, last_at = excluded.last_at, count = excluded.count,
    accounts = excluded.accounts, sources = excluded.sources, legs = excluded.legs;

-- name: findings(node, since_at, count)
SELECT * FROM finding
WHERE (CAST(:node AS TEXT) IS NULL OR node = :node)
  AND (CAST(:since_at AS TEXT) IS NULL OR last_at >= :since_at)
ORDER BY last_at DESC, id DESC LIMIT :count;

-- name: finding(id)^
SELECT * FROM finding WHERE id = :id;

-- name: clear_devices(node)!
DELETE FROM device WHERE node = :node;

-- name: put_devices(node, grp, technology, endpoint, contact, state, host, port, transport, rtt_us, since_at, user_agent, stale)*!
INSERT INTO device (
    node, grp, technology, endpoint, contact, state, host, port, transport, rtt_us, since_at,
    user_agent, stale
) VALUES (
    :node, :grp, :technology, :endpoint, :contact, :state, :host, :port, :transport, :rtt_us,
    :since_at, :user_agent, :stale
)
ON CONFLICT (node, technology, endpoint, contact) DO UPDATE SET
    state = excluded.state, host = excluded.host, port = excluded.port,
    transport = excluded.transport, rtt_us = excluded.rtt_us, since_at = excluded.since_at,
    user_agent = excluded.user_agent, stale = excluded.stale;

-- name: devices(node, endpoint, state)
SELECT * FROM device
WHERE (CAST(:node AS TEXT) IS NULL OR node = :node)
  AND (CAST(:endpoint AS TEXT) IS NULL OR endpoint = :endpoint)
  AND (CAST(:state AS TEXT) IS NULL OR state = :state)
ORDER BY node, endpoint, technology, contact;
