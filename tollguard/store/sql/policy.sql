-- name: revision()$
SELECT revision FROM policy_revision WHERE id = 1;

-- name: next_revision(at)$
UPDATE policy_revision SET revision = revision + 1, changed_at = :at WHERE id = 1 RETURNING revision;

-- name: raise_revision(revision)!
-- Never lowers it: the next one is above every policy that was in force.
UPDATE policy_revision SET revision = :revision WHERE id = 1 AND revision < :revision;

-- name: settings()
SELECT name, value FROM setting ORDER BY name;

-- name: set_setting(name, value)!
INSERT INTO setting (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: open_suspensions()
SELECT id, kind, target, since_at, until_at, reason, by_whom, keep_calls
FROM suspension WHERE ended_at IS NULL ORDER BY id;

-- name: add_suspension(grp, kind, target, since_at, until_at, reason, by_whom, keep_calls)$
INSERT INTO suspension (grp, kind, target, since_at, until_at, ended_at, reason, by_whom, keep_calls)
VALUES (:grp, :kind, :target, :since_at, :until_at, NULL, :reason, :by_whom, :keep_calls)
RETURNING id;

-- name: end_suspensions(kind, target, at)!
UPDATE suspension SET ended_at = :at
WHERE ended_at IS NULL AND kind = :kind AND target = :target
  AND (until_at IS NULL OR until_at > :at);

-- name: sweep_suspensions(before_at)!
-- Ends what expired long ago; what expired lately stays, in case the clock was wrong.
UPDATE suspension SET ended_at = until_at WHERE ended_at IS NULL AND until_at <= :before_at;

-- name: open_permissions()
SELECT id, endpoint, countries, until_at FROM permission WHERE ended_at IS NULL ORDER BY id;

-- name: open_permissions_of(endpoint, at)
SELECT id, countries, until_at FROM permission
WHERE ended_at IS NULL AND endpoint = :endpoint AND (until_at IS NULL OR until_at > :at)
ORDER BY id;

-- name: add_permission(grp, endpoint, countries, made_at, until_at, by_whom)$
INSERT INTO permission (grp, endpoint, countries, made_at, until_at, ended_at, by_whom)
VALUES (:grp, :endpoint, :countries, :made_at, :until_at, NULL, :by_whom)
RETURNING id;

-- name: end_permission(id, at)!
UPDATE permission SET ended_at = :at WHERE id = :id;

-- name: sweep_permissions(before_at)!
UPDATE permission SET ended_at = until_at WHERE ended_at IS NULL AND until_at <= :before_at;

-- name: open_originate_grants()
SELECT id, context, countries, until_at, reason, by_whom
FROM originate_grant WHERE ended_at IS NULL ORDER BY id;

-- name: add_originate_grant(grp, context, countries, reason, made_at, until_at, by_whom)$
INSERT INTO originate_grant (
    grp, context, countries, reason, made_at, until_at, ended_at, by_whom
) VALUES (:grp, :context, :countries, :reason, :made_at, :until_at, NULL, :by_whom)
RETURNING id;

-- name: end_originate_grants(context, at)!
UPDATE originate_grant SET ended_at = :at
WHERE ended_at IS NULL AND context = :context AND (until_at IS NULL OR until_at > :at);

-- name: sweep_originate_grants(before_at)!
UPDATE originate_grant SET ended_at = until_at
WHERE ended_at IS NULL AND until_at <= :before_at;

-- name: add_audit(at, login, claim, action, subject, detail, revision)!
INSERT INTO audit (at, login, claim, action, subject, detail, revision)
VALUES (:at, :login, :claim, :action, :subject, :detail, :revision);

-- name: newest_audit(count)
SELECT id, at, login, claim, action, subject, detail, revision
FROM audit ORDER BY id DESC LIMIT :count;
