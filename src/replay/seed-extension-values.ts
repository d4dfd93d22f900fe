/** Values of types that widespread extensions bring, really installed or as stand-ins of ours. */

interface Place {
  readonly row: number
}

type Values = (place: Place, typmod: number) => readonly string[]

const mostDimensions = 16_000

/** Of pgvector: the modifier is the number of dimensions (vector_typmod_in() in src/vector.c). */
function vectors({ row }: Place, typmod: number): readonly string[] {
  const rest = Array.from({ length: dimensions(typmod) - 1 }, () => '1')
  return [`[${[row, ...rest].join(',')}]`]
}

function sparseVectors({ row }: Place, typmod: number): readonly string[] {
  return [`{1:${row}}/${dimensions(typmod)}`]
}

function dimensions(typmod: number): number {
  return typmod === -1 ? 3 : Math.min(Math.max(typmod, 1), mostDimensions)
}

/** By the number of the type in a modifier, from 1 (liblwgeom.h.in of PostGIS: POINTTYPE, LINETYPE, …). */
const shapes: readonly ((row: number) => string)[] = [
  (row) => `POINT(${row} 1)`,
  (row) => `LINESTRING(${row} 1,2 2)`,
  (row) => `POLYGON((${row} 1,5 1,5 5,${row} 1))`,
  (row) => `MULTIPOINT((${row} 1))`,
  (row) => `MULTILINESTRING((${row} 1,2 2))`,
  (row) => `MULTIPOLYGON(((${row} 1,5 1,5 5,${row} 1)))`,
  (row) => `GEOMETRYCOLLECTION(POINT(${row} 1))`,
]

/** Of PostGIS: the modifier holds the SRID, the shape, and whether there are Z and M (TYPMOD_GET_* in liblwgeom.h.in). */
function geometries({ row }: Place, typmod: number): readonly string[] {
  const all = shapes.map((shape) => shape(row))
  if (typmod === -1) return all
  const srid = (typmod & 0x0fffff00) >> 8
  const prefix = srid > 0 ? `SRID=${srid};` : ''
  const extra = [(typmod & 2) !== 0 ? 'Z' : '', (typmod & 1) !== 0 ? 'M' : ''].join('')
  const wanted = shapes[((typmod & 0xfc) >> 2) - 1]?.(row)
  const ordered = wanted === undefined ? all : [wanted, ...all.filter((one) => one !== wanted)]
  return ordered.map((text) => prefix + withDimensions(text, extra))
}

/** `POINT Z (1 1 0)` of `POINT(1 1)`: a number more for each. */
function withDimensions(text: string, extra: string): string {
  if (extra === '') return text
  const zeros = ' 0'.repeat(extra.length)
  return text.replace(/^([A-Z]+)/, `$1 ${extra} `).replaceAll(/(\d+ \d+)(?=[,)])/g, `$1${zeros}`)
}

export const extensionValues: Readonly<Record<string, Values>> = {
  vector: vectors,
  halfvec: vectors,
  sparsevec: sparseVectors,
  geometry: geometries,
  geography: geometries,
  box2d: () => ['BOX(0 0,1 1)'],
  box3d: () => ['BOX3D(0 0 0,1 1 1)'],
}
