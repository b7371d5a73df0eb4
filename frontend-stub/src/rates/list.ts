import type { RateInput } from '../generated/operations';
import { isExact } from '../parts/numbers';

const HEADING = /^category,country,price$/i;

/** A list of rates as text, a line each: category,country,price; without a country it is everywhere else. */
export function readList(text: string): { rates: RateInput[]; slips: string[] } {
  const rates: RateInput[] = [];
  const slips: string[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || HEADING.test(line.replaceAll(' ', ''))) continue;
    const [category = '', country = '', price = '', ...more] = line.split(',').map((each) => each.trim());
    if (category === '' || !isExact(price) || more.length > 0) slips.push(`“${line}” is not a category, a country and a price.`);
    else rates.push({ category, country: country === '' ? null : country.toUpperCase(), price });
  }
  return { rates, slips };
}

/** What the server says of a list; the place of a rate as its number: "Rate 3: ...". */
export function saidOf(errors: readonly { message: string; path: string[] | null }[]): string[] {
  return errors.map(({ message, path }) => {
    const at = path?.[1] === 'rates' ? path[2] : undefined;
    return at === undefined ? message : `Rate ${Number(at) + 1}: ${message}`;
  });
}
