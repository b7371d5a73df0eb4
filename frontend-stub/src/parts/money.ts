import { isPositive } from './numbers';

/** An exact amount as the server writes it: the page shows it and never counts with it. */
export interface Money {
  amount: `${number}`;
  currency: string;
}

/** "$8.20"; the price of one message keeps its further decimals: "$0.0083". */
export function inMoney({ amount, currency }: Money): string {
  return formatter(currency).format(amount);
}

/** The same with its sign, for a difference: "+$8.20". */
export function inDifference({ amount, currency }: Money): string {
  return `${isPositive(amount) ? '+' : ''}${inMoney({ amount, currency })}`;
}

const FORMATTERS = new Map<string, Intl.NumberFormat>();

function formatter(currency: string): Intl.NumberFormat {
  const known = FORMATTERS.get(currency);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits: 10 });
  FORMATTERS.set(currency, made);
  return made;
}
