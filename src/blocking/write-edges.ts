/** What a change of rows locks besides the relation that the query names. */
import type { RangeVar, ResTarget, RuleStmt, SelectStmt } from '@pgsql/types'
import { allOf, as, columnPath, unwrap } from '../sql/ast.ts'
import { relationName } from '../sql/names.ts'
import type { Assigned, Assignments } from './assignments.ts'
import type { Derivation, Scope, Write } from './derivation.ts'
import type { Via } from './footprint.ts'
import { foreignKeyEdges } from './foreign-key-edges.ts'
import type { LockColumn, LockRelation, LockRule, LockTrigger } from './lock-catalog.ts'

/** Bits of pg_trigger.tgtype (catalog/pg_trigger.h). */
const bits = { row: 1, before: 2, INSERT: 4, DELETE: 8, UPDATE: 16, truncate: 32, instead: 64 } as const

/** pg_rewrite.ev_type. */
const ruleEvents = { UPDATE: '2', INSERT: '3', DELETE: '4' } as const

/** pg_policy.polcmd of the policies that a command has to pass; `r` because it reads the rows that it changes. */
const policyCommands = { INSERT: 'a', UPDATE: 'rw', DELETE: 'rd' } as const

/** Follows a change of rows: rules, views, partitions, defaults, checks, triggers and foreign keys. */
export function followWrite(derivation: Derivation, write: Write, scope: Scope): void {
  const { relation, command, only, values } = write
  const key = `${command} ${relation.oid} ${String(only)} ${[...values].map(String).toSorted().join()}`
  if (!derivation.isFirst(key)) return
  if (followRules(derivation, write, scope)) return
  if (relation.kind === 'view') return followView(derivation, write, scope)
  lockTarget(derivation, write, scope)
  followPolicies(derivation, relation, policyCommands[command])
  const targets = targetsOf(derivation, write)
  const changed = { ...write, values: withTriggered(derivation, write, targets) }
  if (command !== 'DELETE') followExpressions(derivation, changed, targets)
  fireStatement(derivation, relation, bits[command], values, scope)
  const commands = movesRows(changed, derivation) ? (['UPDATE', 'DELETE', 'INSERT'] as const) : [command]
  for (const target of targets) {
    for (const one of commands) fireRows(derivation, { ...changed, relation: target, command: one }, scope)
  }
}

/** Conditions of row security on a relation, for these commands. */
export function followPolicies(derivation: Derivation, relation: LockRelation, commands: string): void {
  if (!relation.row_security) return
  for (const { name, command, condition, check } of relation.policies) {
    if (command !== '*' && !commands.includes(command)) continue
    for (const text of [condition, check]) {
      if (text !== null) derivation.expression(text, { through: 'policy', name })
    }
  }
}

/** TRUNCATE triggers are per statement. */
export function fireTruncate(derivation: Derivation, relation: LockRelation, scope: Scope): void {
  fireStatement(derivation, relation, bits.truncate, new Map(), scope)
}

/** @returns whether a rule does something instead */
function followRules(derivation: Derivation, { relation, command }: Write, scope: Scope): boolean {
  const rules = relation.rules.filter(({ event }) => event === ruleEvents[command])
  for (const rule of rules) followRule(derivation, rule, scope)
  const replaces = rules.some(({ instead, conditional }) => instead && !conditional)
  if (replaces) derivation.lock(relation, 'RowExclusiveLock', scope.via)
  return replaces
}

function followRule(derivation: Derivation, { name, definition }: LockRule, scope: Scope): void {
  const parsed = derivation.catalog.parsed(definition)
  if (parsed?.tag !== 'RuleStmt') return derivation.unknown(`the rule ${name} cannot be read`)
  const { actions, whereClause } = parsed.value as RuleStmt
  const inner: Scope = { path: [], via: { through: 'rule', name } }
  const condition = unwrap(whereClause)
  if (condition !== undefined) derivation.statement(condition, { ...inner, path: scope.path })
  for (const action of actions ?? []) {
    const statement = unwrap(action)
    if (statement !== undefined) derivation.statement(statement, inner)
  }
}

