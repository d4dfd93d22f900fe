import type { Limit } from '../core/model.ts'
import type { Production } from '../core/production.ts'
import type { DatabaseLocale } from '../postgres/locale.ts'

/**
 * How production's database compares text; undefined where nobody knows, or our databases compare so anyway (C.UTF-8
 * of libc).
 */
export function databaseLocale({ planner }: Production, major: number): DatabaseLocale | undefined {
  if (planner?.collation === undefined || planner.ctype === undefined) return undefined
  const { collation, ctype, localeProvider: provider = 'libc', locale } = planner
  if (provider === 'libc' && collation === 'C.UTF-8' && ctype === 'C.UTF-8') return undefined
  // its builtin provider is libc's C.UTF-8 without LIKE by plain indexes, which the builtin one has; C has it, too
  if (provider === 'builtin' && major < 17) return { provider: 'libc', collation: 'C', ctype: 'C' }
  return { provider, collation, ctype, ...(locale === undefined ? {} : { locale }) }
}

/**
 * What to say where the server does not have production's locale. Ours is libc's C.UTF-8 then: like every locale but C,
 * it uses no plain index for LIKE 'prefix%'; histograms of text are sorted anew.
 */
export function localeLimit({ planner }: Production): readonly Limit[] {
  const name = planner?.locale ?? planner?.collation ?? ''
  return [
    {
      code: 'planned-in-another-collation',
      message: `Queries were planned with the collation C.UTF-8, because this machine’s Postgres does not have production’s ${JSON.stringify(name.slice(0, 100))}: estimates of ranges of text may differ.`,
      hint: 'Install the locale on the machine that runs pgrehearse, if queries compare text by < or > or sort it.',
    },
  ]
}
