import { expect, it } from 'vitest'
import { wantedMajors } from './majors.ts'

it('replays on the oldest and the newest major, unless PGREHEARSE_MAJORS says otherwise', () => {
  expect(wantedMajors(undefined)).toEqual([14, 18])
  expect(wantedMajors('')).toEqual([14, 18])
  expect(wantedMajors('all')).toEqual([14, 15, 16, 17, 18])
  expect(wantedMajors('17,15')).toEqual([15, 17])
  expect(() => wantedMajors('13')).toThrow('14 to 18')
})
