/** A mutation's user errors, each beside the field that it is about. */
export interface UserError {
  message: string;
  path: string[] | null;
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
