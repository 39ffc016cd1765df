-- The shape of headquarters' row-level security, for pgTAP. Whatever table, view, function or role comes later is looked at, too.
-- Run by the superuser in a database that `outpost upstream init` has made; leaves nothing behind.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE SCHEMA tap;
CREATE EXTENSION pgtap SCHEMA tap;
SET LOCAL search_path = tap, pg_catalog;
SELECT no_plan();

CREATE TEMPORARY VIEW tables AS
SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnotnull) AS tenant
FROM pg_class c WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind IN ('r', 'p', 'f');

SELECT ok(count(*) > 40, 'there are the tables of entities and datasets, too') FROM tables;
SELECT ok(relrowsecurity AND relforcerowsecurity, format('%s: row-level security is enabled, and forced upon its owner', relname)) FROM tables;
SELECT ok(tenant OR relname IN ('hq', 'schema_part'), format('%s: every row has an organization', relname)) FROM tables;
SELECT is(relowner, 'outpost_owner'::regrole::oid, format('%s belongs to outpost_owner', relname)) FROM tables;

-- ---- policies ----

SELECT ok(count(*) >= 1, format('%s has a policy for members', relname)) FROM tables t
JOIN pg_policy p ON p.polrelid = t.oid AND p.polname = 'members' GROUP BY relname;
SELECT is((SELECT count(*) FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE p.polname = 'members'), (SELECT count(*) FROM tables), 'each table has one');
SELECT is(count(DISTINCT pg_get_expr(p.polqual, p.polrelid)), 1::bigint, 'it is the same everywhere') FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
WHERE p.polname = 'members' AND t.tenant AND t.relname <> 'member';
SELECT ok(pg_get_expr(p.polqual, p.polrelid) ~ 'SESSION_USER', format('%s on %s asks who logged in', p.polname, t.relname))
FROM pg_policy p JOIN tables t ON t.oid = p.polrelid WHERE p.polpermissive;
SELECT is_empty($$SELECT polname, polrelid::regclass FROM pg_policy WHERE lower(pg_get_expr(polqual, polrelid)) = 'true' OR lower(pg_get_expr(polwithcheck, polrelid)) = 'true'$$, 'no policy lets everything through');
SELECT is_empty($$SELECT p.polname, p.polrelid::regclass FROM pg_policy p WHERE coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') ~* 'current_setting' AND p.polname <> 'claim'$$, 'no policy asks a setting but the one of those whose claims were checked');
SELECT is_empty($$SELECT p.polrelid::regclass FROM pg_policy p WHERE p.polname = 'claim' AND pg_get_expr(p.polqual, p.polrelid) !~ 'CASE\s+WHEN \(SESSION_USER = ''authenticator''::name\) THEN'$$, 'and that one asks who logged in, first');
SELECT is_empty($$SELECT p.polrelid::regclass FROM pg_policy p WHERE p.polname = 'administration' AND p.polroles <> ARRAY['outpost_owner'::regrole::oid]$$, 'administration is the owner''s alone');
SELECT is_empty($$SELECT t.relname FROM tables t WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'origin' AND NOT a.attisdropped) AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = t.oid AND NOT p.polpermissive) <> 3$$, 'where rows have an origin, edges write their own only');

-- ---- roles ----

SELECT ok(NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication), format('%s is nobody special', rolname))
FROM pg_roles WHERE rolname LIKE 'outpost\_%' OR rolname IN (SELECT role_name FROM outpost.member);
SELECT ok(NOT rolcanlogin, format('%s logs in nowhere', rolname)) FROM pg_roles WHERE rolname IN ('outpost_owner', 'outpost_edge', 'outpost_hq');
SELECT ok(NOT pg_has_role(m.role_name, 'outpost_owner', 'MEMBER'), format('%s does not belong to the owner', m.role_name)) FROM outpost.member m;
SELECT is_empty($$SELECT r.rolname, d.classid::regclass, d.objid FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
  WHERE d.deptype = 'o' AND (r.rolname IN ('outpost_edge', 'outpost_hq') OR r.rolname IN (SELECT role_name FROM outpost.member))$$, 'members and their groups own nothing');
