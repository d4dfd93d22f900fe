import type { Migration } from '../../src/core/model.ts'
import {
  diffSchema,
  readSchema,
  type SchemaChange,
  type SchemaSnapshot,
} from '../../src/replay/fingerprint.ts'
import { schemaDifferenceLines } from '../../src/replay/schema-diff-text.ts'
import { compareOrder } from './compare-order.ts'
import { execute } from './execute.ts'
import { installed } from './kept-tools.ts'
import { readLog } from './log.ts'
import { applyOurWay, ourWay } from './our-way.ts'
import { startBareServer } from './server.ts'
import type { RealTool } from './tool.ts'
import type { Outcome } from './try-all.ts'
import { projectOf } from './workspace.ts'

/** Has the tool migrate its sample repository, does the same our way, and compares order, transactions and schema. */
export async function tryTool(tool: RealTool): Promise<Outcome> {
  const { version, folder } = await installed(tool)
  await using project = await projectOf(tool.name)
  const ours = await ourWay(project.dir)
  const { log, schema } = await migrateForReal(tool, folder, project.dir)
  const expected = await schemaOfOurs(tool, ours)
  const { changes } = diffSchema(schema, expected)
  const unexpected = changes.filter((change) => !isKnown(tool, change))
  return {
    version,
    statements: ours.migrations.reduce((sum, { statements }) => sum + statements.length, 0),
    problems: [
      ...compareOrder(withoutStandIns(tool, ours.migrations), readLog(log)),
      ...schemaDifferenceLines({ equal: unexpected.length === 0, changes: unexpected }).map(
        (line) => `schema, from the tool’s to ours: ${line}`,
      ),
    ],
  }
}

async function migrateForReal(
  tool: RealTool,
  folder: string,
  project: string,
): Promise<{ readonly log: string; readonly schema: SchemaSnapshot }> {
  await using server = await startBareServer()
  await runBefore(tool, server)
  await tool.migrate({ folder, project, database: server.database, execute })
  const client = await server.connect('postgres')
  const schema = await readSchema(client)
  await client.end()
  return { log: await server.log(), schema }
}

function withoutStandIns(
  { standIns = [] }: RealTool,
  migrations: readonly Migration[],
): readonly Migration[] {
  return migrations.map((migration) => ({
    ...migration,
    statements: migration.statements.filter(({ sql }) => !standIns.includes(sql)),
  }))
}

async function schemaOfOurs(
  tool: RealTool,
  ours: Awaited<ReturnType<typeof ourWay>>,
): Promise<SchemaSnapshot> {
  await using server = await startBareServer()
  await runBefore(tool, server)
  const admin = await server.connect('postgres')
  for (const role of ours.roles) {
    await admin.query(
      `do $$ begin create role ${admin.escapeIdentifier(role)}; exception when duplicate_object then null; end $$`,
    )
  }
  for (const [name, value] of Object.entries(ours.settings)) {
    const list = value.split(',').map((part) => admin.escapeLiteral(part.trim().replace(/^"(.*)"$/, '$1')))
    await admin.query(`alter role app set ${name} = ${list.join(', ')}`)
  }
  await applyOurWay(ours, () => server.connect('app'))
  const schema = await readSchema(admin)
  await admin.end()
  return schema
}

async function runBefore(
  { before }: RealTool,
  server: Awaited<ReturnType<typeof startBareServer>>,
): Promise<void> {
  if (before === undefined) return
  const admin = await server.connect('postgres')
  await admin.query(before)
  await admin.end()
}

function isKnown({ knownDifferences = {} }: RealTool, change: SchemaChange): boolean {
  const { identity } = change.type === 'changed' ? change.after : change.object
  return identity in knownDifferences
}
