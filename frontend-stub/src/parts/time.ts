import { useMemo } from 'react';

import type { Viewer } from '../api/queries';
import { useViewer } from '../session/viewer';

export interface Clock {
  /** 14:05, with the day when it is another day than today. */
  short: (at: string) => string;
  /** 4 Mar 2026, 14:05:09 */
  long: (at: string) => string;
  /** 4 Mar */
  day: (at: string) => string;
}

/** Instants as the tenant's people read them: in the tenant's own time zone, and without a tenant in the reader's. */
export function useClock(): Clock {
  const timeZone = useZone();
  return useMemo(() => clockIn(timeZone), [timeZone]);
}

/** The time zone of these clocks. */
export function useZone(): string {
  return zoneOf(useViewer());
}

function zoneOf({ tenant, principal }: Viewer): string {
  return tenant?.timeZone ?? (principal.__typename === 'Person' ? principal.timeZone : 'UTC');
}

/** Whether an instant is over. */
export function isPast(at: string): boolean {
  return new Date(at).getTime() <= Date.now();
}

/** The last so many days, to the hour, so that the same question is asked again within one. */
export function lastDays(days: number): { from: string; until: string } {
  const hour = 60 * 60 * 1_000;
  const until = (Math.floor(Date.now() / hour) + 1) * hour;
  return { from: new Date(until - days * 24 * hour).toISOString(), until: new Date(until).toISOString() };
}

export function daysAhead(days: number): Date {
  return new Date(Date.now() + days * 24 * 60 * 60 * 1_000);
}

/** What the clocks of a zone show at an instant, as a field for it has it: 2026-11-27T14:05 */
export function localTime(at: string | Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(at)).replace(' ', 'T');
}

/** The instant at which they show it; where they skip it or show it twice, one beside it or of the two. */
export function instantOf(local: string, timeZone: string): string {
  const asInUtc = Date.parse(`${local}Z`);
  const ahead = (at: number) => Date.parse(`${localTime(new Date(at), timeZone)}Z`) - at;
  return new Date(asInUtc - ahead(asInUtc - ahead(asInUtc))).toISOString();
}

export function clockIn(timeZone: string): Clock {
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat('en-GB', { timeZone, ...options });
    return (at: string | Date) => formatter.format(new Date(at));
  };
  const time = format({ hour: '2-digit', minute: '2-digit' });
  const dayAndTime = format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const day = format({ day: 'numeric', month: 'short' });
  return {
    short: (at) => (day(at) === day(new Date()) ? time(at) : dayAndTime(at)),
    long: format({ dateStyle: 'medium', timeStyle: 'medium' }),
    day,
  };
}

const MONTH = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' });
const DATE = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });

/** A calendar month: 2026-11 is "November 2026". */
export function monthInWords(month: string): string {
  return MONTH.format(new Date(`${month}-01`));
}

/** A calendar day: 2026-11-20 is "20 Nov 2026". */
export function dateInWords(date: string): string {
  return DATE.format(new Date(date));
}

/** The last so many calendar months in UTC, this one up to today included, as a half-open range of days. */
export function lastMonths(months: number): { from: string; until: string } {
  const now = new Date();
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months + 1, 1));
  const until = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
  return { from: dateOf(from), until: dateOf(until) };
}

function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** The calendar months in UTC that are over, the last first: 2026-10, 2026-09, ... */
export function monthsBefore(count: number): string[] {
  const now = new Date();
  return Array.from({ length: count }, (_, back) =>
    dateOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back - 1, 1))).slice(0, 7),
  );
}
