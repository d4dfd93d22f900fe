import { escapeIdentifier, escapeLiteral, type Client } from 'pg'
import type { SeedTable, SeedTarget } from './seed-catalog.ts'
import { RowChoice, type ChoiceContext, type Row } from './seed-choice.ts'
import { targetOf } from './seed-conditions.ts'
import { attempt, isServerError, solveAll } from './seed-solve.ts'

/** One row to be written. */
export interface ChosenRow {
  readonly choice: RowChoice
  readonly row: Row
}

/** How a table fared: rows written, and what the server said where one was refused. */
export interface FilledTable {
  readonly rows: number
  readonly refused: readonly {
    readonly target: SeedTarget
    readonly why: string
    readonly sqlstate: string
  }[]
}

/**
 * Chooses the rows of all tables, wave by wave (first rows, second rows, …): later rows must not repeat the keys of
 * earlier ones, and the server is asked once per wave for many tables.
 */
export async function chooseRows(
  client: Client,
  context: ChoiceContext,
  tables: readonly SeedTable[],
): Promise<ReadonlyMap<SeedTable, readonly ChosenRow[]>> {
  const chosen = new Map<SeedTable, ChosenRow[]>(tables.map((table) => [table, []]))
  const waves = Math.max(0, ...tables.map(({ oid }) => context.plan.rows.get(oid) ?? 0))
  for (let number = 1; number <= waves; number += 1) {
    const wave = tables.flatMap((table) => {
      const target = targetOf(table, number)
      if (target === undefined || number > (context.plan.rows.get(table.oid) ?? 0)) return []
      const choice = new RowChoice(context, table, target, number)
      const earlier = (chosen.get(table) ?? []).map(({ row }) => row)
      return [{ table, choice, problems: choice.problems(earlier) }]
    })
    const solutions = await solveAll(
      client,
      wave.flatMap(({ problems }) => problems),
    )
    let at = 0
    for (const { table, choice, problems } of wave) {
      chosen.get(table)?.push({ choice, row: choice.row(solutions.slice(at, at + problems.length)) })
      at += problems.length
    }
  }
  return chosen
}

/** Writes the rows of several tables in one go; false, and nothing written, when the server refuses any. */
export async function fillTables(client: Client, rows: readonly ChosenRow[]): Promise<boolean> {
  const inserts = rows.map(({ choice, row }) => insertSql(choice.target, row))
  return inserts.length === 0 || (await attempt(client, inserts.join(';\n'))) !== undefined
}

/** Writes the rows of one table, each in a savepoint of its own. */
export async function fillTable(
  client: Client,
  table: SeedTable,
  rows: readonly ChosenRow[],
): Promise<FilledTable> {
  let written = 0
  const refused: { target: SeedTarget; why: string; sqlstate: string }[] = []
  for (const { choice, row } of rows) {
    const refusal = await insert(client, choice, row)
    if (refusal === undefined) written += 1
    else refused.push({ target: choice.target, ...refusal })
    // An ordinary table whose first rows are refused will refuse the others, too.
    if (!table.partitioned && written === 0 && refused.length >= 2) break
  }
  return { rows: written, refused }
}

interface Refusal {
  readonly why: string
  readonly sqlstate: string
}

/** Tries the row, then its variants; undefined when one went in, else what the server said about the first. */
async function insert(client: Client, choice: RowChoice, row: Row): Promise<Refusal | undefined> {
  const first = await tryInsert(client, choice.target, row)
  // 23505/23P01: another value per column does not help against a key that has run out of values.
  if (first === undefined || first.sqlstate === '23505' || first.sqlstate === '23P01') return first
  for (const kind of ['null', 'default'] as const) {
    if ((await tryInsert(client, choice.target, choice.variant(row, kind))) === undefined) return undefined
  }
  return first
}

async function tryInsert(client: Client, target: SeedTarget, row: Row): Promise<Refusal | undefined> {
  const savepoint = 'pgrehearse_row'
  try {
    await client.query(`savepoint ${savepoint}; ${insertSql(target, row)}; release savepoint ${savepoint}`)
    return undefined
  } catch (error) {
    if (!isServerError(error)) throw error
    await client.query(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`)
    return { why: error.message, sqlstate: error.code }
  }
}

function insertSql(target: SeedTarget, row: Row): string {
  if (row.size === 0) return `insert into ${target.name} default values`
  const names = [...row.keys()].map((name) => escapeIdentifier(name))
  const values = [...row.values()].map((candidate) =>
    candidate.kind === 'literal' ? escapeLiteral(candidate.text) : candidate.kind,
  )
  return `insert into ${target.name} (${names.join(', ')}) overriding system value values (${values.join(', ')})`
}
