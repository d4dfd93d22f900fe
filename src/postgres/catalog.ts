/**
 * The SQL we ask Postgres about a schema: one query per kind of object, in words instead of ids.
 *
 * Every query returns `kind`, `identity` and further columns, each a fact under its readable name (text or
 * text[]; null when the object does not have it). They are written for `search_path = pg_catalog`, under
 * which the deparse functions qualify every name.
 *
 * Left out, on purpose: what belongs to an extension (the extension's version stands for it), our own schema,
 * temporary objects, the current value of sequences, everything that ANALYZE writes, roles, tablespaces and
 * settings of the database (private copies of a database do not carry them), security labels, languages,
 * conversions, access methods, transforms, and the values of user mapping options (they hold passwords).
 */
import { constraintQuery, domainConstraintQuery, indexQuery } from './catalog-constraints.ts'
import {
  defaultPrivilegesQuery,
  eventTriggerQuery,
  extensionQuery,
  foreignServerQuery,
  foreignWrapperQuery,
  publicationQuery,
  schemaQuery,
  statisticsQuery,
  subscriptionQuery,
  userMappingQuery,
} from './catalog-database.ts'
import { columnQuery, relationQuery, sequenceQuery } from './catalog-relations.ts'
import {
  aggregateQuery,
  castQuery,
  operatorClassQuery,
  operatorQuery,
  routineQuery,
} from './catalog-routines.ts'
import { policyQuery, ruleQuery, triggerQuery } from './catalog-table-objects.ts'
import {
  collationQuery,
  textSearchConfigurationQuery,
  textSearchDictionaryQuery,
  typeQuery,
} from './catalog-types.ts'

/** Postgres' own search path for a moment; the caller's comes back with {@link restoreSearchPath}. */
export const pinSearchPath = `select set_config('pgrehearse.search_path', current_setting('search_path'), true),
  set_config('search_path', 'pg_catalog', true)`

/**
 * Undoes {@link pinSearchPath}. Outside a transaction block both are local to the one simple Query they are
 * sent in; inside one, what the transaction itself had set (locally or not) holds again.
 */
export const restoreSearchPath = `select set_config('search_path', current_setting('pgrehearse.search_path'), true)`

/**
 * All queries for a server of this major version.
 * @param major e.g. 14; catalogues that came later are not asked for.
 */
export function schemaQueries(major: number): readonly string[] {
  return [
    schemaQuery,
    relationQuery,
    columnQuery,
    sequenceQuery,
    constraintQuery,
    domainConstraintQuery,
    indexQuery,
    triggerQuery,
    ruleQuery,
    policyQuery,
    typeQuery,
    routineQuery,
    aggregateQuery,
    operatorQuery,
    operatorClassQuery,
    castQuery,
    collationQuery,
    textSearchConfigurationQuery,
    textSearchDictionaryQuery,
    statisticsQuery,
    extensionQuery,
    eventTriggerQuery,
    publicationQuery(major),
    subscriptionQuery,
    defaultPrivilegesQuery,
    foreignWrapperQuery,
    foreignServerQuery,
    userMappingQuery,
  ]
}
