-- The roles and the schema: the only part that runs as who called `outpost upstream init`; all others run as outpost_owner.
--
--   outpost_owner  owns everything, logs in nowhere; row-level security binds it, too
--   outpost_edge   what a device may do; each has a login role of its own in this group
--   outpost_hq     what people at headquarters may do: GRANT outpost_hq TO jane; INSERT INTO outpost.member ...
-- None of them may bypass row-level security, and none is a superuser.
DO $$
DECLARE
  wanted name;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['outpost_owner', 'outpost_edge', 'outpost_hq'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname IN ('outpost_owner', 'outpost_edge', 'outpost_hq')
                                        AND (rolsuper OR rolbypassrls OR rolcanlogin)) THEN
    RAISE EXCEPTION 'one of the roles outpost_owner, outpost_edge and outpost_hq may log in, is a superuser or bypasses row-level security: ALTER ROLE ... NOLOGIN NOSUPERUSER NOBYPASSRLS';
  END IF;
  -- Who is no superuser must belong to a role before it can act as it.
  IF NOT pg_has_role(current_user, 'outpost_owner', 'MEMBER') THEN
    EXECUTE format('GRANT outpost_owner TO %I', current_user);
  END IF;
  -- Supabase: whoever brings a token, see 900_access.sql.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticator') AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated')
     AND NOT pg_has_role('authenticated', 'outpost_hq', 'MEMBER') THEN
    GRANT outpost_hq TO authenticated;
  END IF;
  -- Rows come through temporary tables.
  IF NOT has_database_privilege('outpost_edge', current_database(), 'TEMPORARY') THEN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO outpost_edge', current_database());
  END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS outpost AUTHORIZATION outpost_owner;
-- The key that receipts are made with: no member gets at it, only a trigger's function does.
CREATE SCHEMA IF NOT EXISTS outpost_seal AUTHORIZATION outpost_owner;
SET LOCAL ROLE outpost_owner;
GRANT USAGE ON SCHEMA outpost TO outpost_edge, outpost_hq;
