import {
  defineRule,
  displayName,
  fullNameOf,
  isOpaque,
  quoteName,
  replacesRoutine,
  routineChanges,
  step,
  type CatalogRoutine,
  type Remedy,
  type RunStatement,
} from '../../src/rule.ts'

interface Words {
  readonly name: string
  readonly old: string
  readonly count: string
}

export default defineRule({
  id: 'avoid-function-overload',
  title: 'Avoid a second function beside the one that was to be replaced',
  severity: 'error',
  since: '0.1.0',
  messages: {
    ambiguous: ({ name, old, count }: Words) =>
      `Every call of ${name} with ${count} fails with "is not unique": ${old} stays beside the new one, whose defaults make it fit, too.`,
    staysBeside: ({ name, old, count }: Words) =>
      `Calls of ${name} with ${count} go on to run the old code: with other arguments OR REPLACE replaces nothing, so ${old} stays.`,
  },
  run({ schema, causeOf, report }) {
    if (schema === undefined) return
    const changes = routineChanges(schema)
    const kept = changes.flatMap(({ routine, before }) => (before === undefined ? [] : [routine]))
    for (const { routine: added, before } of changes) {
      if (before !== undefined || added.isVariadic === true) continue
      for (const old of kept) {
        const at = isSibling(old, added)
          ? causeOf({ kind: added.kind, schema: added.schema, name: added.name })
          : undefined
        if (at === undefined) continue
        const shared = sharedCount(old, added)
        const isReplacement = replacesRoutine(at.statement) && isSuccessor(old, added)
        if (shared === undefined && !isReplacement) continue
        const count = shared ?? old.arguments.length
        report(
          shared === undefined ? 'staysBeside' : 'ambiguous',
          {
            name: displayName(added),
            old: signature(old),
            count: count === 1 ? 'one argument' : count === 0 ? 'no argument' : `${count} arguments`,
          },
          {
            on: signature(old),
            because: [],
            at,
            evidence: 'schema',
            severity: shared === undefined ? 'info' : 'error',
            remedy: remedyFor(old, at),
          },
        )
        break
      }
    }
  },
})

function isSibling(old: CatalogRoutine, added: CatalogRoutine): boolean {
  return (
    old.id !== added.id &&
    fullNameOf(old) === fullNameOf(added) &&
    old.kind === added.kind &&
    old.isVariadic !== true
  )
}

/** How many arguments a call may have that both take, as the same types (func_get_detail, parse_func.c: SQLSTATE 42725). */
function sharedCount(old: CatalogRoutine, added: CatalogRoutine): number | undefined {
  const least = Math.max(
    old.arguments.length - (old.defaults ?? 0),
    added.arguments.length - (added.defaults ?? 0),
  )
  const most = Math.min(old.arguments.length, added.arguments.length)
  for (let count = most; count >= least; count -= 1)
    if (old.arguments.slice(0, count).every((type, index) => type === added.arguments[index])) return count
  return undefined
}

/** The same arguments and more, and neither calls the other: then both are meant to be there. */
function isSuccessor(old: CatalogRoutine, added: CatalogRoutine): boolean {
  const continues = old.arguments.every((type, index) => type === added.arguments[index])
  const isLonger = added.arguments.length > old.arguments.length && old.arguments.length > 0
  const called = [old, added].some(({ body }) => body === undefined || body.includes(`${added.name}(`))
  return continues && isLonger && old.language === added.language && old.returns === added.returns && !called
}

function signature(routine: CatalogRoutine): string {
  return `${displayName(routine)}(${routine.arguments.join(', ')})`
}

function remedyFor(old: CatalogRoutine, { statement }: RunStatement): Remedy {
  const kind = old.kind === 'procedure' ? 'PROCEDURE' : 'FUNCTION'
  const drop = `DROP ${kind} ${quoteName(old)}(${old.arguments.join(', ')})`
  return {
    summary: `Drop the old one in the same transaction, so that calls find the new one. What depends on it, as views do, has to be made anew.`,
    migrations: isOpaque(statement) ? [] : [step(drop, statement.sql)],
  }
}
