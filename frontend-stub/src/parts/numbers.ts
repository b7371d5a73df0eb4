/** A number that may be exact, as text. */
export type Exact = number | `${number}`;

const EXACT = /^-?(0|[1-9]\d{0,14})(\.\d{1,10})?$/;
const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 10 });
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });

/** "1,234.5" */
export function inNumbers(exact: Exact): string {
  return NUMBER.format(exact);
}

/** A ratio as a percentage: 0.125 is "12.5%". */
export function inPercent(ratio: Exact): string {
  return PERCENT.format(ratio);
}

export function isNegative(exact: Exact): boolean {
  return String(exact).startsWith('-');
}

export function isZero(exact: Exact): boolean {
  return /^-?[0.]+$/.test(String(exact));
}

export function isPositive(exact: Exact): boolean {
  return !isNegative(exact) && !isZero(exact);
}

/** Whether a text is a number as the server reads one, such as 49.99. */
export function isExact(text: string): text is `${number}` {
  return EXACT.test(text);
}

/** Whether a text is a whole number that is not below nothing. */
export function isWhole(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
