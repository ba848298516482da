// What stands for Google: an OpenID provider on a socket of the replica's folder, with one button an account.
//
// oidc-provider, because it is strict as Google is: it refuses a redirect_uri that is not registered, a wrong secret and
// a code that was used before (OpenID Connect Core 1.0). Stand-ins made for tests let most of that pass.

import { randomBytes, generateKeyPair } from "node:crypto";
import { createServer } from "node:http";
import { promisify } from "node:util";

import Provider from "oidc-provider";

const { issuer, socket, clientId, clientSecret, redirectUris, accounts } = JSON.parse(process.env.GOOGLE);
const SCOPE = "email profile";
const USERINFO = "/oauth2/v3/userinfo";
const HOUR = 3600;

const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
const key = { ...pair.privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "google" };

async function findAccount(_context, id) {
  const account = accounts.find(({ email }) => email === id);
  return account && { accountId: id, claims: () => ({ sub: id, email_verified: true, ...account }) };
}

// weAlist's own scopes were agreed to long ago: nobody is asked again.
async function loadExistingGrant({ oidc }) {
  const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(SCOPE);
  await grant.save();
  return grant;
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: redirectUris,
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  features: { devInteractions: { enabled: false } },
  findAccount,
  loadExistingGrant,
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  jwks: { keys: [key] },
  pkce: { required: () => false }, // auth-service keeps a secret, and sends no challenge
  routes: { authorization: "/o/oauth2/v2/auth", token: "/token", jwks: "/oauth2/v3/certs" },
  ttl: { AccessToken: HOUR, AuthorizationCode: 60, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
});
provider.proxy = true; // the edge ends TLS

const page = (uid) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><h1>Sign in</h1><p>to continue to weAlist</p>
<form method="post" action="/interaction/${uid}/login">
${accounts.map(({ email }) => `<button name="account" value="${email}">${email}</button>`).join("\n")}
</form></body></html>`;

async function sent(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

async function interact(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end(page(uid));
  }
  const accountId = (await sent(request)).get("account");
  return provider.interactionFinished(request, response, { login: { accountId } });
}

// The provider's own userinfo asks for the scope openid; Google's does not, and weAlist sends none.
async function userinfo(request, response) {
  const token = await provider.AccessToken.find((request.headers.authorization ?? "").replace(/^Bearer /, ""));
  const account = token && accounts.find(({ email }) => email === token.accountId);
  response.statusCode = account ? 200 : 401;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(account ? { sub: account.email, email_verified: true, ...account } : { error: "invalid_token" }));
}

const handle = provider.callback();

function route({ url }) {
  if (url === USERINFO) return userinfo;
  return url.startsWith("/interaction/") ? interact : handle;
}

createServer((request, response) => {
  return route(request)(request, response)?.catch((error) => {
    response.statusCode = error.statusCode ?? 500;
    response.end(error.message);
  });
}).listen(socket);
