-- Who this tenant is, for headquarters: see src/replicate/enroll.h.

-- name: enroll_organization
SELECT id, slug, name FROM organizations;
