import { SimpleGrid, Text, TextInput } from '@mantine/core';

import type { Contact, Variable } from '../api/queries';
import { counted, inWords } from '../parts/words';
import { covers } from '../templates/text';

interface VariablesProps {
  variables: readonly Variable[];
  contacts: readonly Contact[];
  /** Whether there are recipients of whom only the server knows what fills it. */
  others: boolean;
  values: Readonly<Record<string, string>>;
  onChange: (values: Record<string, string>) => void;
}

/** Asks for what the contacts' own details do not fill. */
export function Variables({ variables, contacts, others, values, onChange }: VariablesProps) {
  const reachable = contacts.filter(({ suppression }) => suppression === null);
  const lacking = variables.map((variable) => ({
    variable,
    lack: reachable.filter((contact) => !covers(contact, variable.name)).length,
  }));
  const covered = lacking.filter(({ lack }) => lack === 0).map(({ variable }) => inWords(variable.name).toLowerCase());
  if (contacts.length === 0 && !others) {
    return (
      <Text size="sm" c="dimmed">
        Once you have chosen recipients, what their contact details do not fill is asked here.
      </Text>
    );
  }
  return (
    <>
      {others && (
        <Text size="sm" c="dimmed">
          Leave a field empty, and each contact’s own detail stands there; who has none is left out.
        </Text>
      )}
      {covered.length > 0 && !others && (
        <Text size="sm" c="dimmed">
          Filled from each contact: {covered.join(', ')}.
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        {lacking
          .filter(({ lack }) => lack > 0 || others)
          .map(({ variable: { name, example, required, default: standard }, lack }) => (
            <TextInput
              key={name}
              label={inWords(name)}
              required={required && standard === null && lack === reachable.length && !others}
              // What is written here wins over the contact's own detail.
              description={lack === reachable.length || others ? 'The same for everyone' : `${counted(lack, 'contact')} without it. Fills in for everyone.`}
              placeholder={standard ?? `e.g. ${example}`}
              value={values[name] ?? ''}
              onChange={(event) => {
                onChange({ ...values, [name]: event.currentTarget.value });
              }}
            />
          ))}
      </SimpleGrid>
    </>
  );
}

/** The first variable that nothing fills for anybody; whom only some detail is missing the estimate leaves out. */
export function unfilled({ variables, contacts, values }: Omit<VariablesProps, 'others' | 'onChange'>): Variable | undefined {
  return variables.find(
    ({ name, required, default: standard }) =>
      required &&
      standard === null &&
      (values[name] ?? '').trim() === '' &&
      contacts.every((contact) => !covers(contact, name)),
  );
}