/** A view is changed by its INSTEAD OF triggers, else through the one table that it shows. */
function followView(derivation: Derivation, write: Write, scope: Scope): void {
  const { relation, command } = write
  derivation.lock(relation, 'RowExclusiveLock', scope.via)
  const instead = relation.triggers.filter(
    ({ type }) => (type & bits.instead) !== 0 && (type & bits[command]) !== 0,
  )
  if (instead.length > 0) {
    for (const trigger of instead) fire(derivation, trigger, scope)
    return
  }
  const parsed = derivation.catalog.parsed(relation.definition ?? '')
  const select = parsed?.value as SelectStmt | undefined
  const range = as<RangeVar>(select?.fromClause?.[0], 'RangeVar')
  const base = range === undefined ? undefined : derivation.catalog.named(relationName(range), [])
  if (select === undefined || base === undefined || parsed === undefined) return
  derivation.statement(parsed, { ...scope, path: [] })
  const values = throughView(relation, select, write.values)
  followWrite(derivation, { relation: base, command, only: range?.inh !== true, values }, scope)
}

/** The columns of the table that a view's columns show. */
function throughView(view: LockRelation, { targetList }: SelectStmt, values: Assignments): Assignments {
  const targets = allOf<ResTarget>(targetList, 'ResTarget')
  const pairs = view.columns.flatMap(({ name }, index): readonly (readonly [string, Assigned])[] => {
    const reference = as<Parameters<typeof columnPath>[0]>(targets[index]?.val, 'ColumnRef')
    const column = reference === undefined ? undefined : columnPath(reference).at(-1)
    const how = values.get(name)
    return column === undefined || how === undefined ? [] : [[column, how]]
  })
  return new Map(pairs)
}

function lockTarget(derivation: Derivation, write: Write, scope: Scope): void {
  const { relation, command, only } = write
  const { catalog } = derivation
  if (command !== 'INSERT') {
    if (only) derivation.lock(relation, 'RowExclusiveLock', scope.via)
    else derivation.lockTree(relation, 'RowExclusiveLock', scope.via)
    if (movesRows(write, derivation)) {
      for (const child of relation.children) routeTo(derivation, catalog.relation(child), scope)
    }
  } else if (relation.kind === 'partitioned table') {
    // rows go to one of them; only its indexes are opened
    derivation.lockAlone(relation, 'RowExclusiveLock', scope.via)
    for (const child of relation.children) routeTo(derivation, catalog.relation(child), scope)
  } else {
    derivation.lock(relation, 'RowExclusiveLock', scope.via)
  }
  // its bounds are made of those of its parents (generate_partition_qual(), partcache.c)
  if (!relation.is_partition || command === 'DELETE') return
  for (const parent of ancestors(catalog, relation)) {
    derivation.lockAlone(parent, 'AccessShareLock', partitionOf(relation))
  }
}

function routeTo(derivation: Derivation, partition: LockRelation | undefined, scope: Scope): void {
  if (partition === undefined) return
  const via = scope.via.through === 'itself' ? partitionOf(derivation.catalog.root(partition)) : scope.via
  if (partition.kind !== 'partitioned table') return derivation.lock(partition, 'RowExclusiveLock', via)
  derivation.lockAlone(partition, 'RowExclusiveLock', via)
  for (const child of partition.children) routeTo(derivation, derivation.catalog.relation(child), scope)
}

function partitionOf({ schema, name }: LockRelation): Via {
  return { through: 'partition', name: `${schema}.${name}` }
}

function ancestors(catalog: Derivation['catalog'], relation: LockRelation): readonly LockRelation[] {
  const parents = relation.parents.flatMap((oid) => catalog.relation(oid) ?? [])
  return parents.flatMap((parent) => [parent, ...(parent.is_partition ? ancestors(catalog, parent) : [])])
}

/** The tables that hold the rows. */
function targetsOf({ catalog }: Derivation, { relation, command, only }: Write): readonly LockRelation[] {
  const isRouted = relation.kind === 'partitioned table'
  const all = isRouted || (command !== 'INSERT' && !only) ? catalog.withDescendants(relation) : [relation]
  return all.filter(({ kind }) => kind !== 'partitioned table')
}

