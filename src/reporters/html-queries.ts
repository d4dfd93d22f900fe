/** The application's queries in the HTML report: under findings, and in a section of their own. */

import { affectedGroups } from './affected-queries.ts'
import { findingPlans, plansOf, type NamedPlan } from './finding-plans.ts'
import { markup, type Markup, type Part } from './markup.ts'
import { htmlPieces, type Pieces } from './pieces.ts'
import { printable } from './printable.ts'
import { effectWords } from './query-words.ts'
import { queriesSection, queriesTitle, type AffectedVerdict, type QueryRow } from './queries-section.ts'
import type { Finding, Report } from '../core/model.ts'

/** As many are shown without opening a list. */
const maxOpen = 5

/** Style of these parts: reports without queries do without it. */
export const queriesStyle = `
.hit { margin-top: 0.8rem; font-size: 0.9375rem; }
.hit ul { padding-left: 1.1rem; list-style: disc; }
.hit li::marker { color: var(--muted); font-size: 0.7em; }
.hit details { margin-top: 0.2rem; }
.queries { width: 100%; margin-top: 0.9rem; border-collapse: collapse; font-size: 0.9375rem; }
.queries th, .queries td { padding: 0.55rem 0.9rem 0.55rem 0; text-align: left; vertical-align: top; font-weight: 400; }
.queries th { font-size: 0.8125rem; color: var(--muted); }
.queries tr { border-bottom: 1px solid var(--line); }
.queries td:last-child { padding-right: 0; text-align: right; white-space: nowrap; }
.queries td:nth-child(2) { width: 9.5rem; font-weight: 650; }
.queries .broken td:nth-child(2) { color: var(--error); }
.queries .warned td:nth-child(2) { color: var(--warning); }
.queries details { margin-top: 0.35rem; }
.queries pre { margin-top: 0.4rem; font-size: 0.8125rem; }
@media (max-width: 44rem) {
  .queries, .queries thead, .queries tbody, .queries tr, .queries th, .queries td { display: block; width: auto; text-align: left; }
  .queries td:last-child { text-align: left; }
}
`

/** Which queries a finding hits: all of them, long lists folded. */
export function affectedBlock(finding: Finding): readonly Markup[] {
  return affectedGroups(finding, { named: Number.POSITIVE_INFINITY }).map(({ lead, queries, why }) => {
    const items = (some: readonly Pieces[]): Markup =>
      markup`<ul>${some.map((query) => markup`<li>${htmlPieces(query)}</li>`)}</ul>`
    const rest = queries.slice(maxOpen)
    return markup`<div class="hit"><p>${lead}${why.length === 0 ? '' : ': '}${htmlPieces(why)}</p>
${items(queries.slice(0, maxOpen))}${
      rest.length === 0
        ? undefined
        : markup`<details><summary>${rest.length} more</summary>${items(rest)}</details>`
    }</div>`
  })
}

/** The section "Your queries"; undefined when the report has none. */
export function queriesHtml(report: Report): Markup | undefined {
  const section = queriesSection(report)
  if (section === undefined) return undefined
  const { counts, facts, rows, unlisted, notCheckable, notCheckableMore } = section
  return markup`
<section aria-label="${queriesTitle}">
<h2>${queriesTitle}</h2>
<p>${counts}</p>
${facts.map((fact) => markup`<p class="note">${htmlPieces(fact)}</p>`)}
${rows.length === 0 ? undefined : table(rows)}
${unlisted === 0 ? undefined : markup`<p class="note">… and ${unlisted} more that this report does not list.</p>`}
${notCheckable.length === 0 ? undefined : notCheckableList(notCheckable, notCheckableMore)}
</section>`
}

function notCheckableList(queries: readonly Pieces[], more: number): Markup {
  const items = queries.map((query) => markup`\n<li>${htmlPieces(query)}</li>`)
  return markup`<h4>Not checkable</h4>
<ul class="lines">${items}${more === 0 ? undefined : markup`\n<li>… and ${more} more</li>`}
</ul>`
}

function table(rows: readonly QueryRow[]): Markup {
  return markup`<table class="queries">
<thead><tr><th>Query</th><th>What happens</th><th>Why</th><th>Calls</th></tr></thead>
<tbody>${rows.map(rowHtml)}
</tbody></table>`
}

const kinds: Readonly<Record<AffectedVerdict, 'broken' | 'warned'>> = {
  broken: 'broken',
  'other result': 'warned',
  slower: 'warned',
  blocked: 'warned',
}

function rowHtml(row: QueryRow): Markup {
  const { query, verdict, name, where, what, why, rate } = row
  const place =
    where.length === 0 ? undefined : markup`<br><span class="muted small">${htmlPieces(where)}</span>`
  return markup`
<tr class="${kinds[verdict]}"><td>${htmlPieces(name)}${place}</td><td>${what}</td><td>${lines(why)}${allEffects(row)}${planList(query.effects.flatMap(plansOf))}</td><td>${rate ?? '—'}</td></tr>`
}

function lines(why: readonly Pieces[]): Part {
  return why.map((line, index) => markup`${index === 0 ? undefined : markup`<br>`}${htmlPieces(line)}`)
}

/** What else happens to the query, where that is more than the row says. */
function allEffects({ query, why }: QueryRow): Markup | undefined {
  const { effects, state } = query
  if (effects.length <= Math.min(why.length, 2)) return undefined
  const items = effects.map((effect) => {
    const { what, why: reason } = effectWords(effect, state)
    return markup`<li>${what}: ${htmlPieces(reason)}</li>`
  })
  return markup`<details><summary>All that happens to it</summary><ul class="receipt">${items}</ul></details>`
}

/** Plans, folded. */
function planList(plans: readonly NamedPlan[]): readonly Markup[] {
  return plans.map(
    ({ title, parameters, text }) =>
      markup`<details><summary>${title}: plan${parameters === undefined ? '' : ` with ${parameters}`}</summary><pre tabindex="0"><code>${printable(text)}</code></pre></details>`,
  )
}

/** The plans of the query that a finding is about, folded. */
export function findingPlansHtml(report: Report, finding: Finding): readonly Markup[] {
  if (finding.query === undefined) return []
  return findingPlans(report, finding).flatMap(({ plans }) => planList(plans))
}
