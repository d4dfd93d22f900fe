/** HTML and XML by tagged templates that escape what they are given. */

import { printable } from './printable.ts'

/** Text that is already markup; only the tags here make it. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What may stand in a template: text and numbers are escaped, markup is not, a list is joined, nothing is left out. */
export type Part = string | number | Markup | undefined | readonly Part[]

/**
 * Markup from a template. Values are escaped for element content and for quoted attributes, so
 * attributes must be quoted; they must not be put into script, style or event handlers.
 * Control characters, which XML forbids, are spelled out.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = parts.map(render)
  return new Markup(strings.map((string, index) => string + (texts[index] ?? '')).join(''))
}

/** Escapes text for element content and quoted attributes, in HTML and XML alike. */
function escapeMarkup(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll('\ufffe', '\ufffd')
    .replaceAll('\uffff', '\ufffd')
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'string') return escapeMarkup(part)
  if (typeof part === 'number') return String(part)
  return part.map(render).join('')
}
