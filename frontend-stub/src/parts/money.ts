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

/** What was used comes to so much: to a hundredth of a cent, since its exact price may have any number of decimals. */
export function inRoundMoney({ amount, currency }: Money): string {
  return formatter(currency, 4).format(amount);
}

/** An amount with its sign, for a difference: "+$8.20". */
export function inDifference({ amount, currency }: Money): string {
  return `${isPositive(amount) ? '+' : ''}${inMoney({ amount, currency })}`;
}

/** Whether a text is an amount as the server takes it: "49.50". */
export function isAmount(text: string): text is `${number}` {
  return /^\d+(\.\d+)?$/.test(text);
}

/** Which share of a whole some parts are, roughly: for a bar, and for nothing that is written. */
export function roughShare(parts: readonly Money[], whole: Money): number {
  return parts.reduce((sum, { amount }) => sum + Number(amount), 0) / Number(whole.amount);
}

const FORMATTERS = new Map<string, Intl.NumberFormat>();

function formatter(currency: string, maximumFractionDigits = 10): Intl.NumberFormat {
  const key = `${currency}${maximumFractionDigits}`;
  const known = FORMATTERS.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat('en', { style: 'currency', currency, maximumFractionDigits });
  FORMATTERS.set(key, made);
  return made;
}
