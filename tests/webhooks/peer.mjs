// Verifies requests with the npm package standardwebhooks, which is not ours.
// Usage: node peer.mjs <its folder, the secret and the requests, as JSON>; prints the types that it believed, as JSON.
import { createRequire } from "node:module";
import { join } from "node:path";

const told = JSON.parse(process.argv[2]);
const { Webhook } = createRequire(join(told.modules, "."))("standardwebhooks");
const webhook = new Webhook(told.secret);

const believed = told.requests.map(({ body, headers }) => {
  try {
    return webhook.verify(body, headers).type;
  } catch {
    return null;
  }
});
console.log(JSON.stringify(believed));
