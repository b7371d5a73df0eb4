// Looks on with the npm packages graphql-ws and graphql-sse: prints "ready" once both stand, then what each was told.
// Usage: node peers.mjs <node_modules> <url> <token>
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, url, token] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(modules, path)));
const overSockets = await load("graphql-ws/dist/client.js");
const overEvents = await load("graphql-sse/lib/client.mjs");

const query = "subscription { allowanceChanged { used reserved remaining } }";
const Authorization = `Bearer ${token}`;

const sockets = overSockets.createClient({
  url: url.replace("http", "ws"),
  connectionParams: { Authorization },
  retryAttempts: 0,
});
const streaming = Promise.withResolvers();
const events = overEvents.createClient({
  url,
  headers: { Authorization },
  retryAttempts: 0,
  on: { connected: () => streaming.resolve() },
});

const first = async (client) => {
  for await (const result of client.iterate({ query })) return result;
};
const told = Promise.all([first(sockets), first(events)]);
for await (const answer of sockets.iterate({ query: "{ viewer { tenant { state } } }" })) {
  console.log(JSON.stringify(answer.data)); // answered after the subscription stands
}
await streaming.promise;
console.log("ready");
const [bySocket, byEvents] = await told;
console.log(JSON.stringify(bySocket.data));
console.log(JSON.stringify(byEvents.data));
await sockets.dispose();
events.dispose();
