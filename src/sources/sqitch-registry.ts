import type { Foundation } from '../core/source.ts'

/** Sqitch's own tables: App/Sqitch/Engine/pg.sql (registry version 1.1, Sqitch 1.3.1) without its comments. */
export function sqitchRegistry(schema: string): Foundation {
  const quoted = `"${schema.replaceAll('"', '""')}"`
  return { title: 'Sqitch’s own tables', sql: registry.replaceAll(':"registry"', () => quoted) }
}

const who = `
    planned_at      timestamptz NOT NULL,
    planner_name    text        NOT NULL,
    planner_email   text        NOT NULL`

const committed = `
    committed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    committer_name  text        NOT NULL,
    committer_email text        NOT NULL,${who}`

const registry = `CREATE SCHEMA IF NOT EXISTS :"registry";
CREATE TABLE :"registry".releases (
    version         real        PRIMARY KEY,
    installed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    installer_name  text        NOT NULL,
    installer_email text        NOT NULL
);
CREATE TABLE :"registry".projects (
    project         text        PRIMARY KEY,
    uri             text            NULL UNIQUE,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    creator_name    text        NOT NULL,
    creator_email   text        NOT NULL
);
CREATE TABLE :"registry".changes (
    change_id       text        PRIMARY KEY,
    script_hash     text            NULL,
    change          text        NOT NULL,
    project         text        NOT NULL REFERENCES :"registry".projects(project) ON UPDATE CASCADE,
    note            text        NOT NULL DEFAULT '',${committed},
    UNIQUE (project, script_hash)
);
CREATE TABLE :"registry".tags (
    tag_id          text        PRIMARY KEY,
    tag             text        NOT NULL,
    project         text        NOT NULL REFERENCES :"registry".projects(project) ON UPDATE CASCADE,
    change_id       text        NOT NULL REFERENCES :"registry".changes(change_id) ON UPDATE CASCADE,
    note            text        NOT NULL DEFAULT '',${committed},
    UNIQUE (project, tag)
);
CREATE TABLE :"registry".dependencies (
    change_id       text        NOT NULL REFERENCES :"registry".changes(change_id) ON UPDATE CASCADE ON DELETE CASCADE,
    type            text        NOT NULL,
    dependency      text        NOT NULL,
    dependency_id   text            NULL REFERENCES :"registry".changes(change_id) ON UPDATE CASCADE
        CONSTRAINT dependencies_check CHECK (
            (type = 'require'  AND dependency_id IS NOT NULL)
         OR (type = 'conflict' AND dependency_id IS NULL)
        ),
    PRIMARY KEY (change_id, dependency)
);
CREATE TABLE :"registry".events (
    event           text        NOT NULL
        CONSTRAINT events_event_check CHECK (event IN ('deploy', 'revert', 'fail', 'merge')),
    change_id       text        NOT NULL,
    change          text        NOT NULL,
    project         text        NOT NULL REFERENCES :"registry".projects(project) ON UPDATE CASCADE,
    note            text        NOT NULL DEFAULT '',
    requires        text[]      NOT NULL DEFAULT '{}',
    conflicts       text[]      NOT NULL DEFAULT '{}',
    tags            text[]      NOT NULL DEFAULT '{}',${committed},
    PRIMARY KEY (change_id, committed_at)
);`
