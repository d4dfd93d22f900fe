import { constants } from 'node:os'

/** What the process says in the end. `docs/cli.md` lists them for users. */
export const exitCodes = {
  /** Nothing at or above --fail-on. */
  clean: 0,
  findings: 1,
  /** Usage, configuration, or a base revision that cannot be had. */
  usage: 2,
  /**
   * No server could be started or reached, or the machine refused us something; with --review-failure=error also a
   * review that could not be posted.
   */
  environment: 3,
  /** Our bug (EX_SOFTWARE of sysexits.h). */
  bug: 70,
} as const

/** The signals that end a run in good order. */
export const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndingSignal = (typeof endingSignals)[number]

/** 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP: 128 and the signal's number, as shells count. */
export function signalExitCode(signal: EndingSignal): number {
  return 128 + constants.signals[signal]
}

/** The reason with which a run is aborted when a signal comes. */
export class Interrupted extends Error {
  readonly signal: EndingSignal

  constructor(signal: EndingSignal) {
    super(`Interrupted by ${signal}.`)
    this.name = 'Interrupted'
    this.signal = signal
  }
}
