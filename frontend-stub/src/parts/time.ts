import { useMemo } from 'react';

import { useTenant } from '../session/viewer';

export interface Clock {
  /** 14:05, with the day when it is another day than today. */
  short: (at: string) => string;
  /** 4 Mar 2026, 14:05:09 */
  long: (at: string) => string;
  /** 4 Mar */
  day: (at: string) => string;
}

/** Instants as the tenant's people read them: in the tenant's own time zone. */
export function useClock(): Clock {
  const { timeZone } = useTenant();
  return useMemo(() => clockIn(timeZone), [timeZone]);
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
