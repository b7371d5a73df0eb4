// Runs the audits of the npm package graphql-http and prints what each found, as JSON.
// Usage: node audits.mjs <node_modules> <url> <token>
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, url, token] = process.argv.slice(2);
const { auditServer } = await import(pathToFileURL(join(modules, "graphql-http/lib/audits/index.mjs")));

const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });

const results = await auditServer({ url, fetchFn });
process.stdout.write(
  JSON.stringify(results.map(({ id, name, status, reason = null }) => ({ id, name, status, reason }))),
);
