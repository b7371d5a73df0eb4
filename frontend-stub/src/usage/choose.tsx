import { Group, NativeSelect, TextInput } from '@mantine/core';
import { useSearchParams } from 'wouter';

import { type Asked, CUTS, isRange, PERIODS, RANGE } from './period';

const CHOICES = { ...PERIODS, [RANGE]: 'From day to day …' };

/** Which usage, and how finely it is cut; the address keeps it. */
export function Choose({ asked: { what, cut, from, to } }: { asked: Asked }) {
  const [, setParams] = useSearchParams();
  const set = (changes: Record<string, string>) => {
    setParams((params) => {
      for (const [name, value] of Object.entries(changes)) {
        if (value === '') params.delete(name);
        else params.set(name, value);
      }
      return params;
    });
  };
  const ranged = what === RANGE;
  const reversed = from !== '' && to !== '' && !isRange(from, to);
  return (
    <Group align="flex-start" gap="sm">
      <NativeSelect
        label="Period"
        data={choicesOf(CHOICES)}
        value={what}
        onChange={(event) => {
          set({ period: event.currentTarget.value, cut: '' });
        }}
      />
      {ranged && (
        <>
          <Day label="From" value={from} onChange={(day) => { set({ from: day }); }} />
          <Day label="To" value={to} error={reversed ? 'Before the first day' : undefined} onChange={(day) => { set({ to: day }); }} />
        </>
      )}
      <NativeSelect
        label="Cut into"
        data={choicesOf(CUTS)}
        value={cut}
        onChange={(event) => {
          set({ cut: event.currentTarget.value });
        }}
      />
    </Group>
  );
}

interface DayProps {
  label: string;
  value: string;
  error?: string | undefined;
  onChange: (day: string) => void;
}

function Day({ label, value, error, onChange }: DayProps) {
  return (
    <TextInput
      type="date"
      label={label}
      value={value}
      error={error}
      onChange={(event) => {
        onChange(event.currentTarget.value);
      }}
    />
  );
}

function choicesOf(words: Readonly<Record<string, string>>): { value: string; label: string }[] {
  return Object.entries(words).map(([value, label]) => ({ value, label }));
}
