// Signing keys made at start: no key is ever stored in the repository.
import { generateKeyPairSync } from 'node:crypto';

function privateJwk(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', ...(alg ? { alg } : {}) };
}

const rsa = (alg) => privateJwk('rsa', { modulusLength: 2048 }, alg);

/** One key for every family an ID token of the standard provider can be signed with. */
export function standardKeys() {
  return [
    rsa('RS256'),
    rsa('PS256'),
    privateJwk('ec', { namedCurve: 'P-256' }, 'ES256'),
    privateJwk('ed25519', {}), // without alg: it signs both as EdDSA and as Ed25519
  ];
}

/** OneLogin signs with RS256 and nothing else. */
export function oneLoginKeys() {
  return [rsa('RS256')];
}
