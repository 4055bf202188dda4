-- name: add_request(node, kind, arguments, by_whom, asked_at, expires_at)$
INSERT INTO request (node, kind, arguments, by_whom, asked_at, expires_at)
VALUES (:node, :kind, :arguments, :by_whom, :asked_at, :expires_at)
RETURNING id;

-- name: request(id)^
SELECT * FROM request WHERE id = :id;

-- name: unclaimed_requests(node, at)
SELECT * FROM request
WHERE node = :node AND claimed_at IS NULL AND expires_at > :at ORDER BY id LIMIT 100;

-- name: claim_request(id, at)!
UPDATE request SET claimed_at = :at WHERE id = :id;

-- name: answer_request(id, at, ok, result)!
UPDATE request SET answered_at = :at, ok = :ok, result = :result
WHERE id = :id AND answered_at IS NULL;

-- name: forget_requests(before_at)!
DELETE FROM request WHERE expires_at < :before_at;
