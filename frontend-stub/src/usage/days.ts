const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });

/** A bucket's day: usage is counted in UTC, whatever the tenant's zone. */
export function dayInUtc(at: string): string {
  return DAY.format(new Date(at));
}
