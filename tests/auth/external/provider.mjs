// A real OpenID provider on loopback: prints its issuer as its first line, and serves until it is ended.
// Usage: PORT=0 node provider.mjs <node_modules>
// GET and POST /interaction/:uid: a login form in which anybody is whoever they say.
// POST /control/rotate: a new signing key first, the old one still published; ?withdraw=1: without the old ones.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

for (const said of ["info", "log", "warn"]) console[said] = console.error; // standard output is for the address alone
const [modules] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(join(modules, "oidc-provider/lib/index.js")));

const people = new Map();
const stored = new Map(); // outlives the rotation of keys, which makes a new Provider
let keys = [newKey()];
let handle;

function newKey() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256" };
}

class Adapter {
  constructor(model) {
    this.model = model;
  }
  key = (id) => `${this.model}:${id}`;
  matching = (test) => [...stored.values()].find(test);
  async upsert(id, payload) {
    stored.set(this.key(id), { ...payload });
  }
  async find(id) {
    return stored.get(this.key(id));
  }
  async findByUid(uid) {
    return this.matching((payload) => payload.kind === "Session" && payload.uid === uid);
  }
  async findByUserCode() {
    return undefined;
  }
  async consume(id) {
    stored.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    stored.delete(this.key(id));
  }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
}

function newProvider(issuer) {
  return new Provider(issuer, {
    adapter: Adapter,
    jwks: { keys },
    cookies: { keys: ["of the test"] },
    scopes: ["openid", "profile", "email"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      registration: {
        enabled: true,
        issueRegistrationAccessToken: false,
        // With what has to be encoded on its way: RFC 6749, 2.3.1.
        secretFactory: () => `${randomBytes(24).toString("base64")} +/%:&=`,
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
}

const form = `<!doctype html><html lang="en"><title>Provider</title><form method="post">
<label>Subject <input name="sub"></label> <label>Name <input name="name"></label>
<label>E-mail <input name="email"></label> <label>Verified <input name="verified"></label>
<button>Continue</button></form>`;

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === "/control/rotate") {
    keys = url.searchParams.has("withdraw") ? [newKey()] : [newKey(), ...keys];
    provider = newProvider(issuer);
    handle = provider.callback();
    response.end();
  } else if (url.pathname.startsWith("/interaction/")) {
    await provider.interactionDetails(request, response);
    if (request.method !== "POST") {
      response.setHeader("Content-Type", "text/html; charset=utf-8").end(form);
      return;
    }
    const { sub, name, email, verified } = Object.fromEntries(await body(request));
    if (!sub) {
      await provider.interactionFinished(request, response, { error: "access_denied" });
      return;
    }
    people.set(sub, { name, email, email_verified: verified === "yes" });
    await provider.interactionFinished(request, response, { login: { accountId: sub } });
  } else {
    handle(request, response);
  }
});
await new Promise((listening) => server.listen(Number(process.env.PORT), "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
let provider = newProvider(issuer);
handle = provider.callback();
process.stdout.write(`${issuer}\n`);
