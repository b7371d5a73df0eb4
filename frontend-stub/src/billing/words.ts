import type { InvoiceState, PriceBasis } from '../generated/operations';

export const STATES: Readonly<Record<InvoiceState, [label: string, color: string]>> = {
  DRAFT: ['Draft', 'petrol'],
  ISSUED: ['To be paid', 'orange'],
  PAID: ['Paid', 'green'],
  VOID: ['Void', 'gray'],
};

export const BASES = {
  ESTIMATED: 'an estimate: the final price is not there yet',
  FINAL: 'the final price',
  INCLUDED: 'the plan’s own price',
} as const satisfies Record<PriceBasis, string>;
