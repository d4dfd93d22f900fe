import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/core/errors.ts'
import { bodyHash, formatMarker, parseMarker, visibleBody, withMarker } from '../../src/gitlab/marker.ts'
import type { Marker } from '../../src/gitlab/model.ts'
import { Random } from './random.ts'

const marker: Marker = {
  kind: 'finding',
  name: 'default',
  fingerprint: '0123456789abcdef0123',
  pathHash: 'abcdef012345',
  evidence: 'measured',
  mergeRequest: '42:7',
  headSha: 'a'.repeat(40),
  diffVersion: 12,
  pipelineId: 991,
  bodyHash: '0123456789abcdef',
  state: 'open',
}

const line =
  '<!-- pgrehearse:1 k=finding n=default fp=0123456789abcdef0123 p=abcdef012345 e=measured mr=42:7 ' +
  `head=${'a'.repeat(40)} dv=12 pl=991 b=0123456789abcdef st=open -->`

describe('a marker', () => {
  test('is one line of HTML comment', () => {
    expect(formatMarker(marker)).toBe(line)
  })

  test.each<Marker>([
    marker,
    { ...marker, state: 'resolved', evidence: 'known' },
    { kind: 'sticky', ...common() },
    { kind: 'superseded', ...common() },
    { kind: 'answer', note: 17, ...common() },
    { kind: 'reply', fingerprint: '0123456789abcdef0123', ...common() },
  ])('is read as it was written: $kind', (each) => {
    expect(parseMarker(`Text\n\n${formatMarker(each)}`)).toEqual(each)
  })

  test('is found behind white space and other line ends', () => {
    expect(parseMarker(`Text\r\n\r\n${line}\r\n \n`)).toEqual(marker)
  })

  test('may have keys of a later version, which are left out', () => {
    expect(parseMarker(line.replace(' st=open', ' st=open x=1'))).toEqual(marker)
  })

  test.each([
    ['in the middle of a note', `${line}\nmore`],
    ['behind text on its line', `text ${line}`],
    ['of another version', line.replace('pgrehearse:1', 'pgrehearse:2')],
    ['with a key twice', line.replace(' st=open', ' st=open st=resolved')],
    ['with a double hyphen', line.replace('n=default', 'n=a--b')],
    ['with a value that ends the comment', line.replace('n=default', 'n=a>b')],
    ['with an unknown kind', line.replace('k=finding', 'k=other')],
    ['with a number that is none', line.replace('dv=12', 'dv=1e3')],
    ['without the state of its thread', line.replace(' st=open', '')],
    ['without its evidence', line.replace(' e=measured', '')],
    ['without a fingerprint', line.replace(' fp=0123456789abcdef0123', '')],
    ['of an answer to nothing', line.replace('k=finding', 'k=answer')],
    ['with two spaces', line.replace(' dv', '  dv')],
    ['over two lines', line.replace(' dv', '\ndv')],
    ['in capitals', line.toUpperCase()],
  ])('is not believed %s', (_, body) => {
    expect(parseMarker(body)).toBeUndefined()
  })

  test('that hostile text forges does not hide ours', () => {
    const body = withMarker(`\`\`\`\n${line}\n\`\`\``, marker)
    expect(parseMarker(body)?.bodyHash).toBe(bodyHash(visibleBody(body)))
  })

  test.each(['a--b', 'a b', 'ü', '', 'x'.repeat(201), 'a>'])('refuses %j as a name', (name) => {
    expect(() => formatMarker({ ...marker, name })).toThrow(UsageError)
  })
})

describe('the visible part of a note', () => {
  test('is what was written, with its hash in the marker', () => {
    const body = withMarker('One\n\nTwo\n', marker)
    expect(visibleBody(body)).toBe('One\n\nTwo')
    expect(parseMarker(body)?.bodyHash).toBe(bodyHash('One\n\nTwo'))
  })

  test('is the whole note where there is no marker', () => {
    expect(visibleBody('One\n<!-- something else -->')).toBe('One\n<!-- something else -->')
  })

  test('is without the marker of a version that we do not know', () => {
    expect(visibleBody('One\n\n<!-- pgrehearse:9 new=style -->')).toBe('One')
  })

  test('has the same hash whatever the server does to line ends and white space at their ends', () => {
    const random = new Random(7)
    for (let round = 0; round < 200; round++) {
      const lines = Array.from({ length: random.below(8) }, () =>
        random.pick(['', 'a', '  b', '| c |', '```']),
      )
      const text = lines.join('\n')
      const stored = lines.map((each) => each + random.pick(['', ' ', '\t'])).join('\r\n')
      expect(bodyHash(`${stored}\r\n`)).toBe(bodyHash(text))
      expect(bodyHash(visibleBody(withMarker(text, marker).replaceAll('\n', '\r\n')))).toBe(bodyHash(text))
    }
  })

  test('has another hash when a word, an indentation or an empty line differs', () => {
    const texts = ['a\nb', 'a\nc', 'a\n b', 'a\n\nb', 'ab']
    expect(new Set(texts.map(bodyHash)).size).toBe(texts.length)
  })
})

function common() {
  return {
    ...{ name: 'default', mergeRequest: '42:7', headSha: 'abc', diffVersion: 0, pipelineId: 0 },
    bodyHash: '0123456789abcdef',
  }
}
