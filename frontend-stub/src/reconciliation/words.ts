import type { DiscrepancyReason, MarginAlertReason } from '../generated/operations';

export const REASONS = {
  UNKNOWN: 'Nobody knows why: it holds the month’s invoice back',
  LATE: 'The carriers’ count is not settled yet',
  ROUNDING: 'What rounding each price comes to',
  COUNTED_OTHERWISE: 'They count something else',
  PROCESSING_FEE: 'Failed messages, counted as fees',
  PRICED_OTHERWISE: 'Another price than the rate card’s',
} as const satisfies Record<DiscrepancyReason, string>;

export const MARGIN_REASONS = {
  NEGATIVE: 'It costs more than it brings in',
  BELOW_PLAN: 'Less than its plan promises',
} as const satisfies Record<MarginAlertReason, string>;
