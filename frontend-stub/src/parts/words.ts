/** "1 message", "3 messages". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** The unit of so many: the schema has it for many. */
export function unitOf(count: number, unit: string): string {
  return count === 1 ? unit.replace(/s$/, '') : unit;
}

/** ALL_CAPS of the schema as a word for people: BILLING_MANAGER is "Billing manager". */
export function inWords(constant: string): string {
  const words = constant.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
