import { escapeIdentifier, escapeLiteral, type Client, type QueryResult } from 'pg'

/** What a column may get: a literal, NULL, or its default (as an expression). */
export type Candidate =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'default'; readonly sql: string }

/** One unknown: its candidates, the likeliest first, and the type to cast them to (no domain: that would raise). */
export interface Variable {
  readonly candidates: readonly Candidate[]
  readonly type: string
}

/** A condition over variables: `sql` calls variable n's value by the column name that `columns` gives it. */
export interface Condition {
  readonly sql: string
  readonly columns: readonly { readonly variable: number; readonly name: string; readonly type?: string }[]
}

/** Unknowns with the conditions that tie them together. */
export interface Problem {
  readonly variables: readonly Variable[]
  readonly conditions: readonly Condition[]
}

/** Combinations to try at most; longer lists lose their unlikeliest candidates. */
const mostCombinations = 20_000
/** The same where each costs a subtransaction. */
const mostSingleTries = 2000

/** Problems that are sent together. */
const batchSize = 50

/** {@link solve} for many problems, in a few round trips as long as none raises. */
export async function solveAll(
  client: Client,
  problems: readonly Problem[],
): Promise<readonly (readonly number[] | undefined)[]> {
  const solutions: (readonly number[] | undefined)[] = []
  for (let at = 0; at < problems.length; at += batchSize) {
    const batch = problems.slice(at, at + batchSize)
    const queries = batch.map(({ variables, conditions }) =>
      firstSolutionSql(variables.map(numbered), conditions),
    )
    const list = queries.map((query, index) => `(${query ?? 'null::int[]'}) as p${index}`)
    const rows = await attempt(client, `select ${list.join(',\n')}`)
    for (const [index, problem] of batch.entries()) {
      const found = rows?.[0]?.[`p${index}`] as readonly number[] | null | undefined
      solutions.push(rows === undefined ? await solve(client, problem) : (found ?? undefined))
    }
  }
  return solutions
}

/**
 * The likeliest candidates that together meet all conditions (a condition that is NULL is met, as CHECK has it), one
 * index per variable; undefined when none of those tried do. Evaluated by the server, so every function and
 * operator means what it means in the constraint. Needs an open transaction; leaves it usable on error.
 */
export async function solve(client: Client, problem: Problem): Promise<readonly number[] | undefined> {
  const { conditions } = problem
  const variables = problem.variables.map(numbered)
  const answer = await trySolve(client, variables, conditions)
  if (answer !== 'failed') return answer
  const sifted = []
  for (const variable of variables) sifted.push(await sift(client, variable))
  const second = await trySolve(client, sifted, conditions)
  return second === 'failed' ? solveOneByOne(client, sifted, conditions) : second
}

function numbered({ type, candidates }: Variable): NumberedVariable {
  return { type, candidates: candidates.map((candidate, index) => ({ candidate, index })) }
}

/** The literals that the type's input function takes. */
export async function castable(
  client: Client,
  type: string,
  texts: readonly string[],
): Promise<readonly number[]> {
  const candidates = texts.map((text, index) => ({ candidate: { kind: 'literal', text } as const, index }))
  return (await sift(client, { type, candidates })).candidates.map(({ index }) => index)
}

interface NumberedVariable {
  readonly type: string
  readonly candidates: readonly { readonly candidate: Candidate; readonly index: number }[]
}

async function trySolve(
  client: Client,
  variables: readonly NumberedVariable[],
  conditions: readonly Condition[],
): Promise<readonly number[] | undefined | 'failed'> {
  const sql = firstSolutionSql(variables, conditions)
  if (sql === undefined) return undefined
  const rows = await attempt(client, sql)
  if (rows === undefined) return 'failed'
  return rows[0]?.['chosen'] as readonly number[] | undefined
}

/** Undefined when a variable has no candidate. */
function firstSolutionSql(
  variables: readonly NumberedVariable[],
  conditions: readonly Condition[],
): string | undefined {
  const bounded = withinBounds(variables, mostCombinations)
  if (bounded.some(({ candidates }) => candidates.length === 0)) return undefined
  const { from, indexes, order } = combinations(bounded)
  return `select array[${indexes.join(', ')}] as chosen from ${from}
    where ${conjunction(conditions)} order by ${order} limit 1`
}

