import type { Limit } from '../core/model.ts'
import { extensionRemedy, type ServerTraits } from './extension-remedy.ts'
import type { FailedStep } from './failed-step.ts'
import { causesOf, type HistoryCause } from './history-causes.ts'

/** What has to be known of the run besides its failed steps. */
export interface HistoryCircumstances {
  readonly server: ServerTraits
  readonly statementTimeoutMs: number
  /** Why nobody knows what the history has made, a clause; absent where it is known. */
  readonly unknown?: string | undefined
}

/** Causes that are told by themselves; how many more there are is said. */
const maxOthers = 8

/** What failed of the history, in one limit for each cause. */
export function historyLimits(
  steps: readonly FailedStep[],
  circumstances: HistoryCircumstances,
): readonly Limit[] {
  const causes = causesOf(steps)
  const others = causes.filter(({ kind }) => kind === 'other')
  const told = causes.filter((cause) => cause.kind !== 'other' || others.indexOf(cause) < maxOthers)
  const rest = others.slice(maxOthers).flatMap((cause) => cause.steps)
  const limits = togetherByRemedy(told, circumstances).map((cause) => limitOf(cause, circumstances))
  if (rest.length === 0) return limits
  const more = `${count(rest)} of the history did not replay here for other reasons: ${places(rest)}.`
  return [...limits, { code, message: more, hint: builds, steps: rest.map(listed) }]
}

/** What failed for one reason, or for want of extensions that the same remedy brings. */
type ToldCause = HistoryCause & { readonly names: readonly string[] }

/** Extensions that the same remedy brings are told in one limit, where the first of them is. */
function togetherByRemedy(
  causes: readonly HistoryCause[],
  { server }: HistoryCircumstances,
): readonly ToldCause[] {
  const told = new Map<unknown, ToldCause>()
  for (const cause of causes) {
    const key = cause.kind === 'extension' ? extensionRemedy(cause.name, server) : cause
    const before = told.get(key)
    const names = [...(before?.names ?? []), cause.name]
    const steps = [...(before?.steps ?? []), ...cause.steps]
    told.set(key, { ...(before ?? cause), names, steps })
  }
  return [...told.values()]
}

const code = 'history-step-failed'
const builds = 'Everything that does not build on it is judged all the same.'

function limitOf(cause: ToldCause, circumstances: HistoryCircumstances): Limit {
  const { message, hint } = words(cause, circumstances)
  const [first] = cause.steps
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(first === undefined ? {} : { span: first.span }),
    steps: cause.steps.map(listed),
  }
}

function listed({ span, message, sqlstate }: FailedStep): NonNullable<Limit['steps']>[number] {
  return { span, message: sqlstate === '' ? message : `${message} (SQLSTATE ${sqlstate})` }
}

function words(
  { kind, name, names, steps }: ToldCause,
  { server, statementTimeoutMs, unknown }: HistoryCircumstances,
): { readonly message: string; readonly hint?: string } {
  const which = `${count(steps)} of the history did not replay: ${places(steps)}`
  switch (kind) {
    case 'extension':
      return {
        message: `This server does not have the extension${names.length > 1 ? 's' : ''} ${quotedList(names)}, so ${which}.`,
        hint: `${extensionRemedy(name, server)} ${builds}`,
      }
    case 'language':
      return {
        message: `This server does not have the language "${name}", so ${which}.`,
        hint: `${elsewhere} ${builds}`,
      }
    case 'psql':
      return {
        message: `Only psql itself can fill in its variables (\`:name\`), so ${which}.`,
        hint: `Give their values as \`migrations: { placeholders: … }\` in the configuration. ${builds}`,
      }
    case 'version':
      return {
        message: `Postgres ${server.major} refuses what older versions accepted (${reasons(steps)}), so ${which}.`,
        hint: `If production is older, replay on its version: \`server: { pgVersion: … }\`, from 14, or \`server: { image: 'postgres:…' }\`. ${builds}`,
      }
    case 'rights':
      return {
        message: `Our role on the throwaway server may not do everything (${reasons(steps)}), so ${which}.`,
        hint: `Run with --superuser if you trust these migrations. ${builds}`,
      }
    case 'too long':
      return {
        message: `After ${statementTimeoutMs / 1000} s on nearly empty tables a statement was cancelled, so ${which}.`,
        hint: `If that is intended, raise statementTimeout in the configuration. ${builds}`,
      }
    case 'rows':
      return {
        message: `The history wants rows that no migration brings (${reasons(steps)}), so ${which}.`,
        hint: `Rows that a seed or the application has made are not here. ${builds}`,
      }
    case 'whole server':
      return {
        message: `Statements about the whole server were left out: ${places(steps)}.`,
        hint: 'They touch no table; what is under review is judged without them.',
      }
    case 'stand-in':
      return {
        message: `Stand-ins of extensions cannot do everything (${reasons(steps)}), so ${which}.`,
        hint: `${elsewhere} ${builds}`,
      }
    case 'lost':
      return {
        message: `No migration that ran here creates what the history builds on (${reasons(steps)}), so ${which}.`,
        hint: `${unknown === undefined ? '' : `${sentence(unknown)} `}Rehearse on a server where the platform, the seed or the code that brings it has run (\`server.image\`, --server-url), or let a first migration create it. ${builds}`,
      }
    case 'other':
      return {
        message: `${count(steps)} of the history did not replay here: ${places(steps)}: ${name}.`,
        hint: builds,
      }
  }
}

const elsewhere =
  'Name a container image that has it (`server.image`), or give --server-url a server that has it.'

/** `"a"`, `"a", "b" and "c"` */
function quotedList(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`)
  const last = quoted.at(-1) ?? ''
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(', ')} and ${last}`
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}

const maxReasons = 3

const maxMessage = 200

/** What the server said, each message once, with how many there are besides. */
function reasons(steps: readonly FailedStep[]): string {
  const messages = [...new Set(steps.map(({ message }) => message.slice(0, maxMessage)))]
  const more = messages.length - maxReasons
  return `${messages.slice(0, maxReasons).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

function count({ length }: readonly unknown[]): string {
  return length === 1 ? '1 step' : `${length} steps`
}

const maxPlaces = 5

/** `db/1.sql:3, 7 and db/2.sql:1, and 4 more` */
function places(steps: readonly Pick<FailedStep, 'span'>[]): string {
  const files = new Map<string, number[]>()
  for (const { span } of steps.slice(0, maxPlaces)) {
    const lines = files.get(span.file)
    if (lines === undefined) files.set(span.file, [span.start.line])
    else lines.push(span.start.line)
  }
  const named = [...files].map(([file, lines]) => `${file}:${lines.join(', ')}`).join('; ')
  const more = steps.length - maxPlaces
  return more > 0 ? `${named} and ${more} more` : named
}
