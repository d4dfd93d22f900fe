import { describe, expect, it } from 'vitest'
import { github } from '../../src/reporters/github.ts'
import { controlCharacter } from './control-characters.ts'
import { cleanReport, sampleReport } from './sample-report.ts'

const options = { color: false, width: 80 }
const lines = github(sampleReport, options).trimEnd().split('\n')

/** Reads a workflow command as the runner does (actions/runner, ActionCommand.cs). */
function parse(line: string): { name: string; properties: Record<string, string>; data: string } {
  const [, name = '', list = '', data = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? []
  const decode = (text: string) =>
    text
      .replaceAll('%2C', ',')
      .replaceAll('%3A', ':')
      .replaceAll('%0A', '\n')
      .replaceAll('%0D', '\r')
      .replaceAll('%25', '%')
  const properties = list.split(',').map((pair) => pair.split('=', 2) as [string, string])
  return {
    name,
    properties: Object.fromEntries(properties.map(([key, value]) => [key, decode(value)])),
    data: decode(data),
  }
}

describe('github', () => {
  it('writes one command for each open finding and each limit, and one for what is accepted', () => {
    const names = lines.map((line) => parse(line).name)
    expect(names.filter((name) => name === 'error')).toHaveLength(6)
    expect(names.filter((name) => name === 'warning')).toHaveLength(3)
    // the last is about what is accepted
    expect(names.filter((name) => name === 'notice')).toHaveLength(2 + sampleReport.notChecked.length)
    expect(github(cleanReport, options)).toBe('')
  })

  it('escapes what a name holds, so that it stays one command', () => {
    const hostile = lines.map(parse).find(({ data }) => data.includes('%0A::error::'))
    expect(hostile?.name).toBe('error')
    expect(hostile?.properties['title']).toBe('pgrehearse: require-lock-timeout')
    expect(hostile?.properties['file']).toContain('<img src')
    expect(hostile?.data).toContain('Remedy: /merge @all <b>now</b>')
    expect(lines.join('')).not.toMatch(controlCharacter)
  })

  it('gives columns only for annotations within one line', () => {
    const [single, several] = lines.map(parse)
    expect(single?.properties).toMatchObject({ line: '4', endLine: '4', col: '1', endColumn: '66' })
    expect(several?.properties).toMatchObject({ line: '6', endLine: '7' })
    expect(several?.properties).not.toHaveProperty('col')
  })
})
