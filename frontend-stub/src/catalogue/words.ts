import type { MarginKind, PlanState, PricingStrategy } from '../generated/operations';

export const STATES = {
  PUBLISHED: ['On sale', 'green'],
  DRAFT: ['Draft', 'orange'],
  RETIRED: ['Retired', 'gray'],
} as const satisfies Record<PlanState, [label: string, color: string]>;

export const STRATEGIES = {
  TIER: ['Tier', 'A fee covers what is allowed; then sending stops.'],
  TIER_WITH_OVERAGE: ['Tier with overage', 'A fee covers what is allowed; each unit over it is charged for.'],
  CREDITS: ['Credits', 'Packs are bought ahead, and sending goes on as long as there are credits.'],
  FIXED_MARGIN: ['Fixed margin', 'What the provider asks for, and the same margin on all of it.'],
  DYNAMIC_MARGIN: ['Dynamic margin', 'What the provider asks for, and a margin that changes with the messages of the month.'],
} as const satisfies Record<PricingStrategy, [label: string, meaning: string]>;

export const MARGIN_KINDS = {
  MARGIN: 'Margin: a part of the price',
  MARKUP: 'Markup: on top of the cost',
} as const satisfies Record<MarginKind, string>;
