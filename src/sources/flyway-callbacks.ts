import type { SkippedFile } from '../core/source.ts'
import type { FlywayConfig } from './flyway-config.ts'
import type { FlywayEntry } from './flyway-folder.ts'
import { compareText } from './paths.ts'

/** A SQL script that runs at an event of Flyway's. */
export interface FlywayCallback extends FlywayEntry {
  readonly event: string
}

/** Callbacks of a migrate, each a script of its own between the migrations. */
export interface PlacedCallbacks {
  readonly first: readonly FlywayCallback[]
  readonly beforeRepeatables: readonly FlywayCallback[]
  readonly last: readonly FlywayCallback[]
  /** Of every migration, in its transaction, before it. */
  readonly beforeEach: readonly FlywayCallback[]
  readonly skipped: readonly SkippedFile[]
}

const forNewSchemas = ['createSchema', 'beforeCreateSchema']
const beforeAll = ['beforeMigrate']
const between = ['afterVersioned', 'beforeRepeatables']
const afterAll = ['afterMigrateApplied', 'afterMigrate', 'afterMigrateOperationFinish']
const ofEach = ['beforeEachMigrateStatement', 'afterEachMigrateStatement', 'afterEachMigrate']

/**
 * Where the callbacks run (DbMigrate.java, flyway-core 11.8, and its statements in the server's log): those of the
 * whole run in sessions and transactions of their own, those of each migration inside of its transaction. Several of
 * one event in the order of their descriptions.
 */
export function placeCallbacks(
  callbacks: readonly FlywayCallback[],
  config: FlywayConfig,
  hasRepeatables: boolean,
): PlacedCallbacks {
  const of = (events: readonly string[]): readonly FlywayCallback[] =>
    events.flatMap((event) =>
      callbacks
        .filter((callback) => callback.event === event)
        .sort((a, b) => compareText(a.title, b.title) || compareText(a.file, b.file)),
    )
  const createsSchemas = config.schemas.some((schema) => schema !== 'public')
  const first = of([...(createsSchemas ? forNewSchemas : []), ...beforeAll])
  const beforeRepeatables = of(hasRepeatables ? between : between.slice(0, 1))
  const [last, beforeEach] = [of(afterAll), of(['beforeEachMigrate'])]
  const placed = new Set([...first, ...beforeRepeatables, ...last, ...beforeEach])
  const skipped = callbacks.flatMap((callback) => (placed.has(callback) ? [] : [skippedCallback(callback)]))
  return { first, beforeRepeatables, last, beforeEach, skipped }
}

function skippedCallback({ file, event }: FlywayCallback): SkippedFile {
  if (ofEach.includes(event)) {
    const reason = 'Flyway runs it in the transaction of every migration, and we do not'
    return { file, reason, affectsOthers: true }
  }
  if (forNewSchemas.includes(event) || between.includes(event))
    return { file, reason: `nothing sets off ${event} here`, affectsOthers: false }
  return { file, reason: `Flyway does not run ${event} when it migrates`, affectsOthers: false }
}
