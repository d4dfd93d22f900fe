import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDiff, type FileChange } from '../../src/gitlab/diff.ts'
import { DiffedWorkspace } from './diffed-workspace.ts'
import { Random } from './random.ts'

const added = (change: FileChange | undefined) =>
  change?.lines.filter(({ oldLine }) => oldLine === undefined).map(({ newLine, text }) => [newLine, text])

describe('readDiff', () => {
  it('reads lines that look like patch headers as lines', async () => {
    const hostile = [
      '++ y',
      'diff --git a/evil.sql b/evil.sql',
      '--- a/evil.sql',
      '+++ b/evil.sql',
      '@@ -1 +1 @@',
      '\\ No newline at end of file',
      'rename from evil.sql',
      'Binary files a/x and b/x differ',
      '',
    ]
    const folder = await DiffedWorkspace.create({
      'a.sql': 'SELECT 1;\n-- x\n-- y\nSELECT 2;\r\nlast',
      'b.sql': 'b\n',
    })
    await folder.write({
      'a.sql': ['SELECT 1;', ...hostile, 'SELECT 2;\r', 'last', ''].join('\n'),
      'b.sql': 'c\n',
    })
    const changes = readDiff(await folder.diff())
    expect(changes.map(({ newPath, kind }) => [newPath, kind])).toEqual([
      ['a.sql', 'edited'],
      ['b.sql', 'edited'],
    ])
    expect(changes[0]?.removed).toEqual(['-- x', '-- y', 'last'])
    expect(added(changes[0])).toEqual([...hostile.map((text, at) => [at + 2, text]), [12, 'last']])
    expect(changes[0]?.lines.find(({ text }) => text === 'SELECT 2;\r')).toEqual({
      newLine: 11,
      oldLine: 4,
      text: 'SELECT 2;\r',
    })
    expect(added(changes[1])).toEqual([[1, 'c']])
  })

  it.each(['on', 'off'])('keeps every character of a file name (core.quotePath %s)', async (quotePath) => {
    const names = [
      'ü ñ.sql',
      'trailing ',
      'trailing',
      'tab\tquote"feed\nend.sql',
      'back\\slash.sql',
      'line\u2028separator.sql',
      'no-break\u00a0',
      'a b/a b/x.sql',
      ' b/y.sql',
      'a/b/a/b',
      '\r.sql',
      '"quoted"',
    ]
    const folder = await DiffedWorkspace.create(Object.fromEntries(names.map((name) => [name, 'one\n'])))
    await folder.write(Object.fromEntries(names.map((name) => [name, 'one\ntwo\n'])))
    const changes = readDiff(await folder.diff(`core.quotePath=${quotePath}`))
    expect(changes.map(({ newPath }) => newPath).sort()).toEqual([...names].sort())
    for (const change of changes) {
      expect(change.oldPath).toBe(change.newPath)
      expect(added(change)).toEqual([[2, 'two']])
    }
  })

  it.each(['on', 'off'])('gives both names of a renamed file (core.quotePath %s)', async (quotePath) => {
    const text = Array.from({ length: 20 }, (_, at) => `-- line ${at}\n`).join('')
    const renames = [
      ['old.sql', 'new b/ü.sql'],
      ['plain b/x.sql', 'tab\t b/x.sql'],
      ['end ', 'other\u2028end '],
    ] as const
    const folder = await DiffedWorkspace.create(
      Object.fromEntries(renames.map(([from], at) => [from, `${text}-- ${at}\n`.repeat(at + 1)])),
    )
    await Promise.all(renames.map(([from, to]) => folder.move(from, to)))
    const pure = readDiff(await folder.diff(`core.quotePath=${quotePath}`))
    expect(new Set(pure.map(({ oldPath, newPath, kind }) => `${kind} ${oldPath} > ${newPath}`))).toEqual(
      new Set(renames.map(([from, to]) => `renamed ${from} > ${to}`)),
    )
    await folder.write({ 'new b/ü.sql': `${text}-- 0\n-- more\n` })
    const edited = readDiff(await folder.diff(`core.quotePath=${quotePath}`))
    expect(added(edited.find(({ oldPath }) => oldPath === 'old.sql'))).toEqual([[22, '-- more']])
  })

  it('tells new, deleted, empty, binary and executable files apart', async () => {
    const folder = await DiffedWorkspace.create({
      'deleted.sql': '-- gone\n',
      binary: new Uint8Array([0, 1, 2]),
      'mode.sh': 'x\n',
      'no-end.sql': 'x',
    })
    await folder.remove('deleted.sql')
    await chmod(join(folder.path, 'mode.sh'), 0o755)
    await folder.write({
      'new.sql': '-- new\n',
      'empty.sql': '',
      binary: new Uint8Array([0, 1]),
      'no-end.sql': 'y',
    })
    const changes = readDiff(await folder.diff())
    expect(changes.map(({ newPath, oldPath, kind, binary }) => [newPath, oldPath, kind, binary])).toEqual([
      ['binary', 'binary', 'edited', true],
      ['deleted.sql', 'deleted.sql', 'deleted', false],
      ['empty.sql', 'empty.sql', 'added', false],
      ['mode.sh', 'mode.sh', 'edited', false],
      ['new.sql', 'new.sql', 'added', false],
      ['no-end.sql', 'no-end.sql', 'edited', false],
    ])
    expect(changes.map((change) => added(change)?.map(([, text]) => text))).toEqual([
      [],
      [],
      [],
      [],
      ['-- new'],
      ['y'],
    ])
    expect(changes[1]?.removed).toEqual(['-- gone'])
  })

  it('reads empty context lines that git wrote without a space', async () => {
    const folder = await DiffedWorkspace.create({ 'a.sql': 'a\n\n\nb\n' })
    await folder.write({ 'a.sql': 'a\n\n\nb\nc\n' })
    const changes = readDiff(await folder.diff('diff.suppressBlankEmpty=true'))
    expect(changes[0]?.lines.map(({ newLine, oldLine, text }) => [newLine, oldLine, text])).toEqual([
      [2, 2, ''],
      [3, 3, ''],
      [4, 4, 'b'],
      [5, undefined, 'c'],
    ])
  })

  it('gives nothing for no difference, and refuses what is not a patch or is cut', () => {
    expect(readDiff('')).toEqual([])
    expect(() => readDiff('warning: something\n')).toThrow(/began with "warning: something"/)
    const cut = 'diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-x\n'
    expect(() => readDiff(cut)).toThrow(/ended within a hunk/)
  })

  it('agrees with git and with the files on random edits of hostile SQL', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const random = new Random(seed)
      const before = Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`m/${at}.sql`, randomText(random)]),
      )
      const folder = await DiffedWorkspace.create(before)
      const after = Object.fromEntries(
        Object.entries(before).map(([name, text]) => [name, editRandomly(text, random)]),
      )
      await folder.write(after)
      const context = random.pick(['-U0', '-U1', '-U3', '-U20'])
      const changes = readDiff(await folder.diff(`diff.context=${context.slice(2)}`))
      const counts = await folder.git('diff', '--cached', '--numstat')
      expect(
        changes.map((change) => `${added(change)?.length}\t${change.removed.length}\t${change.newPath}`),
        `seed ${seed}`,
      ).toEqual(counts.split('\n'))
      for (const change of changes) {
        const now = after[change.newPath]?.split('\n')
        const then = before[change.newPath]?.split('\n')
        for (const { newLine, oldLine, text } of change.lines) {
          expect(now?.[newLine - 1], `seed ${seed} ${change.newPath}:${newLine}`).toBe(text)
          expect(oldLine === undefined ? text : then?.[oldLine - 1]).toBe(text)
        }
      }
    }
  })
})

const lineParts = [
  '-- x',
  '--',
  '++ y',
  '+',
  '-',
  '--- a/m/1.sql',
  '+++ b/m/1.sql',
  'diff --git a/m/1.sql b/m/1.sql',
  '@@ -1,3 +1,3 @@',
  '\\ No newline at end of file',
  'rename from x',
  'index 123..456 100644',
  '===================================================================',
  'Index: x',
  'Binary files a/x and b/x differ',
  '',
  ' ',
  'SELECT 1;',
  'SELECT 2;\r',
  '\u2028',
]

function randomLine(random: Random): string {
  return random.pick(lineParts) + (random.chance(0.2) ? String(random.below(3)) : '')
}

function randomText(random: Random): string {
  const lines = Array.from({ length: 1 + random.below(40) }, () => randomLine(random))
  return lines.join('\n') + (random.chance(0.7) ? '\n' : '')
}

function editRandomly(text: string, random: Random): string {
  const lines = text.split('\n')
  for (let edits = random.below(6); edits > 0; edits--) {
    const fresh = Array.from({ length: random.below(3) }, () => randomLine(random))
    lines.splice(random.below(lines.length + 1), random.below(4), ...fresh)
  }
  return lines.join('\n')
}
