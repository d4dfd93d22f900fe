// The least that any tool on this parser has to do: load it, read the file, parse it. Plain JavaScript, so that
// nothing else is measured.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { loadModule, parseSync } from 'pgsql-parser'

await loadModule()
const { stmts } = parseSync(readFileSync(process.argv[2], 'utf8'))
if (stmts.length === 0) process.exitCode = 70
