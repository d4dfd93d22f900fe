import type { Finding } from '../core/model.ts'

/** A finding that stays, and why. */
export interface NotFixed {
  readonly finding: Finding
  /** A clause or a sentence. */
  readonly why: string
}

/** Nothing for what was accepted and for what a person need not do anything about. */
export function whyNotFixed(finding: Finding, said: string | undefined): readonly NotFixed[] {
  const { remedy, allowed, sent } = finding
  if (allowed !== undefined) return []
  if (sent !== undefined) return [{ finding, why: recorded }]
  if (said !== undefined) return [{ finding, why: said }]
  if (remedy === undefined) return [{ finding, why: 'There is no remedy that could be written.' }]
  const { proof, migrations } = remedy
  if (proof !== undefined && proof.outcome !== 'proven') return [{ finding, why: proof.says }]
  if (migrations.length === 0) return [{ finding, why: `That needs a decision: ${remedy.summary}` }]
  if (proof === undefined) return [{ finding, why: 'The remedy was not replayed.' }]
  if (migrations.every(({ when = 'now' }) => when !== 'now'))
    return [{ finding, why: `All of it belongs to a later deployment: ${remedy.summary}` }]
  return [{ finding, why: 'There was no more time to try it.' }]
}

const recorded =
  'It was recorded from a command (`migrations.migrate`): `fix` writes files of SQL, and changes no code.'
