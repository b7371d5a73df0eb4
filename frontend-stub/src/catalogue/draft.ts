import type { AllowancePeriod, MarginKind, PlanInput, PlanPeriod, PricingStrategy, UsageUnit } from '../generated/operations';
import { isExact, isWhole } from '../parts/numbers';
import type { PlanVersion } from './queries';

export interface BracketDraft {
  upTo: string;
  marginRatio: string;
}

export interface PackDraft {
  credits: string;
  units: string;
  price: string;
  validDays: string;
}

/** A plan as it is written: numbers are the text that was typed. */
export interface PlanDraft {
  name: string;
  description: string;
  strategy: PricingStrategy;
  currency: string;
  fee: string;
  period: PlanPeriod;
  amount: string;
  unit: UsageUnit;
  per: AllowancePeriod;
  overage: string;
  marginKind: MarginKind;
  /** The last one is open, whatever stands in its `upTo`. */
  brackets: readonly BracketDraft[];
  otherRatio: string;
  packs: readonly PackDraft[];
  countries: readonly string[];
  throughput: string;
  features: readonly string[];
}

export const NO_BRACKET: BracketDraft = { upTo: '', marginRatio: '' };
export const NO_PACK: PackDraft = { credits: '', units: '', price: '', validDays: '' };

export const NEW_PLAN: PlanDraft = {
  name: '',
  description: '',
  strategy: 'TIER',
  currency: 'USD',
  fee: '0',
  period: 'MONTH',
  amount: '',
  unit: 'MESSAGES',
  per: 'MONTH',
  overage: '',
  marginKind: 'MARGIN',
  brackets: [NO_BRACKET],
  otherRatio: '',
  packs: [NO_PACK],
  countries: [],
  throughput: '1',
  features: [],
};

/** What a strategy leaves to be said. */
export function partsOf(strategy: PricingStrategy) {
  const margins = strategy === 'FIXED_MARGIN' || strategy === 'DYNAMIC_MARGIN';
  return {
    margins,
    brackets: strategy === 'DYNAMIC_MARGIN',
    packs: strategy === 'CREDITS',
    overage: strategy === 'TIER_WITH_OVERAGE',
    amount: strategy !== 'CREDITS',
    /** Brackets go by the ordinal of a message in its month. */
    countsFreely: strategy !== 'DYNAMIC_MARGIN',
  };
}

/** A version to write the next one from. */
export function draftOf(plan: PlanVersion): PlanDraft {
  const { name, description, strategy, currency, fee, period, allowance, overage, marginKind, otherRatio } = plan;
  const brackets = plan.brackets.map(({ upTo, marginRatio }) => ({ upTo: textOf(upTo), marginRatio: textOf(marginRatio) }));
  const packs = plan.creditPacks.map(({ credits, units, price, validDays }) => ({
    credits: textOf(credits),
    units: textOf(units),
    price: textOf(price?.amount ?? null),
    validDays: textOf(validDays),
  }));
  return {
    ...{ name, description, strategy, currency, period },
    fee: fee?.amount ?? '0',
    amount: textOf(allowance.amount),
    unit: allowance.unit,
    per: allowance.per,
    overage: textOf(overage?.amount ?? null),
    marginKind: marginKind ?? 'MARGIN',
    brackets: brackets.length === 0 ? [NO_BRACKET] : brackets,
    otherRatio: textOf(otherRatio),
    packs: packs.length === 0 ? [NO_PACK] : packs,
    countries: plan.countries,
    throughput: plan.throughput,
    features: plan.features,
  };
}

/** The plan as the server takes it: what the strategy does not have is left out. */
export function inputOf(draft: PlanDraft): PlanInput {
  const { name, description, strategy, currency, period, unit, per, countries, features } = draft;
  const has = partsOf(strategy);
  const brackets = has.brackets ? draft.brackets : draft.brackets.slice(-1);
  return {
    ...{ name: name.trim(), description: description.trim(), strategy, currency, period },
    countries: [...countries],
    features: [...features],
    fee: exact(draft.fee) ?? '0',
    allowance: {
      amount: has.amount ? whole(draft.amount) : null,
      unit: has.countsFreely ? unit : 'MESSAGES',
      per: has.countsFreely ? per : 'MONTH',
    },
    overage: has.overage ? exact(draft.overage) : null,
    marginKind: has.margins ? draft.marginKind : null,
    brackets: has.margins
      ? brackets.map(({ upTo, marginRatio }, index) => ({
          upTo: index === brackets.length - 1 ? null : whole(upTo),
          marginRatio: exact(marginRatio) ?? '0',
        }))
      : [],
    otherRatio: has.brackets ? exact(draft.otherRatio) : null,
    creditPacks: has.packs
      ? draft.packs.map(({ credits, units, price, validDays }) => ({
          credits: whole(credits) ?? 0,
          units: whole(units) ?? 0,
          price: exact(price) ?? '0',
          validDays: whole(validDays),
        }))
      : [],
    throughput: exact(draft.throughput) ?? '1',
  };
}

/** The numbers of a plan that are none, each at its place; all else the server knows better. */
export function slipsOf(draft: PlanDraft): ReadonlyMap<string, string> {
  const has = partsOf(draft.strategy);
  const slips = new Map<string, string>();
  const look = (place: string, text: string, right: (text: string) => boolean, example: string, needed = false) => {
    if (text === '' ? needed : !right(text)) slips.set(place, `Write a ${example}.`);
  };
  const decimal = (place: string, text: string, example = 'number such as 49.99', needed = true) => {
    look(place, text, isExact, example, needed);
  };
  const count = (place: string, text: string, needed = false) => {
    look(place, text, isWhole, 'whole number such as 100', needed);
  };
  decimal('fee', draft.fee);
  decimal('throughput', draft.throughput, 'number such as 1');
  if (has.amount) count('allowance.amount', draft.amount);
  if (has.overage) decimal('overage', draft.overage, 'number such as 0.50', false);
  if (has.brackets) decimal('otherRatio', draft.otherRatio, 'ratio such as 0.05', false);
  const brackets = has.brackets ? draft.brackets : draft.brackets.slice(-1);
  if (has.margins) {
    brackets.forEach(({ upTo, marginRatio }, index) => {
      if (index < brackets.length - 1) count(`brackets.${index}.upTo`, upTo, true);
      decimal(`brackets.${index}.marginRatio`, marginRatio, 'ratio such as 0.05 for 5 percent');
    });
  }
  if (has.packs) {
    draft.packs.forEach(({ credits, units, price, validDays }, index) => {
      count(`creditPacks.${index}.credits`, credits, true);
      count(`creditPacks.${index}.units`, units, true);
      decimal(`creditPacks.${index}.price`, price);
      count(`creditPacks.${index}.validDays`, validDays);
    });
  }
  return slips;
}

function textOf(number: number | string | null): string {
  return number === null ? '' : String(number);
}

function exact(text: string): `${number}` | null {
  return isExact(text) ? text : null;
}

function whole(text: string): number | null {
  return isWhole(text) ? Number(text) : null;
}
