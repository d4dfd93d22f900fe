import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { junit } from '../../src/reporters/junit.ts'
import { cleanReport, emptyReport, sampleReport } from './sample-report.ts'
import { parseXml, type XmlElement } from './xml.ts'
import type { Report } from '../../src/core/model.ts'

const options = { color: false, width: 80 }
const document = (report: Report) => parseXml(junit(report, options))
const cases = (report: Report) => document(report).children.flatMap(({ children }) => children)
const ending = ({ children }: XmlElement) => children[0]?.name

describe('junit', () => {
  it('is well-formed XML of the elements and attributes that CI systems read', () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      testsuites: ['name', 'tests', 'failures', 'errors', 'skipped'],
      testsuite: ['name', 'tests', 'failures', 'errors', 'skipped'],
      testcase: ['classname', 'name', 'file', 'line'],
      failure: ['message', 'type'],
      skipped: [],
      'system-out': [],
    }
    const check = ({ name, attributes, children }: XmlElement): void => {
      expect(Object.keys(allowed)).toContain(name)
      for (const key of Object.keys(attributes)) expect(allowed[name]).toContain(key)
      children.forEach(check)
    }
    for (const report of [sampleReport, cleanReport, emptyReport]) check(document(report))
  })

  it('counts what it holds', () => {
    const root = document(sampleReport)
    for (const element of [root, ...root.children]) {
      const inner = element === root ? root.children.flatMap(({ children }) => children) : element.children
      expect(element.attributes).toMatchObject({
        tests: String(inner.length),
        failures: String(inner.filter((each) => ending(each) === 'failure').length),
        skipped: String(inner.filter((each) => ending(each) === 'skipped').length),
      })
    }
  })

  it('fails what is at or above --fail-on, and skips allowed findings and what was not checked', () => {
    const endings = (failOn: Report['settings']['failOn']) => {
      const report = { ...sampleReport, settings: { ...sampleReport.settings, failOn } }
      const all = cases(report).map(ending)
      return ['failure', 'system-out', 'skipped'].map((name) => all.filter((each) => each === name).length)
    }
    expect(endings('error')).toEqual([6, 5, 3])
    expect(endings('warning')).toEqual([9, 2, 3])
    expect(endings('info')).toEqual([10, 1, 3])
    expect(endings('never')).toEqual([0, 11, 3])
  })

  it('gives every test case a name of its own, because GitLab keeps one of equals', () => {
    const keys = cases(sampleReport).map(
      ({ attributes }) => `${attributes['classname']} ${attributes['name']}`,
    )
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('lists a clean migration as passed and limits of no file in a suite of their own', () => {
    expect(cases(cleanReport).map(({ attributes }) => attributes['name'])).toEqual(['nothing found'])
    const last = document(sampleReport).children.at(-1)
    expect(last?.attributes['name']).toBe('not checked')
    expect(last?.children[0]?.children[0]?.text).toContain('audit_log')
  })

  it.skipIf(spawnSync('xmllint', ['--version']).error !== undefined)('is well-formed for libxml2', () => {
    const { status, stderr } = spawnSync('xmllint', ['--noout', '-'], { input: junit(sampleReport, options) })
    expect(stderr.toString()).toBe('')
    expect(status).toBe(0)
  })
})
