import type { Finding, RemedyProof } from '../core/model.ts'

/** What came of the remedies of a run, by the fingerprints of their findings. */
export type ProvenRemedies = ReadonlyMap<string, ProvenRemedy>

/** A proof, and whether the SQL stays in the finding. */
export interface RemedyVerdict {
  readonly proof: RemedyProof
  readonly offered: boolean
}

export interface ProvenRemedy extends RemedyVerdict {
  /** What was tried, as {@link remedyText} gives it: the proof holds for nothing else. */
  readonly tried: string
}

/** The finding with what came of its remedy; SQL that does something else is not offered. */
export function withProof(finding: Finding, proven: ProvenRemedies): Finding {
  const { remedy, fingerprint } = finding
  const known = proven.get(fingerprint)
  if (remedy === undefined || known === undefined || known.tried !== remedyText(finding)) return finding
  const { proof, offered } = known
  return { ...finding, remedy: { ...remedy, migrations: offered ? remedy.migrations : [], proof } }
}

/** What a proof holds for: the SQL and how it is to be run. */
export function remedyText({ remedy }: Finding): string {
  const steps = remedy?.migrations ?? []
  return JSON.stringify(steps.map(({ sql, transaction, when = 'now' }) => [sql, transaction, when]))
}
