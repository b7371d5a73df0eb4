import { inMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { counted } from '../parts/words';
import type { OfferedPlan } from './queries';
import { allowanceInWords, limitInWords } from './words';

/** What is said of a plan that is offered. */
export type Contents = Pick<
  OfferedPlan,
  'strategy' | 'fee' | 'period' | 'allowance' | 'overage' | 'brackets' | 'creditPacks' | 'countries' | 'throughput' | 'features'
>;

/** What a plan includes, each a line that can be compared with the same line of another. */
export function contentsOf(plan: Contents): string[] {
  const { creditPacks, countries, throughput, features } = plan;
  const lines = [allowanceInWords(plan), limitInWords(plan), howPriced(plan), ...creditPacks.map(packInWords)];
  lines.push(countries.length === 0 ? 'To every country' : `To ${countries.map(countryInWords).join(', ')}`);
  lines.push(`${inNumbers(throughput)} ${Number(throughput) === 1 ? 'message' : 'messages'} a second`, ...features);
  return lines.filter((line) => line !== null);
}

const AND = new Intl.ListFormat('en');

/** How a plan that goes by cost makes its prices. */
function howPriced({ strategy, brackets }: Contents): string | null {
  if (strategy === 'FIXED_MARGIN') return 'Each message at what it costs, with a fixed part on top';
  if (strategy !== 'DYNAMIC_MARGIN') return null;
  const steps = brackets.flatMap(({ upTo }) => (upTo === null ? [] : [inNumbers(upTo)]));
  return `Each message at what it costs; the part on top falls after ${AND.format(steps)} a month`;
}

/** A pack of credits: "100 credits, good for 500 segments: $10.00". */
export function packInWords({ credits, units, unit, price }: OfferedPlan['creditPacks'][number]): string {
  const words = `${counted(credits, 'credit')}, good for ${inNumbers(units)} ${unit.toLowerCase()}`;
  return price === null ? words : `${words}: ${inMoney(price)}`;
}

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' });

function countryInWords(code: string): string {
  return COUNTRIES.of(code) ?? code;
}
