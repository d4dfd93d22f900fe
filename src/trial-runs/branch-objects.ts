/** Objects that the migrations of two branches both want: what one creates, drops or renames, and the other needs. */
import type { ErrorEffect, Effect, Statement } from '../core/model.ts'

/** A statement with its file and what it does. */
export interface BranchStatement {
  readonly file: string
  readonly statement: Statement
  readonly effects: readonly Effect[]
}

/** An object that a statement creates. */
export interface Creation {
  /** The same for the same object. */
  readonly key: string
  /** `the table notes`, `orders.note` */
  readonly name: string
  /** `created`, `added` */
  readonly verb: string
}

/** What the effects create, columns included. What comes with a table (its indexes, its row type) has the table's own. */
function creationsOf(effects: readonly Effect[]): readonly Creation[] {
  return effects.flatMap((effect): readonly Creation[] => {
    if (effect.kind !== 'catalog') return []
    const { object, change } = effect
    const name = shown(object)
    if (change.type === 'add column') {
      const column = `${name}.${change.column.name}`
      return [{ key: `column ${column}`, name: column, verb: 'added' }]
    }
    if (change.type === 'rename') return [created(object.kind, { ...object, name: change.to })]
    return change.type === 'create' ? [created(object.kind, object)] : []
  })
}

function created(kind: string, object: Parameters<typeof shown>[0]): Creation {
  const name = shown(object)
  const word = kind === 'table constraint' ? 'constraint' : kind
  const of = object.table === undefined ? '' : ` of ${object.table.replace(/^public\./, '')}`
  return {
    key: `${word} ${name}${of}`,
    name: `the ${word} ${name}${word === 'index' ? '' : of}`,
    verb: 'created',
  }
}

function shown({
  schema,
  name,
}: {
  readonly schema: string
  readonly name: string
  readonly table?: string
}): string {
  return schema === 'public' || schema === '' ? name : `${schema}.${name}`
}

/** What of it others create as well. */
export function createdByBoth(
  one: readonly BranchStatement[],
  other: readonly BranchStatement[],
): readonly { readonly creation: Creation; readonly at: BranchStatement; readonly there: BranchStatement }[] {
  const theirs = new Map(
    other.flatMap((there) => creationsOf(there.effects).map(({ key }) => [key, there] as const)),
  )
  return one.flatMap((at) =>
    creationsOf(at.effects).flatMap((creation) => {
      const there = theirs.get(creation.key)
      return there === undefined ? [] : [{ creation, at, there }]
    }),
  )
}

/** The last statement whose objects the error names: dropped, renamed or created. */
export function statementBehind(
  error: ErrorEffect,
  statements: readonly BranchStatement[],
): BranchStatement | undefined {
  const text = [error.message, error.detail ?? '', error.hint ?? ''].join('\n')
  const words = new Set(text.match(/[\w$]+/gu))
  return statements.findLast(({ effects }) => namesTouched(effects).some((name) => words.has(name)))
}

function namesTouched(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'catalog') return []
    const { object, change } = effect
    switch (change.type) {
      case 'drop':
      case 'create':
        return [object.name]
      case 'rename':
      case 'move schema':
        return [object.name, change.to]
      case 'drop column':
      case 'change type':
      case 'set not null':
        return [change.column]
      case 'rename column':
        return [change.from, change.to]
      case 'add column':
        return [change.column.name]
      default:
        return []
    }
  })
}
