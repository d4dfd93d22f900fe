import type { FileTree, MigrationScript, SkippedFile, SourceOptions, SourceProblem } from '../core/source.ts'
import { readChangelog, type ChangelogNode } from './liquibase-changelog.ts'
import { codeChangeset, sqlChangeset, type Changeset } from './liquibase-changes.ts'
import { runsForLabels, runsInContexts } from './liquibase-filter.ts'
import {
  isFormattedSql,
  readFormattedSql,
  runsOnPostgres,
  type LiquibaseChangeset,
} from './liquibase-formatted.ts'
import { LiquibaseParameters } from './liquibase-parameters.ts'
import { changesetScript, rawScript, type ChangesetText } from './liquibase-script.ts'
import { compareText, folderOf, isInside, joinPath, normalisePath } from './paths.ts'
import { parseProperties } from './flyway-settings.ts'
import { readText } from './read.ts'

/** What decides which changesets run, and where changelogs look for files. */
export interface WalkSettings {
  readonly parameters: Readonly<Record<string, string>>
  readonly contexts: readonly string[]
  readonly labelFilter: string | undefined
  /** Folders that paths may be relative to, first choice first. */
  readonly searchPath: readonly string[]
  readonly options: SourceOptions
}

/** Everything that an include passes on to what it includes. */
interface Surrounding {
  readonly contexts: readonly (string | undefined)[]
  readonly labels: readonly (string | undefined)[]
  readonly isIgnored: boolean
  /** Changelogs that are being read, outermost first. */
  readonly open: readonly string[]
}

/** Changelogs that include each other, each several times, are as many as one likes. */
const mostReads = 10_000

/** More mistakes help nobody: those of all files, and of one. */
const mostProblems = 100
export const mostTold = 20

/** Changelogs may include each other this deep; Liquibase itself has no limit but its stack. */
const deepest = 50

/** Reads changelogs in the order in which Liquibase reads them (DatabaseChangeLog.java, liquibase-core 4.31). */
export class ChangelogWalk {
  readonly scripts: MigrationScript[] = []
  readonly skipped: SkippedFile[] = []
  readonly problems: SourceProblem[] = []
  /** Files that were read, changelogs and SQL. */
  readonly seen = new Set<string>()
  /** Changesets whose preconditions were left out of account, and those that name contexts. */
  readonly conditional: string[] = []
  readonly contextual: string[] = []
  private reads = 0
  private readonly files: FileTree
  private readonly paths: readonly string[]
  private readonly settings: WalkSettings
  private readonly parameters: LiquibaseParameters

  constructor(files: FileTree, paths: readonly string[], settings: WalkSettings) {
    this.files = files
    this.paths = paths
    this.settings = settings
    this.parameters = new LiquibaseParameters(settings.parameters)
  }

  /** A changelog of any format with all that it includes. */
  async read(file: string, around: Surrounding = nothingAround): Promise<void> {
    if (around.open.includes(file) || around.open.length > deepest || !this.mayRead(file)) return
    this.seen.add(file)
    const read = await readText(this.files, file)
    if ('problem' in read) this.problems.push(read.problem)
    else if (/\.sql$/i.test(file)) this.readSql(file, read.text, around)
    else await this.readNodes(file, read.text, { ...around, open: [...around.open, file] })
  }

  private mayRead(file: string): boolean {
    this.reads += 1
    if (this.reads === mostReads + 1) {
      const message = `More than ${mostReads} files are included here, or the same ones again and again; ${file} and what follows was not read.`
      this.problems.push({ code: 'unreadable-file', file, message })
    }
    return this.reads <= mostReads
  }

  private readSql(file: string, text: string, around: Surrounding): void {
    if (!isFormattedSql(text)) {
      if (this.runs({}, around)) this.scripts.push(rawScript(file, text, this.settings.options))
      return
    }
    const changelog = readFormattedSql(text, file, this.parameters)
    for (const message of changelog.refused.slice(0, mostTold))
      this.problems.push({ code: 'refused-by-tool', file, message: `${message}.` })
    this.sayUnknown(file)
    for (const changeset of changelog.changesets) {
      const owner = changeset.logicalFilePath ?? file
      this.add(changeset, { file, owner, text: changelog.text }, around)
    }
  }

