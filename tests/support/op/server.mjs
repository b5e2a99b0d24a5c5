// A real OpenID Provider for the tests. Prints one JSON line when it is ready, and ends when its
// standard input closes, so that it cannot outlive the test run that started it.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { Accounts } from './accounts.mjs';
import { oneLoginKeys, standardKeys } from './keys.mjs';
import { oneLoginProvider, standardProvider } from './providers.mjs';
import { Store } from './store.mjs';

// Standard output belongs to the ready line alone.
console.info = console.error;
console.log = console.error;

const ONELOGIN = '/oidc/2';
const DEFAULTS = {
  conformIdTokenClaims: true,
  idTokenLifetime: 3600,
  cookieKeys: [randomBytes(32).toString('hex')],
};
const accounts = new Accounts();

/** One issuer: its store and accounts last, the provider over them is rebuilt when keys or settings change. */
class Issuer {
  constructor(build, makeKeys) {
    Object.assign(this, { build, makeKeys, keys: makeKeys(), store: new Store(), settings: DEFAULTS });
  }

  rebuild() {
    this.provider = this.build(this.url, { ...this, accounts });
    this.callback = this.provider.callback();
  }

  configure(changes) {
    this.settings = { ...DEFAULTS, ...changes };
    this.rebuild();
    return this.settings;
  }

  /** New keys come first, so they sign; with `keep` the old ones stay published. */
  rotate({ keep = false }) {
    this.keys = [...this.makeKeys(), ...(keep ? this.keys : [])];
    this.rebuild();
    return { keys: this.keys.length };
  }

  /** Add or replace a client; oidc-provider itself judges the metadata. */
  async register(metadata) {
    await this.provider.Client.validate(metadata);
    await this.store.adapter('Client').upsert(metadata.client_id, metadata);
    return metadata;
  }
}

const issuers = {
  standard: new Issuer(standardProvider, standardKeys),
  onelogin: new Issuer(oneLoginProvider, oneLoginKeys),
};

const admin = {
  '/__test/clients': ({ issuer, metadata }) => issuers[issuer].register(metadata),
  '/__test/rotate': ({ issuer, keep }) => issuers[issuer].rotate({ keep }),
  '/__test/settings': ({ issuer, changes }) => issuers[issuer].configure(changes),
  '/__test/accounts': ({ name, claims }) => (claims ? accounts.override(name, claims) : accounts.claimsOf(name)),
};

async function administer(req, res) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  let status = 200;
  let answer;
  try {
    answer = await admin[req.url](JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch (error) {
    status = 400;
    answer = { error: error.error_description ?? error.message };
  }
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

const server = createServer((req, res) => {
  if (Object.hasOwn(admin, req.url) && req.method === 'POST') {
    administer(req, res);
    return;
  }
  req.originalUrl = req.url;
  if (req.url.startsWith(`${ONELOGIN}/`)) {
    req.url = req.url.slice(ONELOGIN.length);
    issuers.onelogin.callback(req, res);
    return;
  }
  issuers.standard.callback(req, res);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  issuers.standard.url = `http://127.0.0.1:${port}`;
  issuers.onelogin.url = `${issuers.standard.url}${ONELOGIN}`;
  Object.values(issuers).forEach((issuer) => issuer.rebuild());
  process.stdout.write(`${JSON.stringify({ port, issuer: issuers.standard.url, onelogin_issuer: issuers.onelogin.url })}\n`);
});

process.stdin.on('end', () => process.exit(0)).resume();
