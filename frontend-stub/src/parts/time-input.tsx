import { TextInput, type TextInputProps } from '@mantine/core';

import { daysAhead, localTime, useZone } from './time';

interface TimeInputProps extends Omit<TextInputProps, 'description' | 'value' | 'onChange'> {
  /** Over how many days it may be at most. */
  within: number;
  /** As the clocks of `useZone` show it, such as 2026-11-27T14:05. */
  value: string;
  onChange: (local: string) => void;
}

/** A day and a time that are to come, by the company's clocks. */
export function TimeInput({ within, value, onChange, ...rest }: TimeInputProps) {
  const zone = useZone();
  return (
    <TextInput
      type="datetime-local"
      description={`By the clocks of ${zone.replaceAll('_', ' ')}, at most ${within} days ahead`}
      min={localTime(new Date(), zone)}
      max={localTime(daysAhead(within), zone)}
      {...rest}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}
