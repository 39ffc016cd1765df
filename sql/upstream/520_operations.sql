-- How the edges of an organization are: for people at headquarters, and for whoever watches the database.

CREATE OR REPLACE VIEW outpost.edge_status WITH (security_invoker = true) AS
SELECT e.organization_id, e.edge_id, e.name, e.version, e.enrolled_at, e.last_seen_at, e.revoked_at, o.origin, o.epoch, l.lane, l.sequence,
       l.head_seq, l.moved_at, (SELECT max(b.received_at) FROM outpost.batch b WHERE b.organization_id = l.organization_id
                                AND b.origin = l.origin AND b.lane = l.lane AND b.sequence = l.sequence) AS received_at
FROM outpost.edge e
JOIN outpost.origin o ON o.organization_id = e.organization_id AND o.edge_id = e.edge_id
LEFT JOIN outpost.lane l ON l.organization_id = o.organization_id AND l.origin = o.origin;

GRANT SELECT ON outpost.edge_status TO outpost_hq;
