/**
 * The `Link` header that gitbeaker follows, in the form that it understands (it knows only `<…>; rel="next"`), or
 * undefined on the last page. From `Link`, else from `x-next-page`; a short page says nothing about being the last,
 * because GitLab drops unreadable notes after it has cut the pages. `circle` when the next page is this page or an earlier one.
 */
export function nextPage(
  apiUrl: string,
  url: string,
  headers: Headers,
): { readonly link: string } | 'circle' | undefined {
  const next = linkedPage(url, headers.get('link')) ?? numberedPage(url, headers.get('x-next-page'))
  if (next === undefined) return undefined
  // gitbeaker takes nothing but the query from it
  const here = new URL(url)
  if (sortedQuery(next) === sortedQuery(here) || isBackwards(here, next)) return 'circle'
  return { link: `<${apiUrl}?${next.searchParams.toString()}>; rel="next"` }
}

function linkedPage(url: string, header: string | null): URL | undefined {
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(parameters)
    const isNext = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')
    if (isNext && URL.canParse(target, url)) return new URL(target, url)
  }
  return undefined
}

function numberedPage(url: string, header: string | null): URL | undefined {
  if (header === null || !/^[1-9]\d{0,8}$/.test(header.trim())) return undefined
  const next = new URL(url)
  next.searchParams.set('page', header.trim())
  return next
}

function isBackwards(here: URL, next: URL): boolean {
  const [from, to] = [here, next].map((one) => Number(one.searchParams.get('page') ?? Number.NaN))
  return from !== undefined && to !== undefined && to <= from
}

function sortedQuery(url: URL): string {
  return [...url.searchParams]
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join('&')
}
