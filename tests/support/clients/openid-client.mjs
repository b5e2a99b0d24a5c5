// npm's openid-client: the same by the interface that most applications use. Prints what it learnt, as JSON.
import * as client from "openid-client";

const { base, client_id, client_secret, resource, method } = JSON.parse(process.env.QUESTION);
const authentication = method === "post" ? client.ClientSecretPost(client_secret) : client.ClientSecretBasic(client_secret);
const server = await client.discovery(new URL(base), client_id, undefined, authentication, {
  algorithm: "oauth2",
  execute: [client.allowInsecureRequests],
});
const token = await client.clientCredentialsGrant(server, { resource });
const before = await client.tokenIntrospection(server, token.access_token);
await client.tokenRevocation(server, token.access_token);
const after = await client.tokenIntrospection(server, token.access_token);
console.log(JSON.stringify({ token, before, after }));
