import { expect, test } from 'vitest'
import { decodeText } from '../../src/sources/text.ts'

const bytes = (...values: readonly (number | string)[]): Uint8Array =>
  Buffer.concat(values.map((value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.of(value))))

test('leaves a byte order mark out of the text, so that offsets count from the first character', () => {
  expect(decodeText(bytes(0xef, 0xbb, 0xbf, 'SELECT 1;'))).toEqual({ text: 'SELECT 1;' })
})

test('keeps a mark that is not at the beginning', () => {
  expect(decodeText(bytes('a', 0xef, 0xbb, 0xbf, 'b'))).toEqual({ text: 'a\uFEFFb' })
})

test('keeps carriage returns', () => {
  expect(decodeText(bytes('a\r\nb'))).toEqual({ text: 'a\r\nb' })
})

test('takes an empty file as empty text', () => {
  expect(decodeText(bytes())).toEqual({ text: '' })
})

test('points to the byte that is not UTF-8, counting columns in characters', () => {
  expect(decodeText(bytes("-- Grüße\nINSERT INTO t VALUES ('é", 0xe9, "');"))).toEqual({
    problem: 'is not UTF-8: byte 0xe9 at offset 36 (line 2, column 25)',
  })
})

test('points to the beginning of a character that is cut off at the end', () => {
  expect(decodeText(bytes('ab', 0xe2, 0x82))).toEqual({
    problem: 'is not UTF-8: byte 0xe2 at offset 2 (line 1, column 3)',
  })
})

test('finds the bad byte behind a byte order mark', () => {
  expect(decodeText(bytes(0xef, 0xbb, 0xbf, 'a', 0xff))).toEqual({
    problem: 'is not UTF-8: byte 0xff at offset 4 (line 1, column 2)',
  })
})

test.each([
  [[0xff, 0xfe, 0x53, 0x00], 'is UTF-16 (little endian); save it as UTF-8'],
  [[0xfe, 0xff, 0x00, 0x53], 'is UTF-16 (big endian); save it as UTF-8'],
])('names UTF-16 by its mark %j', (values, problem) => {
  expect(decodeText(bytes(...values))).toEqual({ problem })
})

test('refuses NUL, which is what UTF-16 without a mark looks like', () => {
  expect(decodeText(bytes('S', 0, 'E', 0))).toEqual({
    problem: 'holds a NUL character at line 1, column 2; Postgres cannot read it',
  })
})
