/** Offset pagination: 20 a page, at most 100, Link and x- headers [doc api/rest]. */
import { badParameter } from './errors.ts'
import { optionalInteger } from './grape-params.ts'
import type { Call } from './route.ts'

export interface Page<T> {
  readonly rows: readonly T[]
  readonly headers: Readonly<Record<string, string>>
}

/** Beyond so many rows the totals are left out. */
const countLimit = 10_000

export function paginate<T>(call: Call, all: readonly T[]): Page<T> {
  const page = Math.max(1, optionalInteger(call.params, 'page') ?? 1)
  const wished = optionalInteger(call.params, 'per_page') ?? 20
  if (wished < 1) throw badParameter('per_page does not have a valid value')
  const perPage = Math.min(100, wished)
  const pages = Math.max(1, Math.ceil(all.length / perPage))
  const next = page < pages ? String(page + 1) : ''
  const previous = page > 1 ? String(page - 1) : ''
  const withTotals = call.state.options.withoutTotals !== true && all.length <= countLimit
  const rows = all.slice((page - 1) * perPage, page * perPage)
  const links = [
    ...(previous === '' ? [] : [link(call, previous, perPage, 'prev')]),
    ...(next === '' ? [] : [link(call, next, perPage, 'next')]),
    link(call, '1', perPage, 'first'),
    ...(withTotals ? [link(call, String(pages), perPage, 'last')] : []),
  ]
  const headers = {
    link: links.join(', '),
    'x-page': String(page),
    'x-per-page': String(perPage),
    'x-next-page': next,
    'x-prev-page': previous,
    ...(withTotals ? { 'x-total': String(all.length), 'x-total-pages': String(pages) } : {}),
  }
  return { rows, headers }
}

function link(call: Call, page: string, perPage: number, relation: string): string {
  const query = new URLSearchParams(call.query)
  query.set('page', page)
  query.set('per_page', String(perPage))
  return `<${call.url}?${query.toString()}>; rel="${relation}"`
}
