import { Chip, Group } from '@mantine/core';
import { useSearchParams } from 'wouter';

interface ChoiceProps {
  /** Its name in the address. */
  name: string;
  label: string;
  /** Values and their words; the first stands for all and is not in the address. */
  choices: Readonly<Record<string, string>>;
}

/** Narrows a list to one of a few kinds; the list begins anew. */
export function Choice({ name, label, choices }: ChoiceProps) {
  const [params, setParams] = useSearchParams();
  const all = Object.keys(choices)[0] ?? '';
  return (
    <Chip.Group
      value={params.get(name) ?? all}
      onChange={(value) => {
        setParams((old) => {
          for (const each of [name, 'after', 'before']) old.delete(each);
          if (value !== all) old.set(name, value);
          return old;
        });
      }}
    >
      <Group gap="xs" role="radiogroup" aria-label={label}>
        {Object.entries(choices).map(([value, words]) => (
          <Chip key={value} value={value} variant="light">
            {words}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}
