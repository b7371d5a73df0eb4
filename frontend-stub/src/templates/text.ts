import type { Contact, Variable } from '../api/queries';

const VARIABLE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,49})\s*\}\}/g; // the same as the server's

/** The names of the variables in a text, each once, in order. */
export function variablesIn(body: string): string[] {
  return [...new Set(Array.from(body.matchAll(VARIABLE), ([, name]) => name ?? ''))];
}

/** The text with what is known filled in; what is not known stays as it was written. */
export function filled(body: string, values: Readonly<Record<string, string | undefined>>): string {
  return body.replaceAll(VARIABLE, (written, name: string) => values[name] ?? written);
}

/** The text as the template's author imagined it. */
export function withExamples(body: string, variables: readonly Variable[]): string {
  return filled(body, Object.fromEntries(variables.map(({ name, example }) => [name, example])));
}

/** Whether a contact's own details fill a variable. */
export function covers(contact: Contact, variable: string): boolean {
  const value = contact.fields[variable] ?? (variable === 'name' ? contact.name : null);
  return value !== null && value !== '';
}
