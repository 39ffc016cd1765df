-- Who this tenant is, for headquarters: see src/replicate/enroll.h.

-- name: enroll_organization
SELECT id, slug, name, (SELECT organization_id FROM sync_upstream) FROM organizations;
