import { createClient } from 'graphql-ws';

import { queryClient } from '../api/queries';
import type { Topic } from './topics';

export type Liveness = 'live' | 'paused';

const SECOND = 1_000;
const LONGEST_PAUSE = 30 * SECOND;
const GATHERED = 250; // changes this close together are one reading
const PATIENCE = 3 * SECOND; // a socket that is back by then was hardly away
const ANYTHING = '{ __typename }';

/** Follow what changes, until the returned function is called; `tell` hears whether changes come by themselves. */
export function follow(topics: readonly Topic[], tell: (liveness: Liveness) => void): () => void {
  const ended = new AbortController();
  const gather = gathering();
  let missing: ReturnType<typeof setTimeout> | undefined;
  let reading: ReturnType<typeof setInterval> | undefined;
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: new URL('/graphql', window.location.href.replace(/^http/, 'ws')).href,
    keepAlive: 15 * SECOND,
    retryAttempts: Infinity,
    retryWait: (retries) => pause(backoff(retries), ended.signal),
    shouldRetry: () => !ended.signal.aborted,
    on: {
      connected: () => {
        clearTimeout(missing);
        clearInterval(reading);
        missing = reading = undefined;
        tell('live');
        // What changed while nobody listened was told to nobody.
        void afterwards(() => void queryClient.invalidateQueries());
      },
      ping: (received) => {
        // A connection that broke without a word, as in a computer that slept, would be waited at for ever.
        if (!received) unanswered = setTimeout(() => { client.terminate(); }, 5 * SECOND);
      },
      pong: () => {
        clearTimeout(unanswered);
      },
      closed: () => {
        clearTimeout(unanswered);
        if (ended.signal.aborted) return;
        // A session that has ended leads to the sign-in page, a role that changed to the views that are left.
        void queryClient.invalidateQueries({ queryKey: ['viewer'] });
        missing ??= setTimeout(() => {
          tell('paused');
          reading = setInterval(() => void queryClient.invalidateQueries(), LONGEST_PAUSE);
        }, PATIENCE);
      },
    },
  });
  for (const topic of topics) void followOne(topic);

  async function followOne(topic: Topic): Promise<void> {
    for (let tries = 0; !ended.signal.aborted; tries += 1) {
      const changes = client.iterate({ query: topic.document.toString() });
      if (tries > 0) {
        void afterwards(() => {
          gather(topic.keys);
        });
      }
      try {
        for await (const { data } of changes) {
          tries = 0;
          if (data != null) gather(topic.changes(data));
        }
      } catch {
        // The portal ends what it can no longer tell in full, and what the role may no longer hear.
      }
      await pause(backoff(tries), ended.signal);
    }
  }

  /** Operations of a socket begin in order: once this is answered, every subscription before it misses nothing. */
  async function afterwards(read: () => void): Promise<void> {
    try {
      await client.iterate({ query: ANYTHING }).next();
      if (!ended.signal.aborted) read();
    } catch {
      // It is gone again, and what is shown is read once it is back.
    }
  }

  return () => {
    ended.abort();
    for (const timer of [missing, reading, unanswered]) clearTimeout(timer);
    void client.dispose();
  };
}

/** Gathers what is to be read again, so that a thousand changes are not a thousand readings. */
function gathering(): (keys: readonly string[]) => void {
  const waiting = new Set<string>();
  return (keys) => {
    if (waiting.size === 0 && keys.length > 0) {
      setTimeout(() => {
        for (const key of waiting) void queryClient.invalidateQueries({ queryKey: [key] });
        waiting.clear();
      }, GATHERED);
    }
    keys.forEach((key) => waiting.add(key));
  };
}

/** Longer and longer, and for each reader another time: they do not all come back at once. */
function backoff(tries: number): number {
  return Math.min(LONGEST_PAUSE, SECOND * 2 ** tries) * (0.5 + Math.random() / 2);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