  private async readNodes(file: string, text: string, around: Surrounding): Promise<void> {
    const nodes = await readChangelog(file, text)
    if (nodes === undefined) {
      if (around.open.length === 1) this.refuse(file, 'is no changelog that can be read')
      return
    }
    for (const node of nodes) await this.takeNode(node, file, text, around)
  }

  private async takeNode(
    node: ChangelogNode,
    file: string,
    text: string,
    around: Surrounding,
  ): Promise<void> {
    if (node.name === 'property') await this.takeProperty(node, file)
    else if (node.name === 'include') await this.include(node, file, inside(node, around))
    else if (node.name === 'includeAll') await this.includeAll(node, file, inside(node, around))
    else if (node.name === 'preConditions') this.conditional.push(file)
    else if (node.name === 'changeSet') await this.takeChangeset(node, file, text, around)
  }

  private async takeChangeset(
    node: ChangelogNode,
    file: string,
    text: string,
    around: Surrounding,
  ): Promise<void> {
    const code = codeChangeset(node)
    if (code !== undefined) {
      if (this.runs(code.changeset, around))
        this.skipped.push({ file, reason: code.reason, affectsOthers: true })
      return
    }
    const found = sqlChangeset(node, file, text, this.parameters)
    if (found === undefined) return
    const { path } = found
    if (path === undefined) return this.add(found.changeset, { file, owner: file, text: found.text }, around)
    const target = this.resolve(path.text, file, path.isRelative, (known) => this.paths.includes(known))
    if (target === undefined) return this.refuse(file, `names ${path.text}, which is not there`)
    this.seen.add(target)
    const read = await readText(this.files, target)
    if ('problem' in read) return void this.problems.push(read.problem)
    const filled = this.parameters.expand(read.text, file)
    this.sayUnknown(target)
    const changeset = { ...found.changeset, start: 0, end: filled.length }
    this.add(changeset, { file: target, owner: file, text: filled, changelog: file }, around)
  }

  private add(changeset: LiquibaseChangeset, from: ChangesetText, around: Surrounding): void {
    const name = `${changeset.author}:${changeset.id}`
    const why = this.whyNot(changeset, around)
    if (why !== undefined) {
      this.skipped.push({ file: from.file, reason: `changeset ${name} ${why}`, affectsOthers: false })
      return
    }
    const isContextual = [changeset.context, ...around.contexts].some((context) => context !== undefined)
    if (isContextual) this.contextual.push(name)
    if (changeset.hasPreconditions) this.conditional.push(name)
    const script = changesetScript(changeset, from, this.settings.options)
    if (copiesFromClient(script))
      this.refuse(from.file, `has COPY FROM STDIN in changeset ${name}, which needs psql`)
    this.scripts.push(script)
  }

  private runs(changeset: Changeset, around: Surrounding): boolean {
    return this.whyNot(changeset, around) === undefined
  }

  private whyNot(changeset: Changeset, around: Surrounding): string | undefined {
    const { contexts, labelFilter } = this.settings
    if (changeset.ignored === true || around.isIgnored) return 'says ignore:true'
    if (!runsOnPostgres(changeset.dbms)) return `is for other databases (dbms:${changeset.dbms})`
    if (!runsInContexts([changeset.context, ...around.contexts], contexts))
      return `is not for the contexts ${contexts.join(', ') || 'of a run without any'}`
    if (![changeset.labels, ...around.labels].every((labels) => runsForLabels(labels, labelFilter)))
      return `has not the labels that ${labelFilter} asks for`
    return undefined
  }

  private async takeProperty(node: ChangelogNode, file: string): Promise<void> {
    const { name, value, file: from, dbms, global, relativeToChangelogFile } = node.attributes
    if (!runsOnPostgres(dbms)) return
    const scope = global === 'false' ? file : undefined
    if (from === undefined) return this.parameters.set(name ?? '', value ?? node.text.trim(), scope)
    const isThere = (path: string): boolean => this.paths.includes(path)
    const target = this.resolve(from, file, relativeToChangelogFile === 'true', isThere)
    const read = target === undefined ? undefined : await readText(this.files, target)
    if (read === undefined || 'problem' in read) return
    for (const [key, text] of parseProperties(read.text)) this.parameters.set(key, text, scope)
  }

