import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import type { NumberCapability } from '../generated/operations';
import { numbersQuery } from './queries';
import { nameOf } from './words';

interface SenderChoiceProps {
  /** What it has to be able to do. */
  able: NumberCapability;
  /** The number's id; null: whichever is ready. */
  chosen: string | null;
  error?: string | undefined;
  onChange: (id: string | null) => void;
}

/** Which of the company's numbers to use; not asked while there is no choice. Needs NUMBERS_READ. */
export function SenderChoice({ able, chosen, error, onChange }: SenderChoiceProps) {
  const { data } = useQuery(numbersQuery({ first: 100 }));
  const numbers = (data?.numbers?.nodes ?? []).filter(({ capabilities }) => capabilities.includes(able));
  if (numbers.length < 2) return null;
  return (
    <NativeSelect
      label="From"
      data={[
        { value: '', label: 'The first number that is ready' },
        ...numbers.map((number) => ({
          value: number.id,
          label: number.ready ? nameOf(number) : `${nameOf(number)}, being registered`,
          disabled: !number.ready,
        })),
      ]}
      value={chosen ?? ''}
      error={error}
      onChange={(event) => {
        onChange(event.currentTarget.value === '' ? null : event.currentTarget.value);
      }}
    />
  );
}
