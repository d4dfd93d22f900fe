import type { CatalogEffect } from '../core/model.ts'
import type { ChangedObject, RunStatement } from '../rule.ts'
import { namedObjects, type NamedObject } from '../sql/named-objects.ts'
import { foreignKeyCloseness, foreignKeyNameBefore } from './foreign-key-cause.ts'

/**
 * Looks up which statement of the run made an object what it is: the last of those that are about it most closely. What
 * catalogue effects do not say (which constraint ALTER TABLE added, whose rights GRANT changed) the statement's tree
 * does. Objects are asked for by the names that they have in the end.
 */
export function causeFinder(
  statements: readonly RunStatement[],
): (object: ChangedObject) => RunStatement | undefined {
  let run: Run | undefined
  return (object) => {
    run ??= new Run(statements)
    return run.causeOf(object)
  }
}

interface Facts {
  readonly statement: RunStatement
  readonly effects: readonly CatalogEffect[]
  readonly named: readonly NamedObject[]
}

/** How closely a statement is about an object. */
const closeness = { none: 0, table: 1, madeTable: 2, likely: 3, exact: 4, made: 5 } as const

class Run {
  private readonly facts: readonly Facts[]
  /** Where a bare name occurs, in order. */
  private readonly places = new Map<string, number[]>()
  private readonly everywhere: number[] = []

  constructor(statements: readonly RunStatement[]) {
    this.facts = statements.map((statement) => ({
      statement,
      effects: statement.effects.filter((effect) => effect.kind === 'catalog'),
      named: namedBy(statement),
    }))
    for (const [at, { effects, named }] of this.facts.entries()) {
      for (const effect of effects) for (const name of namesIn(effect)) this.note(name, at)
      for (const one of named) this.note(one.name ?? one.of?.name, at)
      for (const { of } of named) if (of !== undefined) this.note(of.name, at)
    }
  }

  causeOf(object: ChangedObject): RunStatement | undefined {
    let wanted = object
    let best: { readonly statement: RunStatement; readonly close: number } | undefined
    for (const at of this.placesOf(object)) {
      const facts = this.facts[at]
      if (facts === undefined) continue
      const close = closenessOf(facts, wanted)
      if (close > (best?.close ?? 0)) best = { statement: facts.statement, close }
      // before it was renamed it had another name
      for (const effect of facts.effects.toReversed()) wanted = nameBefore(effect, wanted)
      wanted = foreignKeyNameBefore(facts.statement, wanted)
    }
    return best?.statement
  }

  /** From the last to the first. */
  private placesOf({ name, table }: ChangedObject): readonly number[] {
    const names = new Set([name, bareName(table)])
    for (const one of names) {
      for (const at of this.places.get(one) ?? []) {
        for (const effect of this.facts[at]?.effects ?? []) {
          if (effect.change.type === 'rename' && effect.change.to === one) names.add(effect.object.name)
          if (effect.change.type === 'rename column' && effect.change.to === one)
            names.add(effect.change.from)
        }
      }
    }
    const places = [...names].flatMap((one) => this.places.get(one) ?? [])
    return [...new Set([...places, ...this.everywhere])].toSorted((a, b) => b - a)
  }

  /** Without a name it may be about anything. */
  private note(name: string | undefined, at: number): void {
    const list = name === undefined || name === '' ? this.everywhere : (this.places.get(name) ?? [])
    if (list.at(-1) !== at) list.push(at)
    if (name !== undefined && name !== '') this.places.set(name, list)
  }
}

function bareName(table: string | undefined): string {
  return table === undefined ? '' : table.slice(table.indexOf('.') + 1)
}

function namedBy({ statement }: RunStatement): readonly NamedObject[] {
  const { tag, node, sql } = statement
  return node === undefined ? [] : namedObjects(tag, node, sql)
}

/** GRANT and REVOKE fire event triggers without an object: the name is then the kind in capitals. */
function isNameless({ object }: CatalogEffect): boolean {
  return object.schema === '' && object.name === object.kind && object.name === object.name.toUpperCase()
}

function namesIn(effect: CatalogEffect): readonly (string | undefined)[] {
  const { object, change } = effect
  if (isNameless(effect)) return [undefined]
  const names = change.type === 'rename' ? [object.name, change.to] : [object.name]
  return object.table === undefined ? names : [...names, bareName(object.table)]
}

function closenessOf({ statement, effects, named }: Facts, wanted: ChangedObject): number {
  const ofEffects = effects.map((effect) => ofEffect(effect, wanted))
  if (wanted.foreignKey !== undefined) {
    const touches = ofEffects.some((close) => close > closeness.none)
    return touches ? foreignKeyCloseness(statement, wanted) : closeness.none
  }
  const ofNames = named.map((one) => ofName(one, wanted))
  return Math.max(closeness.none, ...ofEffects, ...ofNames)
}

