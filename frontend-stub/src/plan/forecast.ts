import type { AllowancePeriod, UsageUnit } from '../generated/operations';
import { inNumbers } from '../parts/numbers';
import type { Clock } from '../parts/time';
import { oneOf } from './words';

interface Forecastable {
  limit: number | null;
  unit: UsageUnit;
  per: AllowancePeriod;
  forecast: { exhaustedAt: string | null; atPeriodEnd: number } | null;
}

/** "At this pace the 250th message is at 15:40."; null where nothing can be foretold. */
export function forecastInWords({ limit, unit, per, forecast }: Forecastable, clock: Clock): string | null {
  if (forecast === null) return null;
  const { exhaustedAt, atPeriodEnd } = forecast;
  if (exhaustedAt !== null && limit !== null) return `At this pace the ${ordinal(limit)} ${oneOf(unit)} is at ${clock.short(exhaustedAt)}.`;
  const when = per === 'DAY' ? 'day' : 'month';
  return `At this pace it is ${inNumbers(atPeriodEnd)} ${atPeriodEnd === 1 ? oneOf(unit) : unit.toLowerCase()} by the end of the ${when}.`;
}

const RULES = new Intl.PluralRules('en', { type: 'ordinal' });
const ENDINGS: Readonly<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' };

/** 250 is "250th", 1,001 is "1,001st". */
function ordinal(place: number): string {
  return `${inNumbers(place)}${ENDINGS[RULES.select(place)]}`;
}
