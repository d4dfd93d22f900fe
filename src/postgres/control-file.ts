/** What `global/pg_control` says about a cluster that does not run. */
export interface ControlFile {
  /** Shut down in good order, so that no recovery is needed. */
  readonly isCleanlyStopped: boolean
  /** Name of the file in pg_wal with the last checkpoint, all that such a cluster needs of its WAL. */
  readonly walFile: string
}

/** Bytes of a WAL file in our clusters (initdb --wal-segsize, in MB, is the same number). */
export const walSegmentBytes = 1024 * 1024

const stateShutDown = 1 // DB_SHUTDOWNED

/**
 * Reads the fields of ControlFileData (src/include/catalog/pg_control.h) that have stood at the same place since
 * Postgres 11: state at 16, checkPoint at 32, checkPointCopy.ThisTimeLineID at 48. In the machine's byte order,
 * which is little-endian on every platform that we have binaries for.
 */
export function readControlFile(bytes: Buffer): ControlFile {
  const checkpoint = bytes.readBigUInt64LE(32)
  const timeLine = bytes.readUInt32LE(48)
  const segment = checkpoint / BigInt(walSegmentBytes)
  const perLogId = 2n ** 32n / BigInt(walSegmentBytes)
  // XLogFileName in src/include/access/xlog_internal.h
  const parts = [BigInt(timeLine), segment / perLogId, segment % perLogId]
  return {
    isCleanlyStopped: bytes.readUInt32LE(16) === stateShutDown,
    walFile: parts.map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join(''),
  }
}
