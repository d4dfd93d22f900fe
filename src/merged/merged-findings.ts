/** Findings of a run on several major versions: one of each, with the versions that have it. Pure. */
import type { ErrorEffect, Finding, HarmlessFinding, Remedy } from '../core/model.ts'
import { list } from '../reporters/words.ts'
import { isAtLeast, sortFindings } from '../judge/sort.ts'

/** What a check on one major version came to. */
export interface OfMajor<T> {
  readonly major: number
  readonly value: T
}

/** The same finding on the versions that have it, oldest first. */
type Group<F extends Finding> = readonly OfMajor<F>[]

/**
 * They say that something is not there any more, so a single version that has it proves them wrong: an allow comment
 * that version 14 needs is none that accepts nothing.
 */
const provenByAll: ReadonlySet<string> = new Set(['needless-allow', 'needless-baseline-entry'])

/**
 * The receipt is that of the newest version that found it, the severity the gravest.
 * @param found of each version, oldest first
 * @param files of the migrations, in their order
 */
export function mergeFindings(
  found: readonly OfMajor<readonly Finding[]>[],
  files: readonly string[],
): readonly Finding[] {
  const majors = found.map(({ major }) => major)
  const merged = groupsOf(found)
    .filter((group) => group.length === majors.length || !provenByAll.has(group[0]?.value.ruleId ?? ''))
    .map((group) => mergeGroup(group, majors))
  return sortFindings(merged, files)
}

/** Those that are a finding on no version. */
export function mergeHarmless(
  found: readonly OfMajor<readonly HarmlessFinding[]>[],
  findings: readonly Finding[],
  files: readonly string[],
): readonly HarmlessFinding[] {
  const majors = found.map(({ major }) => major)
  const told = new Set(findings.map(({ fingerprint }) => fingerprint))
  const merged = groupsOf(found)
    .filter((group) => group.every(({ value }) => !told.has(value.fingerprint)))
    .map((group) => ({ ...newest(group), ...majorsOf(group, majors) }))
  return sortFindings(merged, files)
}

/** By fingerprint, else by rule and place: names that Postgres makes up are not the same in all versions. */
function groupsOf<F extends Finding>(found: readonly OfMajor<readonly F[]>[]): readonly Group<F>[] {
  const groups = new Map<string, OfMajor<F>[]>()
  for (const { major, value: findings } of found) {
    for (const value of findings) {
      const group = groups.get(value.fingerprint)
      if (group === undefined) groups.set(value.fingerprint, [{ major, value }])
      else group.push({ major, value })
    }
  }
  return united([...groups.values()])
}

/** Groups of the same rule and place that have no version in common, where that leaves no choice. */
function united<F extends Finding>(groups: readonly Group<F>[]): readonly Group<F>[] {
  const byPlace = new Map<string, Group<F>[]>()
  for (const group of groups) {
    const place = placeOf(newest(group))
    byPlace.set(place, [...(byPlace.get(place) ?? []), group])
  }
  return [...byPlace.values()].flatMap((same) => {
    const majors = same.flatMap((group) => group.map(({ major }) => major))
    const isOne = same.length > 1 && new Set(majors).size === majors.length
    return isOne ? [same.flat().toSorted((a, b) => a.major - b.major)] : same
  })
}

function placeOf({ ruleId, messageId, span, query }: Finding): string {
  return JSON.stringify([ruleId, messageId, span.file, span.start.offset, query?.id])
}

function newest<F extends Finding>(group: Group<F>): F {
  const last = group.at(-1)
  if (last === undefined) throw new Error('a group of findings without findings')
  return last.value
}

function majorsOf(group: Group<Finding>, majors: readonly number[]): Pick<Finding, 'majors'> {
  if (group.length === majors.length) return {}
  return { majors: group.map(({ major }) => major) }
}

function mergeGroup(group: Group<Finding>, majors: readonly number[]): Finding {
  const { allowed, suggestion, ...last } = newest(group)
  const severity = group.reduce(
    (gravest, { value }) => (isAtLeast(value.severity, gravest) ? value.severity : gravest),
    last.severity,
  )
  const isAllowed = allowed !== undefined && group.every(({ value }) => value.allowed !== undefined)
  const isSuggested = group.length === majors.length && group.every(({ value }) => isSame(value, suggestion))
  return {
    ...last,
    severity,
    ...majorsOf(group, majors),
    notes: [...last.notes, ...elsewhere(group), ...proofNotes(group, majors)],
    ...(isAllowed ? { allowed } : {}),
    // one click takes it, so it has to hold on every version
    ...(suggestion !== undefined && isSuggested ? { suggestion } : {}),
  }
}

function isSame({ suggestion: own }: Finding, suggestion: Finding['suggestion']): boolean {
  return JSON.stringify(own) === JSON.stringify(suggestion)
}

/** What older versions say of it, where that is another object or another error. */
function elsewhere(group: Group<Finding>): readonly string[] {
  const last = newest(group)
  return group
    .filter(({ value }) => value.object !== last.object || errorsOf(value) !== errorsOf(last))
    .map(({ major, value }) => `On Postgres ${major}: ${value.message}`)
}

function errorsOf({ because }: Finding): string {
  const errors = because.filter((effect): effect is typeof effect & ErrorEffect => effect.kind === 'error')
  return errors.map(({ sqlstate }) => sqlstate).join()
}

/** Where the remedy is proven on the newest version that needs it, and on another one that was asked for is not. */
function proofNotes(group: Group<Finding>, majors: readonly number[]): readonly string[] {
  const { remedy } = newest(group)
  if (!isProven(remedy)) return []
  const without = majors.filter((major) => group.every((one) => one.major !== major))
  const reasons = new Map<string, number[]>()
  for (const { major, value } of group) {
    if (isProven(value.remedy)) continue
    const says = value.remedy?.proof?.says ?? ''
    reasons.set(says, [...(reasons.get(says) ?? []), major])
  }
  return [
    ...[...reasons].map(
      ([says, unproven]) =>
        `The remedy is not proven on Postgres ${inWords(unproven)}${says === '' ? '.' : `: ${says}`}`,
    ),
    ...(without.length === 0
      ? []
      : [`The remedy was not replayed on Postgres ${inWords(without)}, where this was not found.`]),
  ]
}

function inWords(majors: readonly number[]): string {
  return list(majors.map(String))
}

function isProven(remedy: Remedy | undefined): boolean {
  return remedy?.proof?.outcome === 'proven'
}
