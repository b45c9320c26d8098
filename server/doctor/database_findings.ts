import type { DatabaseSeen } from "./look_database.ts";
import type { StoreFinding } from "./store_finding.ts";

interface DatabaseRule {
  readonly ok: string;
  readonly judge: (seen: DatabaseSeen, bucket: string) => StoreFinding | undefined;
}

/** The oldest PostgreSQL that is meant to work. */
const OLDEST = 130_000;
/** The connections that one instance may open. */
const CONNECTIONS = 13;
const SLOW_MS = 20;

const fault = (finding: Omit<StoreFinding, "level">): StoreFinding => ({ level: "fault", ...finding });
const note = (finding: Omit<StoreFinding, "level">): StoreFinding => ({ level: "note", ...finding });

const RULES: readonly DatabaseRule[] = [
  {
    ok: "PostgreSQL is new enough",
    judge: ({ version, versionText }) =>
      version >= OLDEST ? undefined : fault({
        code: "old-database",
        says: `This is PostgreSQL ${versionText}`,
        costs: "Pawl needs 13 or later",
        remedy: "Upgrade it: pg_upgrade, or a newer version at your provider",
      }),
  },
  {
    ok: "It takes changes",
    judge: ({ isReadOnly }) =>
      !isReadOnly ? undefined : fault({
        code: "read-only",
        says: "It takes no changes: it is a standby, or transactions are read-only",
        costs: "Every request that changes something gets 503",
        remedy: "Name all servers, and let the client find the primary",
        lines: ["PAWL_DATABASE=postgres://USER:PASSWORD@one,two/NAME?target_session_attrs=read-write"],
      }),
  },
  {
    ok: "Its user may make tables",
    judge: ({ schema, mayCreate, tables, knownTables }) =>
      schema !== undefined && mayCreate || tables === knownTables ? undefined : fault({
        code: "no-create",
        says: schema === undefined
          ? "There is no schema to make tables in"
          : `The user may not make tables in the schema ${schema}`,
        costs: "The first start, and the first of a newer version, fail",
        remedy: "As the owner of the database",
        lines: [`GRANT USAGE, CREATE ON SCHEMA ${schema ?? "public"} TO the user of PAWL_DATABASE;`],
      }),
  },
  {
    ok: "Its texts are in UTF-8",
    judge: ({ encoding }) =>
      encoding === "UTF8" ? undefined : fault({
        code: "encoding",
        says: `Its texts are in ${encoding}`,
        costs: "Uploads whose names have other letters fail",
        remedy: "Make a database with another encoding",
        lines: ["CREATE DATABASE pawl ENCODING 'UTF8' TEMPLATE template0;"],
      }),
  },
  {
    ok: "Instances hear each other (LISTEN and NOTIFY)",
    judge: ({ hearsItself }) =>
      hearsItself ? undefined : fault({
        code: "deaf",
        says: "A message that was sent to this program itself never came (LISTEN and NOTIFY)",
        costs:
          "An instance that is asked for an upload does not hear it, and loses the upload in the middle of a request",
        remedy: "Go to PostgreSQL itself, or to a pooler in session mode, such as PgBouncer with",
        lines: ["pool_mode = session"],
      }),
  },
  {
    ok: "A commit that was confirmed survives a crash of its machine",
    judge: ({ settings: { fsync, fullPageWrites, synchronousCommit } }) => {
      const wrong = [
        ...fsync ? [] : ["fsync = on"],
        ...fullPageWrites ? [] : ["full_page_writes = on"],
        ...synchronousCommit !== "off" ? [] : ["synchronous_commit = on"],
      ];
      return wrong.length === 0 ? undefined : fault({
        code: "not-durable",
        says: "It confirms commits before they are on its disk",
        costs: "When its machine crashes, acknowledged bytes are lost, and without fsync the whole database may be",
        remedy: "In postgresql.conf",
        lines: wrong,
      });
    },
  },
  {
    ok: "A commit that was confirmed is on a second machine (synchronous standby)",
    judge: ({ syncStandbys, settings: { synchronousCommit } }) => {
      if (syncStandbys === undefined) {
        return note({
          code: "standby-unknown",
          says: "This user may not see whether there is a synchronous standby",
          costs: "Without one, the last acknowledged offsets are lost with the database's machine",
          remedy: "See it as a superuser",
          lines: ["SELECT application_name, sync_state FROM pg_stat_replication;"],
        });
      }
      if (syncStandbys > 0 && synchronousCommit !== "local") return undefined;
      return note({
        code: "no-standby",
        says: "No commit waits for a second machine: there is no synchronous standby",
        costs:
          "When the database's machine is lost, so are the last acknowledged offsets, or all. Your provider's storage " +
          "may be safe in another way",
        remedy: "Add a standby, and in postgresql.conf",
        lines: ["synchronous_standby_names = 'ANY 1 (*)'", "synchronous_commit = on"],
      });
    },
  },
  {
    ok: "Idle connections are kept",
    judge: ({ settings: { idleSessionMs } }) =>
      idleSessionMs === 0 ? undefined : note({
        code: "idle-timeout",
        says: `Idle connections are closed after ${idleSessionMs / 1000} s (idle_session_timeout)`,
        costs: "In that moment an instance does not hear the others, and may lose an upload that it receives",
        remedy: "For the user of PAWL_DATABASE",
        lines: ["ALTER ROLE the user SET idle_session_timeout = 0;"],
      }),
  },
  {
    ok: "Statements are answered fast",
    judge: ({ statementMs }) =>
      statementMs < SLOW_MS ? undefined : note({
        code: "slow-database",
        says: `A statement takes ${Math.round(statementMs)} ms (the median of ten)`,
        costs: "Each request waits for two or three of them",
        remedy: "Run the instances near the database",
      }),
  },
  {
    ok: "There is room for an instance's connections",
    judge: ({ freeConnections }) =>
      freeConnections >= CONNECTIONS ? undefined : note({
        code: "few-connections",
        says: `${freeConnections} connections are free`,
        costs: `An instance opens up to ${CONNECTIONS}; where there are none its requests get 503`,
        remedy: "In postgresql.conf, for each instance 13 more",
        lines: ["max_connections = 200"],
      }),
  },
  {
    ok: "Its tables are of this version, or will be made",
    judge: ({ tables, knownTables }) =>
      tables <= knownTables ? undefined : fault({
        code: "newer-tables",
        says: `Its tables have version ${tables}, and this Pawl knows those up to ${knownTables}`,
        costs: "This version does not start on them",
        remedy: "Start the newer version again",
      }),
  },
  {
    ok: "It belongs to this bucket, or to none yet",
    judge: ({ bucket: known }, bucket) =>
      known === undefined || known === bucket ? undefined : fault({
        code: "other-bucket",
        says: `It belongs to the bucket ${known}`,
        costs: `A server does not start with it and ${bucket}`,
        remedy: "Give that bucket, or another database",
      }),
  },
];

/** Judges what was seen of a database that is to go with a bucket. */
export function databaseFindings(
  seen: DatabaseSeen,
  bucket: string,
): { readonly findings: StoreFinding[]; readonly fine: string[] } {
  const findings: StoreFinding[] = [];
  const fine: string[] = [];
  for (const { ok, judge } of RULES) {
    const found = judge(seen, bucket);
    if (found === undefined) fine.push(ok);
    else findings.push(found);
  }
  return { findings, fine };
}
