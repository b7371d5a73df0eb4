import { ActionIcon, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface RowsProps<Each> {
  rows: readonly Each[];
  /** What one is called, as in "Remove bracket 2". */
  one: string;
  /** What a new one begins as. */
  fresh: Each;
  /** Where a new one goes: before the last, or behind it. */
  before?: boolean;
  error: string | undefined;
  onChange: (rows: readonly Each[]) => void;
  children: (row: Each, index: number, change: (changes: Partial<Each>) => void) => ReactNode;
}

/** Rows of fields, to which more can be added; one is left at least. */
export function Rows<Each>({ rows, one, fresh, before = false, error, onChange, children }: RowsProps<Each>) {
  return (
    <Stack gap="md">
      {rows.map((row, index) => (
        <Group key={index} role="group" aria-label={`${one} ${index + 1}`} wrap="nowrap" align="flex-start" gap="xs">
          <div className="row-fields">
            {children(row, index, (changes) => {
              onChange(rows.map((old, other) => (other === index ? { ...old, ...changes } : old)));
            })}
          </div>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            mt={26}
            disabled={rows.length === 1}
            aria-label={`Remove ${one.toLowerCase()} ${index + 1}`}
            onClick={() => {
              onChange(rows.filter((_, other) => other !== index));
            }}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      {error !== undefined && (
        <Text size="sm" c="red" role="alert">
          {error}
        </Text>
      )}
      <Group>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => {
            onChange(before ? [...rows.slice(0, -1), fresh, ...rows.slice(-1)] : [...rows, fresh]);
          }}
        >
          Add a {one.toLowerCase()}
        </Button>
      </Group>
    </Stack>
  );
}
