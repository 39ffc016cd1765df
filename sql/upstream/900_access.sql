-- Row-level security of every table of the schema outpost, of those, too, that come later: this runs last, each time.
--
-- One shape: a row is seen and written by the members of its organization, and who a member is says the role that logged in
-- (session_user), which no client can change: not by SET ROLE, not by a setting, not by search_path. `member` itself
-- shows everybody his own rows. What the shape does not say is said by restrictive policies, which only take away:
-- an edge adds rows of its own origins only, and settles its own requests only.
--
-- Where PostgREST stands in front (Supabase), all clients are the one login role `authenticator`; there, and for no other login role, the
-- claim organization_id of the token that it has checked (request.jwt.claims) says which organization it is.
--
-- Administration (outpost_owner, acting for a login role that belongs to it) may add organizations, members, edges, origins: it could
-- do anything, as it owns the tables, so this gives nothing away; everything else it does not see either.
DO $$
DECLARE
  t record;
  shape constant text := 'organization_id IN (SELECT m.organization_id FROM outpost.member m WHERE m.role_name = session_user)';
  claim constant text := $claim$organization_id = (CASE WHEN session_user = 'authenticator' THEN (nullif(current_setting('request.jwt.claims', true), '')::json->>'organization_id')::uuid END)$claim$;
  mine constant text := '(organization_id, origin) IN (SELECT o.organization_id, o.origin FROM outpost.origin o JOIN outpost.edge e ON e.organization_id = o.organization_id AND e.edge_id = o.edge_id WHERE e.role_name = session_user)';
  device constant text := 'edge_id IN (SELECT e.edge_id FROM outpost.edge e WHERE e.role_name = session_user)';
  administration constant text := 'pg_has_role(session_user, ''outpost_owner'', ''MEMBER'')';
  wanted text[];
  supabase constant boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticator');
  p text[];
BEGIN
  FOR t IN
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped) AS tenant,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'origin' AND NOT a.attisdropped) AS origin
    FROM pg_class c WHERE c.relnamespace = 'outpost'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
  LOOP
    IF NOT t.relrowsecurity THEN EXECUTE format('ALTER TABLE outpost.%I ENABLE ROW LEVEL SECURITY', t.relname); END IF;
    IF NOT t.relforcerowsecurity THEN EXECUTE format('ALTER TABLE outpost.%I FORCE ROW LEVEL SECURITY', t.relname); END IF;
    -- name, what follows it
    wanted := '{}';
    IF t.relname = 'member' THEN
      wanted := wanted || ARRAY[['members', 'USING (role_name = session_user)']];
    ELSIF t.tenant THEN
      wanted := wanted || ARRAY[['members', format('USING (%s)', shape)]];
    ELSE
      wanted := wanted || ARRAY[['members', 'FOR SELECT USING (EXISTS (SELECT FROM outpost.member m WHERE m.role_name = session_user))']];
    END IF;
    IF supabase AND t.tenant THEN
      wanted := wanted || ARRAY[['claim', format('TO authenticated USING (%s)', claim)]];
    END IF;
    IF NOT t.tenant OR t.relname IN ('organizations', 'member', 'edge', 'origin') THEN
      wanted := wanted || ARRAY[['administration', format('TO outpost_owner USING (%s)', administration)]];
    END IF;
    IF t.tenant AND (t.origin OR t.relname IN ('edge', 'request')) THEN
      FOR p IN SELECT ARRAY[v.name, format('AS RESTRICTIVE FOR %s TO outpost_edge %s', v.command,
                                           format(v.clause, CASE t.relname WHEN 'edge' THEN 'role_name = session_user' WHEN 'origin' THEN device WHEN 'request' THEN device ELSE mine END))]
               FROM (VALUES ('own_added', 'INSERT', 'WITH CHECK (%s)'), ('own_changed', 'UPDATE', 'USING (%s)'), ('own_removed', 'DELETE', 'USING (%s)'))
                    AS v(name, command, clause)
      LOOP
        wanted := wanted || ARRAY[p];
      END LOOP;
    END IF;
    FOR i IN 1 .. coalesce(array_length(wanted, 1), 0) LOOP
      -- The comment is the text that it was made of: one that changed is made anew.
      IF EXISTS (SELECT FROM pg_policy y WHERE y.polrelid = t.oid AND y.polname = wanted[i][1]
                 AND obj_description(y.oid, 'pg_policy') = wanted[i][2]) THEN
        CONTINUE;
      END IF;
      EXECUTE format('DROP POLICY IF EXISTS %I ON outpost.%I', wanted[i][1], t.relname);
      EXECUTE format('CREATE POLICY %I ON outpost.%I %s', wanted[i][1], t.relname, wanted[i][2]);
      EXECUTE format('COMMENT ON POLICY %I ON outpost.%I IS %L', wanted[i][1], t.relname, wanted[i][2]);
    END LOOP;
  END LOOP;
END $$;
