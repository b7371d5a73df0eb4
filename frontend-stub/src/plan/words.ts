import type { AllowancePeriod, AtLimit, PlanPeriod, PricingStrategy, UsageUnit } from '../generated/operations';
import { inMoney, type Money } from '../parts/money';
import { inNumbers, isZero } from '../parts/numbers';

const PERIODS = { MONTH: 'month', YEAR: 'year' } as const satisfies Record<PlanPeriod, string>;

const WITHOUT_FEE = {
  TIER: 'Free',
  TIER_WITH_OVERAGE: 'No fee',
  CREDITS: 'Prepaid',
  FIXED_MARGIN: 'Pay as you go',
  DYNAMIC_MARGIN: 'Pay as you go',
} as const satisfies Record<PricingStrategy, string>;

const AT_LIMIT = {
  STOP: 'Sending stops when it is used up',
  OVERAGE: 'Sending goes on when it is used up, and more is charged for',
  CREDITS: 'Sending goes on when it is used up, as long as there are credits',
} as const satisfies Record<AtLimit, string>;

interface Priced {
  strategy: PricingStrategy;
  fee: Money | null;
  period: PlanPeriod;
}

interface Allowed {
  strategy: PricingStrategy;
  allowance: { amount: number | null; unit: UsageUnit; per: AllowancePeriod; atLimit: AtLimit };
  overage: Money | null;
}

/** "$49.00" and what it is for, or "Free". */
export function feeInWords({ strategy, fee, period }: Priced): [fee: string, per: string] {
  if (fee === null) return ['', ''];
  return isZero(fee.amount) ? [WITHOUT_FEE[strategy], ''] : [inMoney(fee), `a ${PERIODS[period]}`];
}

/** "250 messages a day" */
export function allowanceInWords({ strategy, allowance: { amount, unit, per } }: Allowed): string {
  if (amount === null && strategy === 'CREDITS') return 'As much as your credits are good for';
  if (amount === null) return `As many ${unit.toLowerCase()} as you like`;
  return `${inNumbers(amount)} ${unit.toLowerCase()} a ${per === 'DAY' ? 'day' : 'month'}`;
}

/** What happens when the allowance is used up; null where none is. */
export function limitInWords({ allowance: { amount, unit, atLimit }, overage }: Allowed): string | null {
  if (amount === null) return null;
  return overage === null ? AT_LIMIT[atLimit] : `${inMoney(overage)} for each ${oneOf(unit)} over it`;
}

/** One of what an allowance counts: "message". */
export function oneOf(unit: UsageUnit): string {
  return unit.toLowerCase().replace(/s$/, '');
}
