import { standInSqlstate } from '../core/stand-in-extensions.ts'
import { couldHaveMade, type FailedStep } from './failed-step.ts'
import { bringsAlong } from './lost-objects.ts'
import { missingExtension, missingLanguage, missingObject } from './missing-object.ts'
import { extensionOfLanguage } from './extension-remedy.ts'

/** Steps of the history that failed for one reason, the first of them first. */
export interface HistoryCause {
  readonly kind: CauseKind
  /** The extension or language; of the kinds `lost` and `other`, the message of the first step. */
  readonly name: string
  readonly steps: readonly FailedStep[]
}

export type CauseKind =
  /** This server does not have an extension. */
  | 'extension'
  | 'language'
  /** Only psql can run it: variables. */
  | 'psql'
  /** A newer Postgres refuses it. */
  | 'version'
  | 'rights'
  | 'too long'
  /** It wants rows that no migration brings. */
  | 'rows'
  /** It concerns the whole server, and was left out on purpose. */
  | 'whole server'
  /** An extension is a stand-in of ours, and cannot do it. */
  | 'stand-in'
  /** Something that no migration creates is missing. */
  | 'lost'
  | 'other'

/**
 * Groups what failed by what it comes from: a step that misses an object that an earlier failed step would have made
 * belongs to that step's cause.
 */
export function causesOf(steps: readonly FailedStep[]): readonly HistoryCause[] {
  const causes = new Map<string, { kind: CauseKind; name: string; steps: FailedStep[] }>()
  for (const step of steps) {
    const before = [...causes.values()].find((cause) => follows(step, cause.steps))
    if (before !== undefined) {
      before.steps.push(step)
      continue
    }
    const { kind, name } = causeOf(step)
    const key = `${kind} ${name}`
    const same = causes.get(key)
    if (same === undefined) causes.set(key, { kind, name, steps: [step] })
    else same.steps.push(step)
  }
  return [...causes.values()]
}

function follows(step: FailedStep, earlier: readonly FailedStep[]): boolean {
  const missing = missingObject(step.sqlstate, step.message)
  if (missing === undefined || missingExtension(step.message) !== undefined) return false
  return earlier.some((other) => couldHaveMade(other, missing, step) || bringsAlong(other, missing))
}

function causeOf(step: FailedStep): Pick<HistoryCause, 'kind' | 'name'> {
  const { sqlstate, message, reason } = step
  if (reason === 'refused') return { kind: 'whole server', name: '' }
  if (reason === 'stand-in' || sqlstate === standInSqlstate) return { kind: 'stand-in', name: '' }
  if (reason === 'too long') return { kind: 'too long', name: '' }
  const extension = missingExtension(message)
  if (extension !== undefined) return { kind: 'extension', name: extension }
  const language = missingLanguage(message)
  if (language !== undefined) {
    const of = extensionOfLanguage(language)
    return of === undefined ? { kind: 'language', name: language } : { kind: 'extension', name: of }
  }
  if (sqlstate === '42501') return { kind: 'rights', name: '' }
  if (sqlstate === '42601' && message.endsWith('at or near ":"')) return { kind: 'psql', name: '' }
  if (isRemoved(sqlstate, message)) return { kind: 'version', name: '' }
  if (missingObject(sqlstate, message) !== undefined) return { kind: 'lost', name: '' }
  const isAboutRows = /^2[123]/.test(sqlstate) && sqlstate !== '22023'
  if (isAboutRows || /^P000[1-4]$/.test(sqlstate)) return { kind: 'rows', name: '' }
  return { kind: 'other', name: `${message} (SQLSTATE ${sqlstate})` }
}

/**
 * What Postgres has taken away, by the release notes: table OIDs, abstime and its like (12), `=>` as an operator (9.0),
 * postfix operators (14), exclusive backups (15), pg_constraint.consrc and pg_attrdef.adsrc (12), pg_proc.proisagg
 * (11), polymorphic array functions (14), settings.
 */
function isRemoved(sqlstate: string, message: string): boolean {
  if (sqlstate === '42601') return /at or near "(?:oids|=>|recheck)"/i.test(message)
  return removed.some((pattern) => pattern.test(message))
}

const removed: readonly RegExp[] = [
  /tables declared WITH OIDS are not supported/,
  /^type "?(?:abstime|reltime|tinterval|opaque|smgr)"? does not exist/,
  /^column (?:\w+\.)?"?(?:oid|consrc|adsrc|proisagg|proiswindow|relhasoids|relhaspkey|datconfig|spclocation|waiting|procpid|current_query)"? does not exist/,
  /^function (?:pg_catalog\.)?(?:pg_start_backup|pg_stop_backup|pg_xlog\w*|pg_current_xlog\w*|pg_switch_xlog|pg_is_in_backup|currtid|getdatabaseencoding|abstime|reltime|array_(?:append|cat|prepend)_?\w*)\(/,
  /^unrecognized configuration parameter "(?:default_with_oids|checkpoint_segments|wal_keep_segments|replacement_sort_tuples|operator_precedence_warning|vacuum_cleanup_index_scale_factor|vacuum_defer_cleanup_age|force_parallel_mode|promote_trigger_file|stats_temp_directory|old_snapshot_threshold|db_user_namespace|add_missing_from|sql_inheritance|regex_flavor|custom_variable_classes|unix_socket_directory|silent_mode|max_fsm_\w+|ssl_renegotiation_limit|default_use_oids|gp_\w+)"/,
  /^invalid value for parameter "(?:backslash_quote|password_encryption|wal_level)"/,
  /postfix operators are not supported/,
]
