-- How runs were judged: the controls as they were and how they did, what was found wrong, the self-audit, and the rules themselves.
-- An edge replaces what it says of a run as a whole; a set of rules never changes.

CREATE TABLE IF NOT EXISTS outpost.run_control (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  position        bigint NOT NULL,
  control         text NOT NULL,
  version         bigint NOT NULL,
  stage           text NOT NULL,
  kind            text NOT NULL,
  field           text,
  category        text NOT NULL,
  failed          bigint NOT NULL,                    -- rows; the rest of the run's rows passed
  PRIMARY KEY (organization_id, origin, run, position)
);

CREATE TABLE IF NOT EXISTS outpost.run_category (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  category        text NOT NULL,
  rows            bigint NOT NULL,
  PRIMARY KEY (organization_id, origin, run, category)
);

CREATE TABLE IF NOT EXISTS outpost.run_check (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  position        bigint NOT NULL,
  name            text NOT NULL,
  ok              boolean NOT NULL,
  expected        text NOT NULL,
  actual          text NOT NULL,
  text            text NOT NULL,
  PRIMARY KEY (organization_id, origin, run, position)
);

-- {"rules": [...], "items": [...]}: the rules and reference items that runs were judged by, as they were.
CREATE TABLE IF NOT EXISTS outpost.rule_set (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  sha256          text NOT NULL,
  json            json NOT NULL,
  PRIMARY KEY (organization_id, origin, sha256)
);

CREATE TABLE IF NOT EXISTS outpost.run_rule_set (
  organization_id uuid NOT NULL,
  origin          integer NOT NULL,
  run             bigint NOT NULL,
  sha256          text NOT NULL,                      -- of the rule_set, under whichever origin it came
  PRIMARY KEY (organization_id, origin, run)
);

GRANT SELECT ON outpost.run_control, outpost.run_category, outpost.run_check, outpost.rule_set, outpost.run_rule_set TO outpost_edge, outpost_hq;
GRANT INSERT ON outpost.rule_set TO outpost_edge;
GRANT INSERT, DELETE ON outpost.run_control, outpost.run_category, outpost.run_check, outpost.run_rule_set TO outpost_edge;
