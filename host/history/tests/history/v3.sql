-- A history of version 3: the one of version 2 as the program of 26 November 2026 migrated it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE confirmation (
        run TEXT NOT NULL REFERENCES run(id),
        device TEXT NOT NULL,
        last_sync_at TEXT,
        checked_at TEXT NOT NULL, checked_in INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run, device)
    ) WITHOUT ROWID, STRICT;
CREATE TABLE device (
        run TEXT NOT NULL REFERENCES run(id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        os TEXT NOT NULL,
        outcome TEXT NOT NULL,          -- pending, accepted, failed, skipped, gone
        attempts INTEGER NOT NULL,
        status INTEGER,
        code TEXT,
        message TEXT,
        request_id TEXT,
        client_request_id TEXT,
        at INTEGER NOT NULL,            -- milliseconds since 1970
        PRIMARY KEY (run, id)
    ) WITHOUT ROWID, STRICT;
INSERT INTO device VALUES('20261126-090039-e568','5d02f2ef-9a20-4d4e-827b-40c0fa783287','WIN-000001','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639044);
INSERT INTO device VALUES('20261126-090039-e568','5eac61a8-367b-47a5-8cbc-6c8825909f8e','MAC-000003','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639456);
INSERT INTO device VALUES('20261126-090039-e568','688b5879-bf78-4158-a44d-bd00ff11308f','WIN-000004','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639044);
INSERT INTO device VALUES('20261126-090039-e568','79e9b735-1182-4840-be02-8bdfc994023c','WIN-000002','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639044);
INSERT INTO device VALUES('20261126-090039-e568','85f58c60-8dba-4220-abc5-ce884f675592','IPHONE-000000','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639456);
INSERT INTO device VALUES('20261126-090039-e568','866cbe07-c2db-4aa2-833e-4e5c4bb1c80c','WIN-000005','','accepted',1,NULL,NULL,NULL,NULL,NULL,1795683639044);
CREATE TABLE request (
        run TEXT NOT NULL REFERENCES run(id),
        seq INTEGER NOT NULL,           -- from 1, in the order in which they left
        at INTEGER NOT NULL,            -- milliseconds since 1970
        kind TEXT NOT NULL,             -- list, sync, batch, bulk
        devices TEXT NOT NULL,          -- their ids, with spaces between them
        status INTEGER,                 -- NULL: no response
        request_id TEXT,
        ms INTEGER,                     -- from the request to the response
        hash BLOB,                      -- over the row and the hash before it
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID, STRICT;
INSERT INTO request VALUES('20261126-090039-e568',1,1795683639035,'list','',200,'2b4bb02b-3c0e-4fb4-a781-c1f685697604',5,X'bf7f61a4bc7c22e8cf0681cf5d6e8d64cd67a768bfbe649c7a47d343ce3c5c80');
INSERT INTO request VALUES('20261126-090039-e568',2,1795683639043,'batch','688b5879-bf78-4158-a44d-bd00ff11308f 866cbe07-c2db-4aa2-833e-4e5c4bb1c80c 5d02f2ef-9a20-4d4e-827b-40c0fa783287 79e9b735-1182-4840-be02-8bdfc994023c',200,'c9e3ab9c-c096-436d-9812-c06db93c7571',0,X'407ef40b3c1e51e202ee3c747f83e34edc3638898e32870af775200cb19894db');
INSERT INTO request VALUES('20261126-090039-e568',3,1795683639455,'batch','85f58c60-8dba-4220-abc5-ce884f675592 5eac61a8-367b-47a5-8cbc-6c8825909f8e',200,'ff7e924c-aed2-4911-95da-5d223fefd24a',0,X'4899ba9cd592f534e53de29638a77f9041bf89d2727eac740b2bacc1b40c1a27');
CREATE TABLE run (
        id TEXT PRIMARY KEY,            -- RunId in the output: 20261126-041500-9c1f
        started_at TEXT NOT NULL,       -- RFC 3339, UTC
        ended_at TEXT,
        purpose TEXT NOT NULL,          -- sync
        cloud TEXT NOT NULL,
        tenant TEXT NOT NULL,
        app TEXT NOT NULL,
        settings TEXT NOT NULL,         -- JSON: whom to sync is in `selection`, the rest here
        selection TEXT NOT NULL,        -- JSON
        arguments TEXT NOT NULL,        -- JSON: those of the command that `runs resume` gives again
        program TEXT NOT NULL,          -- its version
        component_sha256 TEXT NOT NULL,
        resumes TEXT REFERENCES run(id),-- the run of which this one is the next part
        outcome TEXT,                   -- NULL: under way, or killed
        -- The counts are those of all parts so far.
        total INTEGER NOT NULL DEFAULT 0,
        success INTEGER NOT NULL DEFAULT 0,
        error INTEGER NOT NULL DEFAULT 0,
        skipped INTEGER NOT NULL DEFAULT 0,
        gone INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0,
        batches INTEGER NOT NULL DEFAULT 0,
        retries INTEGER NOT NULL DEFAULT 0,
        throttled INTEGER NOT NULL DEFAULT 0,
        requests INTEGER NOT NULL DEFAULT 0,
        duration_ms INTEGER NOT NULL DEFAULT 0,
        evidence_sha256 TEXT            -- the hash of the last request
    , learned_rate INTEGER, bulk_counts_devices INTEGER, clock_ahead_ms INTEGER, confirm_at INTEGER, confirmed_at TEXT) WITHOUT ROWID, STRICT;
INSERT INTO run VALUES('20261126-090039-e568','2026-11-26T09:00:39.031Z','2026-11-26T09:00:39.456Z','sync','public','00000000-0000-4000-8000-00000000beef','00000000-0000-4000-8000-0000000a0001','["--batch-size","50","--batch-delay-seconds","10","--max-retries","5","--initial-backoff-seconds","0","--dispatch","batch","--pace","fixed","--max-rate","9.75","--yes","true"]','["--order","stalest"]','["--yes","--graph-url","http://127.0.0.1:39029","-q","--initial-backoff-seconds","0","--output","json"]','0.1.0','0d9ba2f6c0d9ded5a79195f0eaf481195d064d5c89109794d208e05adc6da348',NULL,'completed',6,6,0,0,0,0,1,0,0,3,423,'4899ba9cd592f534e53de29638a77f9041bf89d2727eac740b2bacc1b40c1a27',9000,1,NULL,NULL,NULL);
CREATE INDEX device_failed ON device (run) WHERE outcome = 'failed';
COMMIT;
PRAGMA application_id = 1769175400;
PRAGMA user_version = 3;
