// The provider's memory. It outlives a rebuilt provider, so rotating keys does not sign anybody out.

export class Store {
  #models = new Map();

  records(model) {
    if (!this.#models.has(model)) this.#models.set(model, new Map());
    return this.#models.get(model);
  }

  /** The adapter factory that oidc-provider asks for. */
  adapter = (model) => {
    const records = this.records(model);
    const first = (matches) => [...records.values()].find(matches);
    return {
      upsert: async (id, payload) => void records.set(id, payload),
      find: async (id) => records.get(id),
      findByUid: async (uid) => first((payload) => payload.uid === uid),
      findByUserCode: async (code) => first((payload) => payload.userCode === code),
      destroy: async (id) => void records.delete(id),
      consume: async (id) => {
        records.get(id).consumed = Math.floor(Date.now() / 1000);
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, payload] of records) {
          if (payload.grantId === grantId) records.delete(id);
        }
      },
    };
  };
}
