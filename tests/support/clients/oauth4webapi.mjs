// npm's oauth4webapi: discovery, a token, introspection, revocation. Prints what it learnt, as JSON.
import * as oauth from "oauth4webapi";

const { base, client_id, client_secret, resource, method } = JSON.parse(process.env.QUESTION);
const options = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(base);
const client = { client_id };
const authentication = method === "post" ? oauth.ClientSecretPost(client_secret) : oauth.ClientSecretBasic(client_secret);

const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...options });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const granted = await oauth.clientCredentialsGrantRequest(server, client, authentication, { resource }, options);
const token = await oauth.processClientCredentialsResponse(server, client, granted);

async function introspect() {
  const answer = await oauth.introspectionRequest(server, client, authentication, token.access_token, options);
  return oauth.processIntrospectionResponse(server, client, answer);
}

// What an API would do: RFC 9068 by the published keys.
const request = new Request(`${base}/anything`, { headers: { authorization: `Bearer ${token.access_token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, resource, options);
const before = await introspect();
await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, token.access_token, options));
const after = await introspect();
console.log(JSON.stringify({ token, claims, before, after }));
