import type { FuncCall, Node } from '@pgsql/types'
import { unwrap, walk, words } from '../sql/ast.ts'
import { nameFromWords } from '../sql/names.ts'
import type { ChangeScope } from '../sql/schema-scope.ts'

/**
 * Built-in functions that pg_proc.provolatile marks volatile and that people write into defaults. Everything else
 * that Postgres brings along is immutable or stable: evaluated once, kept in pg_attribute.attmissingval.
 */
const volatileFunctions: ReadonlySet<string> = new Set([
  'clock_timestamp',
  'currval',
  'gen_random_bytes',
  'gen_random_uuid',
  'gen_salt',
  'lastval',
  'nextval',
  'pg_sleep',
  'random',
  'random_normal',
  'set_config',
  'setseed',
  'setval',
  'timeofday',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'uuidv4',
  'uuidv7',
])

/** Functions that no file creates and that Postgres or a well-known extension brings, by volatility. */
const settledFunctions: ReadonlySet<string> = new Set(
  `
  abs age array_append array_fill array_length array_to_string array_to_json bit_length btrim
  cardinality ceil ceiling char_length character_length chr concat concat_ws convert_from convert_to
  current_database current_schema current_setting current_user date date_bin date_part date_trunc
  daterange decode digest div encode exp extract float8 floor format get_bit get_byte greatest
  hashtext hmac hstore inet_client_addr initcap int4 int4range int8 int8range json_array
  json_build_array json_build_object json_object jsonb_array_length jsonb_build_array
  jsonb_build_object jsonb_object least left length ln localtime localtimestamp log lower lpad ltrim
  make_date make_interval make_time make_timestamp make_timestamptz md5 mod now numeric numrange
  octet_length overlay pg_backend_pid pg_current_xact_id pg_get_userbyid pg_typeof pi position power
  quote_ident quote_literal regexp_match regexp_replace repeat replace reverse right round rpad rtrim
  session_user sha224 sha256 sha384 sha512 sign split_part sqrt statement_timestamp string_to_array
  strpos substr substring text timestamp timestamptz timezone to_char to_date to_json to_jsonb
  to_number to_timestamp to_tsvector transaction_timestamp translate trim trunc tsrange tstzrange
  txid_current upper user uuid_nil uuid_ns_dns uuid_ns_oid uuid_ns_url uuid_ns_x500 version xmlcomment
  `
    .trim()
    .split(/\s+/),
)

/**
 * The first function in the expression that is evaluated anew for every row; undefined when none is. A function
 * that we do not know is taken as volatile: that is CREATE FUNCTION's default.
 * @see contain_volatile_functions() in clauses.c
 */
export function volatileFunctionIn(scope: ChangeScope, expression: Node | undefined): string | undefined {
  let found: string | undefined
  const inspect = (tag: string, value: object) => {
    if (tag !== 'FuncCall' || found !== undefined) return
    const call = value as FuncCall
    const name = nameFromWords(words(call.funcname))
    if (isVolatile(scope, name)) found = name.name
  }
  const root = unwrap(expression)
  if (root !== undefined) inspect(root.tag, root.value)
  walk(root?.value, inspect)
  return found
}

function isVolatile(scope: ChangeScope, name: { schema: string | undefined; name: string }): boolean {
  const overloads = scope.schema.function(name, scope.path)
  if (overloads.length > 0) return overloads.some(({ volatility }) => volatility === 'volatile')
  if (volatileFunctions.has(name.name)) return true
  return !settledFunctions.has(name.name) && name.schema !== 'pg_catalog'
}
