import type { UsageBucketSize, UsageInput, UsagePeriod } from '../generated/operations';

export const PERIODS = {
  THIS_MONTH: 'This month',
  LAST_MONTH: 'Last month',
  TODAY: 'Today',
  YESTERDAY: 'Yesterday',
  THIS_YEAR: 'This year',
  ALL_TIME: 'Since the beginning',
} as const satisfies Record<UsagePeriod, string>;

export const RANGE = 'range';

export const CUTS = { DAY: 'Days', MONTH: 'Months', YEAR: 'Years', WHOLE: 'One whole' } as const satisfies Record<UsageBucketSize, string>;

const FINEST: Readonly<Record<UsagePeriod, UsageBucketSize>> = {
  THIS_MONTH: 'DAY',
  LAST_MONTH: 'DAY',
  TODAY: 'WHOLE',
  YESTERDAY: 'WHOLE',
  THIS_YEAR: 'MONTH',
  ALL_TIME: 'MONTH',
};

const DAY = 24 * 60 * 60 * 1_000;

/** What the address asks for; null while a range lacks an end or ends before it begins. */
export interface Asked {
  /** A period, or RANGE. */
  what: string;
  cut: UsageBucketSize;
  from: string;
  to: string;
  input: UsageInput | null;
}

export function askedBy(params: URLSearchParams): Asked {
  const given = params.get('period') ?? 'THIS_MONTH';
  const cut = params.get('cut');
  const from = params.get('from') ?? '';
  const to = params.get('to') ?? '';
  if (given === RANGE) {
    const bucketSize = isKeyOf(CUTS, cut) ? cut : 'DAY';
    return { what: RANGE, cut: bucketSize, from, to, input: isRange(from, to) ? { range: rangeOf(from, to), bucketSize } : null };
  }
  const period = isKeyOf(PERIODS, given) ? given : 'THIS_MONTH';
  const bucketSize = isKeyOf(CUTS, cut) ? cut : FINEST[period];
  return { what: period, cut: bucketSize, from, to, input: { period, bucketSize } };
}

/** Whether two days of a date field, the last included, are a range. */
export function isRange(from: string, to: string): boolean {
  return from !== '' && to !== '' && from <= to;
}

/** Two days with the last one included, as a half-open range. */
function rangeOf(from: string, to: string): { from: string; until: string } {
  return { from, until: new Date(Date.parse(to) + DAY).toISOString().slice(0, 10) };
}

/** The days of a report, until the first that is not in it; and how many. */
export function daysOf({ start, until }: { start: string; until: string }): { from: string; until: string; count: number } {
  return { from: start.slice(0, 10), until: until.slice(0, 10), count: Math.round((Date.parse(until) - Date.parse(start)) / DAY) };
}

function isKeyOf<Key extends string>(known: Readonly<Record<Key, unknown>>, name: string | null): name is Key {
  return name !== null && name in known;
}

const LABELS: Readonly<Record<UsageBucketSize, Intl.DateTimeFormat>> = {
  WHOLE: inUtc({ day: 'numeric', month: 'short', year: 'numeric' }),
  DAY: inUtc({ day: 'numeric', month: 'short' }),
  MONTH: inUtc({ month: 'short', year: 'numeric' }),
  YEAR: inUtc({ year: 'numeric' }),
};

function inUtc(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
}

/** A bucket in words: usage is counted in UTC, whatever the tenant's zone. */
export function bucketInWords({ start, until }: { start: string; until: string }, cut: UsageBucketSize): string {
  const format = LABELS[cut];
  if (cut !== 'WHOLE') return format.format(new Date(start));
  return format.formatRange(new Date(start), new Date(Date.parse(until) - 1));
}
