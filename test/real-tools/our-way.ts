import type { Client } from 'pg'
import { knownNames } from '../../src/cli/catalogue.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Migration } from '../../src/core/model.ts'
import { readScripts } from '../../src/judge-run.ts'
import { decideReviewSet } from '../../src/review/review-set.ts'
import { transactionCommand } from '../../src/sql/transactions.ts'
import { cleanEnvironment } from './workspace.ts'

/** What we say the tool runs in a project, in its transactions. */
export interface OurWay {
  /** The tables in which it keeps its books, and what its platform has. */
  readonly foundation: readonly Migration[]
  readonly migrations: readonly Migration[]
  readonly sharesSession: boolean
  readonly roles: readonly string[]
  /** With which its sessions begin. */
  readonly settings: Readonly<Record<string, string>>
}

/** Reads the project as `check --all` does. */
export async function ourWay(project: string): Promise<OurWay> {
  const { config } = await loadConfig({ cwd: project, enabled: true, known: knownNames })
  const start = config.migrations?.[0]?.start
  const reviewSet = await decideReviewSet({
    ...{ cwd: project, paths: [], all: true, env: cleanEnvironment },
    ...(start === undefined ? {} : { settings: { start } }),
  })
  const { history, review, roles = [], settings = {} } = await readScripts(reviewSet, true)
  return { foundation: history, migrations: review, sharesSession: reviewSet.sharesSession, roles, settings }
}

/** Applies it as we say: in the transactions that we derived, with nothing of the tool. */
export async function applyOurWay(way: OurWay, connect: () => Promise<Client>): Promise<void> {
  let client = await connect()
  let open: number | undefined
  for (const migration of [...way.foundation, ...way.migrations]) {
    for (const { sql, tag, node, transaction, inTransactionBlock, copyData } of migration.statements) {
      // rows make no schema
      if (copyData !== undefined) continue
      const command = transactionCommand(tag, node)
      if (open !== undefined && open !== transaction) {
        await client.query('commit')
        open = undefined
      }
      if (inTransactionBlock && open === undefined && command === 'none') {
        await client.query('begin')
        open = transaction
      }
      if (open === undefined || command === 'none') await client.query(sql)
      if (command === 'begin') open = transaction
    }
    const next = way.migrations[way.migrations.indexOf(migration) + 1]
    if (open !== undefined && next?.statements[0]?.transaction !== open) {
      await client.query('commit')
      open = undefined
    }
    if (!way.sharesSession && open === undefined) {
      await client.end()
      client = await connect()
    }
  }
  await client.end()
}
