// Goes through every flow of the authorization server with the npm package oauth4webapi, which is strict and not ours.
// Usage: node strict_client.mjs <what it has to know, as JSON>; prints what it saw, as JSON.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const told = JSON.parse(process.argv[2]);
const oauth = await import(pathToFileURL(join(told.modules, "oauth4webapi/build/index.js")));
const loopback = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(told.issuer);
const seen = {};

const discovered = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...loopback });
const server = await oauth.processDiscoveryResponse(issuer, discovered);

// A browser without a face: it keeps the session's cookie and sends the forms that it is shown.
let session = "";
const browse = (address, fields) =>
  fetch(new URL(address, issuer), {
    method: fields ? "POST" : "GET",
    body: fields && new URLSearchParams(fields),
    headers: { cookie: session, "sec-fetch-site": "same-origin" },
    redirect: "manual",
  });

async function codeFor(application, verifier, scope) {
  const state = oauth.generateRandomState();
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({
    response_type: "code",
    client_id: application.client_id,
    redirect_uri: told.redirect_uri,
    scope,
    state,
    resource: told.resource,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  let answer = await browse(address);
  if (answer.status === 303) {
    const returnTo = new URL(answer.headers.get("location"), issuer).searchParams.get("return_to");
    answer = await browse("/sign-in", { ...told.person, return_to: returnTo });
    session = answer.headers.getSetCookie()[0].split(";")[0];
    answer = await browse(answer.headers.get("location"));
  }
  const hidden = (await answer.text()).matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g);
  const fields = Object.fromEntries([...hidden].map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]));
  answer = await browse("/oauth/authorize", { ...fields, decision: "allow" });
  return oauth.validateAuthResponse(server, application, new URL(answer.headers.get("location")), state);
}

const isRefused = async (work) => {
  try {
    await work();
    return "taken";
  } catch (error) {
    return error.error ?? error.code;
  }
};

const validate = (token) => {
  const request = new Request(told.resource, { headers: { authorization: `Bearer ${token}` } });
  return oauth.validateJwtAccessToken(server, request, told.resource, loopback);
};

const ask = async (token) => {
  const body = JSON.stringify({ query: "{ viewer { permissions } }" });
  const headers = new Headers({ "content-type": "application/json" });
  const answer = await oauth.protectedResourceRequest(token, "POST", new URL(told.resource), headers, body, loopback);
  return (await answer.json()).data.viewer.permissions;
};

const application = { client_id: told.application.client_id };
const nobody = oauth.None();
const verifier = oauth.generateRandomCodeVerifier();
const callback = await codeFor(application, verifier, "contacts:read usage:read");
const exchange = async () => {
  const answer = await oauth.authorizationCodeGrantRequest(
    server, application, nobody, callback, told.redirect_uri, verifier, loopback,
  );
  return oauth.processAuthorizationCodeResponse(server, application, answer);
};
const refresh = async (token) => {
  const answer = await oauth.refreshTokenGrantRequest(server, application, nobody, token, loopback);
  return oauth.processRefreshTokenResponse(server, application, answer);
};
const first = await exchange();
seen.claims = Object.keys(await validate(first.access_token)).sort();
seen.permissions = await ask(first.access_token);
const second = await refresh(first.refresh_token);
seen.refreshed = (await validate(second.access_token)).scope;
seen.reuse = await isRefused(() => refresh(first.refresh_token));
seen.family = await isRefused(() => refresh(second.refresh_token));
seen.familyAtTheApi = await isRefused(() => ask(second.access_token));

const again = oauth.generateRandomCodeVerifier();
const callbackAgain = await codeFor(application, again, "usage:read");
const answer = await oauth.authorizationCodeGrantRequest(
  server, application, nobody, callbackAgain, told.redirect_uri, again, loopback,
);
const third = await oauth.processAuthorizationCodeResponse(server, application, answer);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, application, nobody, third.refresh_token, loopback),
);
seen.revoked = await isRefused(() => refresh(third.refresh_token));

const key = await crypto.subtle.importKey(
  "jwk", told.keyed.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
);
const machines = {
  basic: [told.basic.client_id, oauth.ClientSecretBasic(told.basic.client_secret)],
  keyed: [told.keyed.client_id, oauth.PrivateKeyJwt({ key, kid: told.keyed.key.kid })],
};
for (const [name, [client_id, authentication]] of Object.entries(machines)) {
  const client = { client_id };
  const answer = await oauth.clientCredentialsGrantRequest(
    server, client, authentication, { resource: told.resource }, loopback,
  );
  const { access_token } = await oauth.processClientCredentialsResponse(server, client, answer);
  const introspect = async () =>
    oauth.processIntrospectionResponse(
      server, client, await oauth.introspectionRequest(server, client, authentication, access_token, loopback),
    );
  seen[name] = { scope: (await validate(access_token)).scope, permissions: await ask(access_token) };
  seen[name].before = (await introspect()).active;
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authentication, access_token, loopback),
  );
  seen[name].after = (await introspect()).active;
  seen[name].atTheApi = await isRefused(() => ask(access_token));
}
process.stdout.write(JSON.stringify(seen));