  private async include(node: ChangelogNode, file: string, around: Surrounding): Promise<void> {
    const { file: path = '', relativeToChangelogFile, errorIfMissing } = node.attributes
    const isThere = (known: string): boolean => this.paths.includes(known)
    const wanted = this.parameters.expand(path, file)
    const target = this.resolve(wanted, file, relativeToChangelogFile === 'true', isThere)
    if (target !== undefined) await this.read(target, around)
    else if (errorIfMissing !== 'false') this.refuse(file, `includes ${wanted}, which is not there`)
  }

  private async includeAll(node: ChangelogNode, file: string, around: Surrounding): Promise<void> {
    const { path = '', relativeToChangelogFile, errorIfMissingOrEmpty, endsWithFilter = '' } = node.attributes
    const wanted = this.parameters.expand(path, file)
    const hasFiles = (dir: string): boolean => this.paths.some((known) => isInside(known, dir))
    const dir = this.resolve(wanted, file, relativeToChangelogFile === 'true', hasFiles)
    if (this.reads > mostReads) return
    if (dir === undefined) {
      if (errorIfMissingOrEmpty !== 'false') this.refuse(file, `includes all of ${wanted}, where nothing is`)
      return
    }
    const depth = (known: string): number => known.slice(dir.length).split('/').length - 1
    const inDir = this.paths.filter(
      (known) =>
        isInside(known, dir) &&
        known.toLowerCase().endsWith(endsWithFilter.toLowerCase()) &&
        /\.(?:sql|xml|ya?ml|json)$/i.test(known) &&
        depth(known) <= Number(node.attributes['maxDepth'] ?? Infinity) &&
        depth(known) >= Number(node.attributes['minDepth'] ?? 0),
    )
    for (const known of inDir.sort(compareText)) await this.read(known, around)
  }

  /** The first place where the path is: beside the changelog, or below one of the search paths. */
  private resolve(
    path: string,
    from: string,
    isRelative: boolean,
    isThere: (path: string) => boolean,
  ): string | undefined {
    const plain = path.replace(/^classpath\*?:/, '').replaceAll('\\', '/')
    const folders = isRelative ? [folderOf(from)] : this.settings.searchPath
    return folders
      .map((folder) => normalisePath(joinPath(folder, plain.replace(/^\/+/, ''))))
      .find((found) => found !== undefined && isThere(found))
  }

  private refuse(file: string, what: string): void {
    if (this.problems.length >= mostProblems) return
    this.problems.push({ code: 'refused-by-tool', file, message: `Liquibase stops: ${file} ${what}.` })
  }

  private sayUnknown(file: string): void {
    const names = this.parameters.takeUnknown()
    if (names.length === 0) return
    const written = names.map((name) => `\${${name}}`).join(', ')
    const message = `${file} uses ${written}, for which no value is known, and Liquibase leaves as it is what has none.`
    const remedy = 'Give the value that your runner has under placeholders in the configuration.'
    this.problems.push({ code: 'unresolved-placeholder', file, message, remedy })
  }
}

/** The driver knows COPY data only through an interface of its own (CopyManager), which Liquibase does not use. */
function copiesFromClient({ text, parts = [] }: MigrationScript): boolean {
  return parts.some(({ start, end }) => /^\s*copy\b[^;']*\bfrom\s+stdin\b/i.test(text.slice(start, end)))
}

const nothingAround: Surrounding = { contexts: [], labels: [], isIgnored: false, open: [] }

function inside({ attributes }: ChangelogNode, around: Surrounding): Surrounding {
  return {
    ...around,
    contexts: [...around.contexts, attributes['contextFilter'] ?? attributes['context']],
    labels: [...around.labels, attributes['labels']],
    isIgnored: around.isIgnored || attributes['ignore'] === 'true',
  }
}
