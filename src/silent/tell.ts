/** Sentences about silent changes, one for all that one object has lost. */
import type { RemedyMigration, Severity } from '../core/model.ts'
import { grouped } from '../core/groups.ts'
import type { SilentFact, SilentSubject } from './model.ts'
import { shownName } from './names.ts'
import { isPartKind } from './tables.ts'

export interface SilentChange {
  readonly subject: SilentSubject
  readonly facts: readonly SilentFact[]
  readonly severity: Severity
  /** The consequence first. */
  readonly message: string
  /** As a schema difference tells them. */
  readonly notes: readonly string[]
  readonly summary: string
  /** What gives back all that can be given back exactly. */
  readonly restore: readonly RemedyMigration[]
}

/** One per object, in the order of the facts. */
export function silentChangesOf(facts: readonly SilentFact[]): readonly SilentChange[] {
  return grouped(facts, ({ subject }) => `${subject.kind} ${subject.identity} ${subject.cause}`).map(
    (group) => {
      const worstFirst = group.toSorted((a, b) => rank(a) - rank(b))
      const [{ subject }] = group
      return {
        subject,
        facts: group,
        severity: group.some(({ severity }) => severity === 'warning') ? 'warning' : 'info',
        message: `${listed(worstFirst)}: ${because(subject, group.length)}.`,
        notes: group.map(({ line }) => line),
        ...remedyOf(group, subject),
      }
    },
  )
}

/** Remarks and the planner's figures last; what keeps rows and people out first. */
function rank({ severity, line }: SilentFact): number {
  if (severity === 'info') return 3
  if (/^- constraint|: (?:grants|roles|security|not null|row security|config) /.test(line)) return 0
  return /^- index|: enabled /.test(line) ? 1 : 2
}

const mostTold = 2

function listed(facts: readonly SilentFact[]): string {
  const clauses = facts.slice(0, mostTold).map(({ consequence }) => consequence)
  const rest = facts.length - clauses.length
  const told = capital(clauses.join(rest === 0 ? ', and ' : ', '))
  return rest === 0 ? told : `${told}, and ${rest} more`
}

/** Not names. */
function capital(clause: string): string {
  const isWord =
    /^(?:rows|queries|plans|new|every|nobody|the|no|trigger|index|constraint|policy|sequence|statements|dropping|rule|statistics|enum|domain|schema|type|composite)\s/
  return isWord.test(clause) ? clause.charAt(0).toUpperCase() + clause.slice(1) : clause
}

function because({ kind, identity, cause, column }: SilentSubject, facts: number): string {
  const name = shownName(identity)
  switch (cause) {
    case 'replaced':
      if (kind === 'trigger') return 'CREATE OR REPLACE TRIGGER leaves it switched on'
      return kind === 'view'
        ? 'CREATE OR REPLACE VIEW keeps only the options that it repeats'
        : `CREATE OR REPLACE ${kind.toUpperCase()} keeps only what it repeats`
    case 'type':
      return kind === 'column'
        ? 'a change of its type sets back what it does not repeat'
        : 'the change of a column’s type builds it anew'
    case 'column':
      return `${facts === 1 ? 'it' : 'they'} went with the column ${column}`
    default:
      return `${isPartKind(kind) && kind !== 'column' ? 'it' : name} was made anew, and no statement says so`
  }
}

function remedyOf(
  facts: readonly SilentFact[],
  { cause }: SilentSubject,
): Pick<SilentChange, 'summary' | 'restore'> {
  const restored = facts.flatMap(({ restore }) => restore ?? [])
  const inside = restored.filter(({ outside }) => outside !== true).map(({ sql }) => `${sql};`)
  const outside = restored.filter((one) => one.outside === true)
  const restore = [
    ...(inside.length === 0 ? [] : [{ sql: inside.join('\n'), transaction: true }]),
    ...outside.map(({ sql }) => ({ sql: `${sql};`, transaction: false })),
  ]
  const all =
    cause === 'column'
      ? 'Make it anew for the columns that are left'
      : restored.length === 0
        ? 'Repeat it in the statement'
        : restored.length < facts.length
          ? 'Give back what it had, and repeat in the statement what no SQL gives back'
          : 'Give back what it had'
  return { summary: `${all}. If that is to go, say so in an allow comment.`, restore }
}
