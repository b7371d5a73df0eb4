import type { CategoryTotal, UsageReport } from './queries';

const SENT = ['sms-outbound', 'mms-outbound'];
const RECEIVED = ['sms-inbound', 'mms-inbound'];

export interface Sum {
  count: number;
  usage: number;
}

/** Whether it counts messages themselves, and not what they cost besides. */
export function isMessage({ category }: CategoryTotal): boolean {
  return SENT.includes(category) || RECEIVED.includes(category);
}

export function sent(report: UsageReport): Sum {
  return sumOf(report.categories.filter(({ category }) => SENT.includes(category)));
}

export function received(report: UsageReport): Sum {
  return sumOf(report.categories.filter(({ category }) => RECEIVED.includes(category)));
}

/** Calls and their minutes. */
export function calls(report: UsageReport): Sum {
  return sumOf(report.categories.filter(({ countUnit }) => countUnit === 'calls'));
}

function sumOf(categories: readonly CategoryTotal[]): Sum {
  return categories.reduce((all, { count, usage }) => ({ count: all.count + count, usage: all.usage + usage }), { count: 0, usage: 0 });
}
