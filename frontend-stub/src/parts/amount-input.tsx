import { TextInput, type TextInputProps } from '@mantine/core';

import { isExact } from './numbers';

interface AmountInputProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  /** What it is of, such as USD. */
  unit?: string;
  value: string;
  onChange: (amount: string) => void;
}

/** An exact number, which stays the text that is typed. */
export function AmountInput({ unit, value, error, onChange, ...rest }: AmountInputProps) {
  return (
    <TextInput
      inputMode="decimal"
      autoComplete="off"
      {...(unit !== undefined && { rightSection: <span className="unit">{unit}</span>, rightSectionWidth: 64 })}
      {...rest}
      value={value}
      error={value === '' || isExact(value) ? error : 'Write a number such as 49.99.'}
      onChange={(event) => {
        onChange(event.currentTarget.value.trim());
      }}
    />
  );
}