/** What is set on an object and is none itself. */
const properties: ReadonlySet<string> = new Set([
  'row security',
  'replica identity',
  'owner',
  'options',
  'grant',
  'comment',
])

const tableKinds: ReadonlySet<string> = new Set(['table', 'view', 'materialized view'])

function ofEffect(effect: CatalogEffect, wanted: ChangedObject): number {
  const { object, change } = effect
  if (isNameless(effect)) return wanted.kind === 'grant' ? closeness.table : closeness.none
  const isMaking = change.type === 'create' || change.type === 'rename' || change.type === 'move schema'
  if (isItself(effect, wanted)) {
    if (properties.has(wanted.kind)) return isMaking ? closeness.madeTable : closeness.table
    return isMaking && tableKinds.has(wanted.kind) ? closeness.made : closeness.exact
  }
  const { table } = wanted
  if (table === undefined) return closeness.none
  const isTable = `${schemaAfter(effect)}.${nameAfter(effect)}` === table
  if (isTable && wanted.kind === 'column' && columnsOf(change).includes(wanted.name)) return closeness.exact
  if (isTable) return change.type === 'create' ? closeness.madeTable : closeness.table
  return object.table === table ? closeness.table : closeness.none
}

function isItself(effect: CatalogEffect, wanted: ChangedObject): boolean {
  const { object } = effect
  if (nameAfter(effect) !== wanted.name || wanted.kind === 'column') return false
  // event triggers give extensions, publications and schemas no schema
  if (schemaAfter(effect) !== wanted.schema && object.schema !== '') return false
  return wanted.table === undefined || object.table === undefined || object.table === wanted.table
}

function ofName(named: NamedObject, wanted: ChangedObject): number {
  const { kind, name, of, schema } = named
  const isProperty = properties.has(wanted.kind)
  const holder = isProperty ? `${wanted.schema}.${wanted.name}` : wanted.table
  if (kind !== undefined && kind !== wanted.kind && !sameKinds(kind, wanted.kind)) return closeness.none
  if (of !== undefined) {
    if (holder === undefined || !isNamed(of, holder)) return closeness.none
    if (isProperty || name === wanted.name) return closeness.exact
    return name === undefined ? closeness.likely : closeness.none
  }
  if (name !== undefined) {
    const isSame = name === wanted.name && (schema === undefined || schema === wanted.schema)
    return isSame ? closeness.exact : closeness.none
  }
  return schema === wanted.schema ? closeness.likely : closeness.none
}

function sameKinds(left: string, right: string): boolean {
  const routines = ['function', 'procedure', 'aggregate', 'routine']
  const types = ['type', 'enum', 'domain', 'composite', 'range']
  const constraints = ['constraint', 'table constraint']
  return [routines, types, constraints].some((kinds) => kinds.includes(left) && kinds.includes(right))
}

function isNamed({ schema, name }: { schema: string | undefined; name: string }, fullName: string): boolean {
  return schema === undefined ? fullName.endsWith(`.${name}`) : `${schema}.${name}` === fullName
}

function nameAfter({ object, change }: CatalogEffect): string {
  return change.type === 'rename' ? change.to : object.name
}

function schemaAfter({ object, change }: CatalogEffect): string {
  return change.type === 'move schema' ? change.to : object.schema
}

/** What an object that is called so after the effect was called before it. */
function nameBefore(effect: CatalogEffect, wanted: ChangedObject): ChangedObject {
  const { object, change } = effect
  const before = `${object.schema}.${object.name}`
  const after = `${schemaAfter(effect)}.${nameAfter(effect)}`
  const ofTable = wanted.table !== undefined && wanted.table === after
  if (change.type === 'rename column' && ofTable && wanted.kind === 'column' && wanted.name === change.to)
    return { ...wanted, name: change.from }
  if (before === after) return wanted
  if (ofTable && object.table === undefined) return { ...wanted, schema: object.schema, table: before }
  const isSame =
    `${wanted.schema}.${wanted.name}` === after && (object.table ?? wanted.table) === wanted.table
  return isSame ? { ...wanted, schema: object.schema, name: object.name } : wanted
}

function columnsOf(change: CatalogEffect['change']): readonly string[] {
  switch (change.type) {
    case 'add column':
      return [change.column.name]
    case 'rename column':
      return [change.to]
    case 'drop column':
    case 'change type':
    case 'set not null':
    case 'drop not null':
    case 'set default':
    case 'drop default':
      return [change.column]
    default:
      return []
  }
}
