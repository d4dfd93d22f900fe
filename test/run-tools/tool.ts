import type { Installable } from '../real-tools/kept-tools.ts'

/** A migration tool whose command pgrehearse runs: `fixtures/tools/<name>` is a project that uses it. */
export interface RunTool extends Installable {
  /** Programs that must be on the PATH. */
  readonly needs: readonly string[]
  /** Roughly what installing takes the first time, in seconds on two cores: the quick ones run first. */
  readonly installSeconds: number
  /** Folders, below the tool's, whose programs the project's command finds. */
  readonly programs?: readonly string[]
  /** The packages of npm are in the tool's folder: the project gets them as its `node_modules`. */
  readonly hasNodeModules?: true
  /** pgrehearse reads the same migrations from their files as well: both ways have to say the same. */
  readonly readFromFiles?: true
}
