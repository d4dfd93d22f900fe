import type { Query } from '../core/query-model.ts'
import type { Refusal } from './query-state.ts'

export interface LimitContext {
  /** Something of the history could not be replayed here, so objects may be missing. */
  readonly incompleteSchema: boolean
  /** Names of tables that queries of the application create themselves. */
  readonly ownTables: ReadonlySet<string>
}

/**
 * Why a new query that fails on the new schema may be right all the same: undefined when it is simply wrong. What other
 * code than the migrations sets up (extensions, rights, temporary tables) is missing here.
 */
export function ownLimit(
  { sqlstate, message }: Refusal,
  query: Query,
  context: LimitContext,
): string | undefined {
  if (sqlstate === '42501') return 'rights are given by others than the migrations'
  if (/^(?:42P18|42P08)$/.test(sqlstate)) return 'its parameters have no types before a driver gives them'
  if (/^(?:0A|26|34|5|F0|XX)/.test(sqlstate)) return 'this server cannot do that'
  if (sqlstate === '42601') return syntaxLimit(query)
  const name = /"(.+?)"|function (?:[\w"]+\.)?"?(\w+)/.exec(message)
  const object = (name?.[1] ?? name?.[2] ?? '').toLowerCase()
  if (sqlstate === '42P01' && context.ownTables.has(object)) return 'another query creates that table'
  if (!/^(?:42883|42704|42P01|3F000|42703)$/.test(sqlstate)) return undefined
  if (ofExtension(sqlstate, object)) return 'it may come from an extension that no migration creates'
  return context.incompleteSchema ? 'not all of the history could be replayed here' : undefined
}

function syntaxLimit({ style, node }: Query): string | undefined {
  if (style === 'tagged template' || style === 'pg_stat_statements') {
    return 'the application puts its SQL together when it runs'
  }
  // our parser is that of 17
  return node === undefined ? undefined : 'this server does not know its syntax'
}

function ofExtension(sqlstate: string, object: string): boolean {
  return sqlstate === '42883' || sqlstate === '42704' ? extensionName.test(object) : false
}

/** Functions and types of extensions that are often created by others than the migrations. */
const extensionName = new RegExp(
  `^(?:${[
    'st_\\w+|geometry|geography|box[23]d|raster', // postgis
    'crypt|gen_salt|digest|hmac|gen_random_bytes|pgp_\\w+|encrypt\\w*|decrypt\\w*|armor|dearmor', // pgcrypto
    'uuid_generate_\\w+|uuid_ns_\\w+|uuid_nil', // uuid-ossp
    'similarity|(?:strict_)?word_similarity|show_trgm|show_limit', // pg_trgm
    'unaccent|citext|hstore|akeys|avals|ltree|lquery|nlevel|subpath|cube|earth|ll_to_earth|earth_\\w+',
    'levenshtein\\w*|soundex|metaphone|dmetaphone|crosstab\\w*|dblink\\w*|intarray|isbn|isbn13',
    'vector|halfvec|sparsevec|l2_distance|cosine_distance|inner_product', // pgvector
    'time_bucket\\w*|create_hypertable|first|last', // timescaledb
    'cron|http\\w*|pg_stat_statements\\w*|uuid_generate',
  ].join('|')})$`,
)
