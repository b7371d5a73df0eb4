import { Chip, Group, NativeSelect } from '@mantine/core';
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
  const [value, choose] = useChoice(name, choices);
  return (
    <Chip.Group value={value} onChange={choose}>
      <Group gap="xs" role="radiogroup" aria-label={label}>
        {Object.entries(choices).map(([each, words]) => (
          <Chip key={each} value={each} variant="light">
            {words}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}

/** The same for many kinds, in less room. */
export function ChoiceBox({ name, label, choices }: ChoiceProps) {
  const [value, choose] = useChoice(name, choices);
  return (
    <NativeSelect
      label={label}
      data={Object.entries(choices).map(([each, words]) => ({ value: each, label: words }))}
      value={value}
      onChange={(event) => {
        choose(event.currentTarget.value);
      }}
    />
  );
}

function useChoice(name: string, choices: ChoiceProps['choices']): [value: string, choose: (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const all = Object.keys(choices)[0] ?? '';
  const choose = (value: string) => {
    setParams((old) => {
      for (const each of [name, 'after', 'before']) old.delete(each);
      if (value !== all) old.set(name, value);
      return old;
    });
  };
  return [params.get(name) ?? all, choose];
}
