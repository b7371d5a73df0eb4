import { SimpleGrid, Text, TextInput } from '@mantine/core';

import type { Contact, Variable } from '../api/queries';
import { counted, inWords } from '../parts/words';
import { covers } from '../templates/text';

interface VariablesProps {
  variables: readonly Variable[];
  contacts: readonly Contact[];
  values: Readonly<Record<string, string>>;
  onChange: (values: Record<string, string>) => void;
}

/** Asks for what the contacts' own details do not fill. */
export function Variables({ variables, contacts, values, onChange }: VariablesProps) {
  const open = variables.map((variable) => ({
    variable,
    without: contacts.filter((contact) => !covers(contact, variable.name)).length,
  }));
  const covered = open.filter(({ without }) => without === 0).map(({ variable }) => inWords(variable.name).toLowerCase());
  return (
    <>
      {covered.length > 0 && contacts.length > 0 && (
        <Text size="sm" c="dimmed">
          Filled from each contact: {covered.join(', ')}.
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        {open
          .filter(({ without }) => without > 0)
          .map(({ variable: { name, example, required, default: standard }, without }) => (
            <TextInput
              key={name}
              label={inWords(name)}
              required={required && standard === null}
              description={
                without === contacts.length
                  ? 'The same for everyone'
                  : `${counted(without, 'contact')} without it. What you write here goes to everyone.`
              }
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

/** The variables that nothing fills yet, for some of the contacts. */
export function unfilled({ variables, contacts, values }: Omit<VariablesProps, 'onChange'>): Variable[] {
  return variables.filter(
    ({ name, required, default: standard }) =>
      required &&
      standard === null &&
      (values[name] ?? '').trim() === '' &&
      contacts.some((contact) => !covers(contact, name)),
  );
}
