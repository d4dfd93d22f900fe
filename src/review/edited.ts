import type { EditedScript, MigrationScript } from '../core/source.ts'
import { nameOf } from '../sources/paths.ts'
import type { Sides } from './compare.ts'
import { nameScripts, normalised, placeOf } from './scripts.ts'

/** Old scripts that are not what they were, and the new ones that are old ones under another name. */
export interface EditedScripts {
  readonly edited: readonly EditedScript[]
  readonly renamed: ReadonlySet<MigrationScript>
}

/** Compares the scripts that the base had with what became of them; `additions` are those that it had not. */
export function findEdited(sides: Sides, additions: readonly MigrationScript[]): EditedScripts {
  const search = new Search(sides, additions)
  const edited: EditedScript[] = []
  for (const [key, script] of sides.baseScripts) {
    const entry = script.draft === true ? undefined : search.whatBecameOf(key, script)
    if (entry !== undefined) edited.push(entry)
  }
  return { edited, renamed: search.renamed }
}

class Search {
  readonly renamed = new Set<MigrationScript>()
  private readonly sides: Sides
  private readonly byVersion: ReadonlyMap<string, MigrationScript>
  private readonly byText: ReadonlyMap<string, MigrationScript>
  private readonly unreadable: ReadonlySet<string>
  private readonly baseName: (script: MigrationScript) => string
  private readonly headName: (script: MigrationScript) => string

  constructor(sides: Sides, additions: readonly MigrationScript[]) {
    const { base, head } = sides.versions
    this.sides = sides
    this.byVersion = new Map(
      additions.flatMap((script) => (script.version === null ? [] : [[script.version, script]])),
    )
    this.byText = new Map(additions.map((script) => [normalised(script), script]))
    this.unreadable = new Set(
      head.problems.filter(({ code }) => code === 'unreadable-file').map(({ file }) => file),
    )
    this.baseName = nameScripts(base)
    this.headName = nameScripts(head)
  }

  whatBecameOf(key: string, script: MigrationScript): EditedScript | undefined {
    const { differs, headScripts, headPlaces, versions } = this.sides
    const after = headScripts.get(key)
    if (after !== undefined)
      return script.repeatable || !differs(script, after) ? undefined : this.edited(script, after)
    // its file holds no such script any more, or not this one
    if (script.id === undefined && headPlaces.has(key))
      return versions.isTouched(script.file) ? this.edited(script) : undefined
    if (!versions.knowsDeletions || !versions.isTouched(script.file)) return undefined
    if (script.id !== undefined && this.unreadable.has(script.file)) return undefined
    const successor = script.version === null ? undefined : this.byVersion.get(script.version)
    if (successor === undefined) return this.deleted(script)
    this.renamed.add(successor)
    return this.renamedTo(script, successor)
  }

  private edited(script: MigrationScript, after?: MigrationScript): EditedScript {
    const place = after === undefined ? undefined : placeOf(after)
    return {
      script,
      change: 'edited',
      ...this.names(script, after),
      ...(place === undefined ? {} : { place }),
      ...says(this.sides.versions.head.whenEdited),
    }
  }

  private renamedTo(script: MigrationScript, successor: MigrationScript): EditedScript | undefined {
    const { head } = this.sides.versions
    const isSameName = head.identifiedBy === 'version' || nameOf(script.file) === nameOf(successor.file)
    if (isSameName && normalised(script) === normalised(successor)) return undefined
    return { ...this.edited(script, successor), renamedTo: successor.file }
  }

  private deleted(script: MigrationScript): EditedScript {
    const text = normalised(script)
    const copy = text.trim() === '' ? undefined : this.byText.get(text)
    return {
      script,
      change: 'deleted',
      ...this.names(script, copy),
      ...(copy === undefined ? {} : { renamedTo: copy.file }),
      ...says(this.sides.versions.head.whenDeleted),
    }
  }

  private names(
    script: MigrationScript,
    after: MigrationScript | undefined,
  ): Pick<EditedScript, 'name' | 'newName'> {
    const name = this.baseName(script)
    const newName = after === undefined ? undefined : this.headName(after)
    return {
      ...(name === script.file ? {} : { name }),
      ...(newName === undefined || newName === after?.file ? {} : { newName }),
    }
  }
}

function says(sentence: string | undefined): Pick<EditedScript, 'toolSays'> {
  return sentence === undefined ? {} : { toolSays: sentence }
}