/** Does an UPDATE take rows to other partitions? */
function movesRows({ relation, command, values }: Write, { catalog }: Derivation): boolean {
  if (command !== 'UPDATE') return false
  return catalog.withDescendants(relation).some(({ key_columns: keys, columns }) => {
    const names = columns.filter(({ number }) => keys?.includes(number)).map(({ name }) => name)
    return keys?.includes(0) === true || names.some((name) => values.has(name))
  })
}

/** With the columns that BEFORE triggers assign, and generated ones. */
function withTriggered(
  { catalog }: Derivation,
  { relation, command, values }: Write,
  targets: readonly LockRelation[],
): Assignments {
  const all = new Map(values)
  for (const target of targets) {
    for (const { type, internal, function_oid: oid } of target.triggers) {
      const isBefore = (type & bits.before) !== 0 && (type & bits.row) !== 0 && (type & bits[command]) !== 0
      if (internal || !isBefore) continue
      for (const name of assignedByTrigger(catalog.function(oid)?.source ?? '')) all.set(name, 'value')
    }
  }
  for (const { name, generated } of relation.columns) if (generated) all.set(name, 'value')
  return all
}

/** `NEW.column := …`, and `INTO NEW.column`. */
function assignedByTrigger(source: string): readonly string[] {
  const text = source.replaceAll(/--[^\n]*/g, '')
  const pattern =
    /(?:(?:;|\bbegin|\bthen|\belse|\bloop)\s*new\s*\.\s*"?(\w+)"?\s*:?=)|(?:\binto\s+new\s*\.\s*"?(\w+)"?)/gi
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '')
}

/** Defaults, generated columns, checks and expressions of indexes may draw from sequences and call functions. */
function followExpressions(derivation: Derivation, write: Write, targets: readonly LockRelation[]): void {
  const { relation, command, values } = write
  for (const column of relation.columns) {
    const how = values.get(column.name) ?? (command === 'INSERT' ? 'default' : undefined)
    if (column.generated || how === 'default') followDefault(derivation, column)
    if (how !== undefined && column.domain_oid !== null) {
      for (const check of derivation.catalog.checksOfDomain(column.domain_oid)) {
        derivation.expression(check, { through: 'function', name: column.name })
      }
    }
  }
  for (const { checks, indexes } of targets) {
    const texts = indexes.flatMap((index) => [index.index_expressions, index.index_predicate])
    for (const text of [...checks, ...texts]) {
      if (text !== null) derivation.expression(text, { through: 'function' })
    }
  }
}

function followDefault(derivation: Derivation, column: LockColumn): void {
  if (column.default_expression !== null) {
    derivation.expression(column.default_expression, { through: 'function' })
  }
  const sequence = column.identity === null ? undefined : derivation.catalog.sequenceOf(column)
  if (sequence !== undefined) {
    derivation.lock(sequence, 'RowExclusiveLock', { through: 'sequence', name: sequence.name })
  }
}

function fireStatement(
  derivation: Derivation,
  relation: LockRelation,
  event: number,
  values: Assignments,
  scope: Scope,
): void {
  for (const trigger of relation.triggers) {
    if ((trigger.type & bits.row) !== 0 || (trigger.type & event) === 0) continue
    if (event === bits.UPDATE && !isUpdateOf(trigger, values)) continue
    fire(derivation, trigger, scope)
  }
}

function fireRows(derivation: Derivation, write: Write, scope: Scope): void {
  for (const trigger of write.relation.triggers) {
    if ((trigger.type & bits.row) === 0 || (trigger.type & bits[write.command]) === 0) continue
    if (trigger.internal) foreignKeyEdges(derivation, trigger, write, followWrite)
    else if (write.command !== 'UPDATE' || isUpdateOf(trigger, write.values)) fire(derivation, trigger, scope)
  }
}

function isUpdateOf({ columns }: LockTrigger, values: Assignments): boolean {
  return columns === null || columns.some((column) => values.has(column))
}

function fire(derivation: Derivation, trigger: LockTrigger, scope: Scope): void {
  const { name, definition, function_oid: oid } = trigger
  const inner: Scope = { path: scope.path, via: { through: 'trigger', name } }
  const condition = definition === null ? undefined : derivation.catalog.parsed(definition)
  if (condition?.tag === 'CreateTrigStmt') derivation.statement(condition, inner)
  const called = derivation.catalog.function(oid)
  if (called !== undefined) derivation.callFunction(called, inner)
}