/** A condition that raises for one combination (an overflow, a function with RAISE) must not spoil the others. */
async function solveOneByOne(
  client: Client,
  variables: readonly NumberedVariable[],
  conditions: readonly Condition[],
): Promise<readonly number[] | undefined> {
  const bounded = withinBounds(variables, mostSingleTries)
  if (bounded.some(({ candidates }) => candidates.length === 0)) return undefined
  const { from, indexes, order } = combinations(bounded)
  const values = bounded.map((_, number) => `v${number}.x as x${number}`)
  const one = bounded.map((_, number) => `(select tried.x${number} as x) v${number}`)
  const body = `declare tried record; met boolean; begin
    for tried in select array[${indexes.join(', ')}] as chosen, ${values.join(', ')} from ${from} order by ${order} loop
      begin
        select ${conjunction(conditions)} into met from ${one.join(', ')};
        if met then
          perform pg_catalog.set_config('pgrehearse.chosen', pg_catalog.array_to_json(tried.chosen)::text, true);
          exit;
        end if;
      exception when others then null;
      end;
    end loop;
  end`
  await client.query(`select pg_catalog.set_config('pgrehearse.chosen', '', true)`)
  if ((await attempt(client, `do ${escapeLiteral(body)}`)) === undefined) return undefined
  const { rows } = await client.query<{ chosen: string }>(
    `select pg_catalog.current_setting('pgrehearse.chosen') as chosen`,
  )
  const chosen = rows[0]?.chosen ?? ''
  return chosen === '' ? undefined : (JSON.parse(chosen) as readonly number[])
}

function combinations(variables: readonly NumberedVariable[]): {
  readonly from: string
  readonly indexes: readonly string[]
  readonly order: string
} {
  const indexes = variables.map((_, number) => `v${number}.i`)
  return {
    from: variables.map((variable, number) => `${valuesList(variable)} v${number}(i, x)`).join(', '),
    indexes,
    order: [indexes.join(' + '), ...indexes].join(', '),
  }
}

function conjunction(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? 'true' : conditions.map(conditionSql).join(' and ')
}

function valuesList({ type, candidates }: NumberedVariable): string {
  return `(values ${candidates.map(({ candidate, index }) => `(${index}, ${valueSql(candidate, type)})`).join(', ')})`
}

function valueSql(candidate: Candidate, type: string): string {
  if (candidate.kind === 'null') return `null::${type}`
  return candidate.kind === 'literal'
    ? `${escapeLiteral(candidate.text)}::${type}`
    : `(${candidate.sql})::${type}`
}

function conditionSql({ sql, columns }: Condition): string {
  const row = columns.map(
    ({ variable, name, type }) =>
      `v${variable}.x${type === undefined ? '' : `::${type}`} as ${escapeIdentifier(name)}`,
  )
  return `(select (${sql}) is not false from (select ${row.join(', ')}) seed_row)`
}

function withinBounds(variables: readonly NumberedVariable[], most: number): readonly NumberedVariable[] {
  let bounded = variables
  while (bounded.reduce((product, { candidates }) => product * candidates.length, 1) > most) {
    const longest = Math.max(...bounded.map(({ candidates }) => candidates.length))
    bounded = bounded.map(({ type, candidates }) => ({
      type,
      candidates: candidates.length === longest ? shortened(candidates) : candidates,
    }))
  }
  return bounded
}

/** Without the last literal: NULL is the way out of many CHECKs and stays. */
function shortened(candidates: NumberedVariable['candidates']): NumberedVariable['candidates'] {
  const last = candidates.findLastIndex(({ candidate }) => candidate.kind !== 'null')
  return candidates.filter((_, index) => index !== (last === -1 ? candidates.length - 1 : last))
}

async function sift(client: Client, { type, candidates }: NumberedVariable): Promise<NumberedVariable> {
  const good = []
  for (const item of candidates) {
    if ((await attempt(client, `select ${valueSql(item.candidate, type)}`)) !== undefined) good.push(item)
  }
  return { type, candidates: good }
}

/** Rows of the first of these statements, within a savepoint of their own; undefined when one failed. */
export async function attempt(
  client: Client,
  sql: string,
): Promise<readonly Record<string, unknown>[] | undefined> {
  const name = 'pgrehearse_try'
  try {
    // A simple Query of several statements gives one result per statement, which @types/pg does not know.
    const results = (await client.query(
      `savepoint ${name};\n${sql};\nrelease savepoint ${name}`,
    )) as unknown as readonly QueryResult<Record<string, unknown>>[]
    return results[1]?.rows ?? []
  } catch (error) {
    if (!isServerError(error)) throw error
    await client.query(`rollback to savepoint ${name}; release savepoint ${name}`)
    return undefined
  }
}

/** A refusal by the server that leaves the session usable. */
export function isServerError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'severity' in error && !isLostConnection(error)
}

/** The session is gone: ended by an administrator command (class 57P), by a crash, or by the network. */
export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(57P0[1-5]|08|ECONN|EPIPE)/.test(code) || /^Connection terminated|not queryable/.test(error.message)
  )
}
