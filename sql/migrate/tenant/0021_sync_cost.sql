-- What headquarters was asked for what went up: see sync_note_sent in src/replicate/state.h.
-- up

ALTER TABLE sync_day ADD COLUMN statements INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sync_day ADD COLUMN spoken INTEGER NOT NULL DEFAULT 0;  -- bytes of statements and their values
ALTER TABLE sync_day ADD COLUMN counted INTEGER NOT NULL DEFAULT 0; -- rows that these two are about

-- down
ALTER TABLE sync_day DROP COLUMN counted;
ALTER TABLE sync_day DROP COLUMN spoken;
ALTER TABLE sync_day DROP COLUMN statements;
