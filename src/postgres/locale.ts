import { escapeLiteral } from 'pg'

/** How a database compares and classifies text, in the words of pg_database. */
export interface DatabaseLocale {
  readonly provider: 'libc' | 'icu' | 'builtin'
  readonly collation: string
  readonly ctype: string
  /** Of the providers icu and builtin. */
  readonly locale?: string
}

/** Names that locales have; a snapshot is not trusted. */
const plausible = /^[\w.@=;-]{1,100}$/

/**
 * Clauses of CREATE DATABASE for this locale, in UTF8. A database of 14 always compares by libc; builtin came with 17.
 * @throws Error where this major has no such provider, or a name is none
 */
export function localeSql({ provider, collation, ctype, locale }: DatabaseLocale, major: number): string {
  const names = [collation, ctype, ...(provider === 'libc' ? [] : [locale ?? ''])]
  if (!names.every((name) => plausible.test(name))) throw new Error('the name of a locale is none')
  if (major < { libc: 0, icu: 15, builtin: 17 }[provider]) {
    throw new Error(`Postgres ${major} has no collations of ${provider}`)
  }
  const base = ` encoding 'UTF8' lc_collate ${escapeLiteral(collation)} lc_ctype ${escapeLiteral(ctype)}`
  if (provider === 'libc') return major >= 15 ? `${base} locale_provider libc` : base
  const name = provider === 'icu' ? 'icu_locale' : 'builtin_locale'
  return `${base} locale_provider ${provider} ${name} ${escapeLiteral(locale ?? '')}`
}
