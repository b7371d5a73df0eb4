/** A mutation's user errors, each beside the field that it is about. */
export interface UserError {
  message: string;
  path: string[] | null;
}

/** Whether a request was answered for good: what is asked next is another one, with a key of its own. */
export function isAnswered(outcome: { errors: readonly { code: string }[] } | null): boolean {
  // What is being worked on may yet be done: asked again with another key it would be done twice.
  return outcome !== null && !outcome.errors.some(({ code }) => code === 'IDEMPOTENCY_IN_PROGRESS');
}

/** The first error of each field, by the last name in its path; what names no known field is under `form`. */
export function errorsByField<Field extends string>(
  errors: readonly UserError[],
  fields: readonly Field[],
): Partial<Record<Field | 'form', string>> {
  const found: Partial<Record<Field | 'form', string>> = {};
  for (const { message, path } of errors) {
    const field = fields.find((name) => path?.includes(name)) ?? 'form';
    found[field] ??= message;
  }
  return found;
}

/** The first error of each place in the input, such as `brackets.0.upTo`; what names no place is under `form`. */
export function errorsByPlace(errors: readonly UserError[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { message, path } of errors) {
    const place = path?.slice(path[0] === 'input' ? 1 : 0).join('.') ?? 'form';
    if (!found.has(place)) found.set(place, message);
  }
  return found;
}

/** The error of a place or of something in it. */
export function errorUnder(errors: ReadonlyMap<string, string>, place: string): string | undefined {
  return errors.get(place) ?? [...errors].find(([each]) => each.startsWith(`${place}.`))?.[1];
}
