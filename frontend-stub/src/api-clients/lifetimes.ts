const DAY = 24 * 60 * 60 * 1_000;

export type Lifetime = 'month' | 'quarter' | 'year' | 'ever';

/** How long a new client may work, in words and in days. */
export const LIFETIMES: Readonly<Record<Lifetime, [label: string, days: number | null]>> = {
  month: ['In 30 days', 30],
  quarter: ['In 90 days', 90],
  year: ['In a year', 365],
  ever: ['Never', null],
};

/** When a client made now ends, if ever. */
export function lifetimeEnd(lifetime: Lifetime): string | null {
  const [, days] = LIFETIMES[lifetime];
  return days === null ? null : new Date(Date.now() + days * DAY).toISOString();
}