SELECT ok(NOT has_schema_privilege(r, s, 'CREATE'), format('%s makes nothing in %s', r, s))
FROM unnest('{outpost_edge,outpost_hq,public}'::text[]) r, unnest('{outpost,outpost_seal}'::text[]) s;

-- ---- grants ----

SELECT is_empty($$SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema IN ('outpost', 'outpost_seal') AND grantee <> 'outpost_owner' AND (privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') OR grantee = 'PUBLIC' OR is_grantable = 'YES')$$, 'nobody else truncates, refers or adds triggers; nothing is for all');
SELECT is_empty($$SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'outpost_seal' AND grantee <> 'outpost_owner'$$, 'nobody gets at the key of the receipts');
SELECT ok(NOT (has_table_privilege('outpost_edge', t.oid, 'DELETE') OR has_any_column_privilege('outpost_edge', t.oid, 'UPDATE')), format('edges only add to %s', t.relname))
FROM tables t WHERE t.relname IN ('batch', 'change_log', 'reject', 'raw_chunk', 'stock_transactions', 'sale', 'mangalam_invoices');
SELECT ok(NOT (has_any_column_privilege('outpost_edge', t.oid, 'INSERT, UPDATE') OR has_table_privilege('outpost_edge', t.oid, 'DELETE')), format('edges only read %s', t.relname))
FROM tables t WHERE t.relname IN ('hq', 'schema_part', 'organizations', 'member', 'scope');
SELECT ok(NOT (has_any_column_privilege('outpost_hq', t.oid, 'INSERT, UPDATE') OR has_table_privilege('outpost_hq', t.oid, 'DELETE')), format('people at headquarters only read %s', t.relname))
FROM tables t WHERE t.relname IN ('hq', 'schema_part', 'organizations', 'member', 'edge', 'origin', 'lane', 'batch', 'change_log', 'run', 'undo_kept', 'reject', 'reject_solved', 'raw_chunk', 'stock_transactions', 'sale', 'mangalam_invoices', 'orders');

-- ---- keys, views, functions ----

SELECT is((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]), 'organization_id', format('%s leads with the organization', i.indexrelid::regclass))
FROM pg_index i JOIN tables t ON t.oid = i.indrelid WHERE i.indisunique AND t.tenant;
SELECT is_empty($$SELECT i.indexrelid::regclass FROM pg_index i JOIN tables t ON t.oid = i.indrelid WHERE t.tenant AND i.indexrelid <> 'outpost.member_role'::regclass
  AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) <> 'organization_id'$$, 'so does every index, but the one of members by role');
SELECT is_empty($$SELECT conname, conrelid::regclass FROM pg_constraint WHERE contype = 'f' AND connamespace = 'outpost'::regnamespace$$, 'no foreign key tells what others have');
SELECT ok('security_invoker=true' = ANY (c.reloptions), format('view %s asks for its reader', c.relname))
FROM pg_class c WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind = 'v';
SELECT ok(count(*) >= 10, 'there are the views of the reports') FROM pg_class c WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind = 'v';
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace IN ('outpost'::regnamespace, 'outpost_seal'::regnamespace) AND relkind = 'm'$$, 'no materialized view');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'outpost'::regnamespace AND prosecdef$$, 'no function of the schema runs as its owner');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'outpost_seal'::regnamespace AND prosecdef AND regexp_replace(prosrc, 'distinct\s+from', '', 'gi') ~* '(from|join|into|update)\s+outpost\.'$$, 'those of the seal look at no table of the schema');
SELECT is_empty($$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'outpost_seal'::regnamespace AND prosecdef AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)$$, 'and have a search_path of their own');
SELECT is_empty($$SELECT evtname FROM pg_event_trigger$$, 'no event trigger');
SELECT * FROM finish();
ROLLBACK;
