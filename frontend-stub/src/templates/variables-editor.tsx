import { Checkbox, Fieldset, Group, Stack, Text, TextInput } from '@mantine/core';

import type { Variable } from '../api/queries';
import { inWords } from '../parts/words';

interface VariablesEditorProps {
  variables: readonly Variable[];
  error: string | undefined;
  onChange: (variables: Variable[]) => void;
}

/** For each place in the text: an example, and what stands there when a contact has nothing for it. */
export function VariablesEditor({ variables, error, onChange }: VariablesEditorProps) {
  if (variables.length === 0) return null;
  const change = (changed: Variable) => {
    onChange(variables.map((variable) => (variable.name === changed.name ? changed : variable)));
  };
  return (
    <Stack gap="sm">
      {error !== undefined && (
        <Text size="sm" c="red" role="alert">
          {error}
        </Text>
      )}
      {variables.map((variable) => (
        <Fieldset key={variable.name} legend={inWords(variable.name)} p="sm">
          <Group grow align="flex-start">
            <TextInput
              label="Example"
              size="xs"
              value={variable.example}
              onChange={(event) => {
                change({ ...variable, example: event.currentTarget.value });
              }}
            />
            <TextInput
              label="If a contact has none"
              size="xs"
              placeholder={variable.required ? 'Ask when sending' : 'Leave it out'}
              value={variable.default ?? ''}
              onChange={(event) => {
                const { value } = event.currentTarget;
                change({ ...variable, default: value === '' ? null : value });
              }}
            />
          </Group>
          <Checkbox
            mt="xs"
            size="xs"
            label="A message cannot go out without it"
            checked={variable.required}
            onChange={(event) => {
              change({ ...variable, required: event.currentTarget.checked });
            }}
          />
        </Fieldset>
      ))}
    </Stack>
  );
}
