// Whoever types a name has an account. The subject is stable and is not the name.
import { createHash } from 'node:crypto';

export class Accounts {
  #names = new Map();

  #overrides = new Map();

  /** The stable subject of this name; the account exists from now on. */
  subjectOf(name) {
    const sub = `u-${createHash('sha256').update(name).digest('hex').slice(0, 20)}`;
    this.#names.set(sub, name);
    return sub;
  }

  /** Replace claims of one account; null removes a claim, no claims at all bring the defaults back. */
  override(name, claims) {
    this.#overrides.set(name, claims);
    return this.claimsOf(name);
  }

  claimsOf(name) {
    const claims = {
      sub: this.subjectOf(name),
      name: `${name.charAt(0).toUpperCase()}${name.slice(1)} Example`,
      preferred_username: name,
      email: `${name}@corp.example`,
      email_verified: true,
      groups: ['staff'],
      ...this.#overrides.get(name),
    };
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
  }

  find = async (ctx, sub) => {
    const name = this.#names.get(sub);
    if (name === undefined) return undefined;
    return { accountId: sub, claims: async () => this.claimsOf(name) };
  };
}
