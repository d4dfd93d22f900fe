import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import {
  bitString,
  boolean,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  utcTime,
  utf8String,
} from './der.ts'

/** A certificate that nobody can know before, for 127.0.0.1 and localhost. */
export interface ThrowawayCertificate {
  /** What clients may trust, PEM: of an authority whose key is gone. */
  readonly authority: string
  /** What the server shows, PEM, and its key. */
  readonly certificate: string
  readonly key: string
  /** Of `tls-server-end-point` (RFC 5929): the hash of the certificate by the hash of its signature. */
  readonly binding: Buffer
}

const ecdsaWithSha256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const dayMs = 86_400_000

/** ECDSA P-256, as RFC 5280 wants certificates: strict clients (Python's) miss nothing. */
export function throwawayCertificate(now: Date = new Date()): ThrowawayCertificate {
  const authorityKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const serverKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = { name: 'pgrehearse throwaway authority', key: authorityKeys.privateKey }
  const authorityId = keyId(authorityKeys.publicKey)
  const authority = certificate(issuer, {
    name: issuer.name,
    publicKey: authorityKeys.publicKey,
    now,
    extensions: [
      extension('2.5.29.19', sequence(boolean(true)), true),
      extension('2.5.29.15', bitString(Buffer.from([0x06]), 1), true), // keyCertSign, cRLSign
      extension('2.5.29.14', octetString(authorityId)),
    ],
  })
  const server = certificate(issuer, {
    name: 'localhost',
    publicKey: serverKeys.publicKey,
    now,
    extensions: [
      extension('2.5.29.19', sequence(), true),
      extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), true), // digitalSignature
      extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))), // serverAuth
      extension('2.5.29.17', serverNames),
      extension('2.5.29.14', octetString(keyId(serverKeys.publicKey))),
      extension('2.5.29.35', sequence(tagged(0x80, authorityId))),
    ],
  })
  return {
    authority: pem(authority),
    certificate: pem(server),
    key: serverKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    binding: createHash('sha256').update(server).digest(),
  }
}

/** libpq before 15 looks for an address among the host names. */
const serverNames = sequence(
  tagged(0x82, Buffer.from('localhost')),
  tagged(0x82, Buffer.from('127.0.0.1')),
  tagged(0x87, Buffer.from([127, 0, 0, 1])),
)

interface Subject {
  readonly name: string
  readonly publicKey: KeyObject
  readonly now: Date
  readonly extensions: readonly Buffer[]
}

function certificate(issuer: { readonly name: string; readonly key: KeyObject }, subject: Subject): Buffer {
  const { now } = subject
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ecdsaWithSha256,
    commonName(issuer.name),
    sequence(utcTime(new Date(now.getTime() - dayMs)), utcTime(new Date(now.getTime() + 30 * dayMs))),
    commonName(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...subject.extensions)),
  )
  return sequence(body, ecdsaWithSha256, bitString(sign('sha256', body, issuer.key)))
}

function commonName(name: string): Buffer {
  return sequence(setOf(sequence(objectIdentifier('2.5.4.3'), utf8String(name))))
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [boolean(true)] : []
  return sequence(objectIdentifier(id), ...critical, octetString(value))
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
