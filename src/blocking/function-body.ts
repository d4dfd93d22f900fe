import type { CreateFunctionStmt } from '@pgsql/types'
import { parseSearchPath, splitIdentifierList, type SearchPath } from '../sql/names.ts'
import { readFunctionBody, type RoutineBody } from '../sql/routine-body.ts'
import type { LockFunction } from './lock-catalog.ts'
import { parseOne } from '../sql/parse-one.ts'

/** The statements of a function; of C and built-in languages none: they touch no table that we know of. */
export function bodyOf(called: LockFunction): RoutineBody {
  const known = bodies.get(called)
  if (known !== undefined) return known
  const body = read(called)
  bodies.set(called, body)
  return body
}

const bodies = new WeakMap<LockFunction, RoutineBody>()

function read({ language, source, definition }: LockFunction): RoutineBody {
  if (language === 'c' || language === 'internal') return { statements: [] }
  if (definition === null) return { statements: [], unknown: `is written in ${language}` }
  const body = readFunctionBody({ language, definition, ...standardBody(source, definition) })
  if (body.unknown === undefined && language === 'plpgsql' && returnsDynamic.test(source)) {
    return { ...body, unknown: 'puts SQL together at run time' }
  }
  return body
}

const returnsDynamic = /\breturn\s+query\s+execute\b|\bfor\s+execute\b/i

/** BEGIN ATOMIC and RETURN leave no source text (pg_proc.prosqlbody). */
function standardBody(source: string, definition: string): Pick<CreateFunctionStmt, never> & object {
  if (source.trim() !== '') return { body: source }
  const sqlBody = (parseOne(definition)?.value as CreateFunctionStmt | undefined)?.sql_body
  return sqlBody === undefined ? { body: source } : { sqlBody }
}

/** Where names in its body are looked up: its own setting, or the caller's. */
export function pathOf({ settings }: LockFunction, caller: SearchPath): SearchPath {
  const own = settings?.find((setting) => setting.startsWith('search_path='))
  return own === undefined ? caller : parseSearchPath(splitIdentifierList(own.slice('search_path='.length)))
}
