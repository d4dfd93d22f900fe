import { hash } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from 'pg'
import { EnvironmentError } from '../core/errors.ts'
import type { Installation } from './binaries.ts'
import type { OsUser } from './os-user.ts'

/** The first major with extension_control_path: before, an extension has to be in the server's own folder. */
const firstMajorWithPath = 18

/** The version that every stand-in has; no extension has one of that name. */
const standInVersion = 'stand-in'

interface StubFile {
  readonly name: string
  readonly bytes: Buffer
}

/** The files of the stand-ins with these names, in their order. */
async function stubFiles(names: readonly string[]): Promise<readonly StubFile[]> {
  const folder = fileURLToPath(import.meta.resolve('#pkg/stubs/extension'))
  const listed = (await readdir(folder)).filter((file) => names.some((name) => isOf(file, name))).toSorted()
  return Promise.all(listed.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })))
}

function isOf(file: string, extension: string): boolean {
  return file === `${extension}.control` || file.startsWith(`${extension}--`)
}

/** Tells stand-ins apart for the cache: names and contents. */
export async function stubsIdentity(names: readonly string[]): Promise<string> {
  const files = await stubFiles(names)
  return hash(
    'sha256',
    files.map(({ name, bytes }) => `${name}\n${bytes.toString('utf8')}`).join('\0'),
    'hex',
  )
}

/** Where stand-ins have to be for a server to find them. */
export interface StubPlace {
  /** The folder of control files and scripts; to be made, unless it is the server's own. */
  readonly dir: string
  /** Settings in place of those that a replay has. */
  readonly settings: Readonly<Record<string, string>>
}

/**
 * A folder of our own that the server is told of, or, before 18, the one of its own installation, which has to be a copy
 * for this run.
 */
export function stubPlace(installation: Installation, scratch: string): StubPlace {
  if (installation.major >= firstMajorWithPath) {
    const parent = join(scratch, 'stubs')
    // what is really installed comes first
    return { dir: join(parent, 'extension'), settings: { extension_control_path: `$system:${parent}` } }
  }
  return {
    dir: join(scratch, 'package', 'native', 'share', 'postgresql', 'extension'),
    settings: {},
  }
}

/** Before 18 the installation must be copied, and only npm's packages are. @throws EnvironmentError for others. */
export function mustCopyForStubs({ major, packageDir, bin }: Installation): boolean {
  if (major >= firstMajorWithPath) return false
  if (packageDir !== undefined) return true
  throw new EnvironmentError(
    `extensions.stub needs Postgres 18 or later with the installation ${bin}, which is Postgres ${major}.`,
    { hint: 'Use Postgres 18, the embedded packages of npm, or a container image that has the extension.' },
  )
}

/** Writes the files of stand-ins, for the server's user to read. */
export async function writeStubs(names: readonly string[], dir: string, user: OsUser): Promise<void> {
  await mkdir(dir, { recursive: true })
  await openTo(user, dir)
  await openTo(user, join(dir, '..'))
  for (const { name, bytes } of await stubFiles(names)) {
    const file = join(dir, name)
    await writeFile(file, bytes, { mode: 0o644 })
    await chmod(file, 0o644)
    if (user.dropped) await chown(file, user.uid, user.gid)
  }
}

/** Folders belong to the server's user, who removes them in the end. */
async function openTo(user: OsUser, dir: string): Promise<void> {
  await chmod(dir, 0o755)
  if (user.dropped) await chown(dir, user.uid, user.gid)
}

/** A relation of users that something of a stand-in is used in. */
export interface RelationOfStandIn {
  readonly extension: string
  readonly schema: string
  readonly name: string
  /** A table or view of the users', which is worth naming; not an index, nor a relation of the extension's own. */
  readonly isNamed: boolean
}

/**
 * Relations of this database that depend on a stand-in: by the type of a column, a default, a constraint, an index, a
 * view's query, or because they are its own. An index and its table both count.
 */
export async function relationsOfStandIns(admin: Client): Promise<readonly RelationOfStandIn[]> {
  const { rows } = await admin.query<RelationOfStandIn>(dependentsSql, [standInVersion])
  return rows
}

/** Names of the stand-ins that were created in this database. */
export async function createdStandIns(admin: Client): Promise<readonly string[]> {
  const { rows } = await admin.query<{ extname: string }>(
    'select extname from pg_catalog.pg_extension where extversion = $1 order by 1',
    [standInVersion],
  )
  return rows.map(({ extname }) => extname)
}

const dependentsSql = `
  with member as (
    select d.classid, d.objid, e.extname
      from pg_catalog.pg_depend d
      join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_extension'::regclass
     where d.deptype = 'e' and e.extversion = $1
    union
    -- arrays of its types, and domains over them
    select 'pg_catalog.pg_type'::regclass, t.oid, e.extname
      from pg_catalog.pg_type t
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_type'::regclass and d.objid in (t.typelem, t.typbasetype)
      join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_extension'::regclass
     where d.deptype = 'e' and e.extversion = $1
  ), dependent as (
    select m.extname, d.classid, d.objid
      from member m join pg_catalog.pg_depend d on d.refclassid = m.classid and d.refobjid = m.objid and d.deptype <> 'e'
    union
    select extname, classid, objid from member where classid = 'pg_catalog.pg_class'::regclass
  ), relation as (
    select d.extname, case d.classid
             when 'pg_catalog.pg_class'::regclass then d.objid
             when 'pg_catalog.pg_attrdef'::regclass then (select adrelid from pg_catalog.pg_attrdef where oid = d.objid)
             when 'pg_catalog.pg_constraint'::regclass
               then (select conrelid from pg_catalog.pg_constraint where oid = d.objid)
             when 'pg_catalog.pg_rewrite'::regclass then (select ev_class from pg_catalog.pg_rewrite where oid = d.objid)
           end as oid
      from dependent d
  ), whole as (
    select extname, oid from relation
    union
    select r.extname, i.indrelid from relation r join pg_catalog.pg_index i on i.indexrelid = r.oid
  )
  select w.extname as extension, n.nspname as schema, c.relname as name,
         c.relkind in ('r', 'p', 'v', 'm', 'f') and not exists (
           select from member m where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = c.oid
         ) as "isNamed"
    from whole w
    join pg_catalog.pg_class c on c.oid = w.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname <> 'pg_toast'
   order by 1, 2, 3`
