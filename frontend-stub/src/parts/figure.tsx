import { Card, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

interface FigureProps {
  label: string;
  /** The figure itself. */
  value: string;
  unit?: string;
  /** Beside the label. */
  aside?: ReactNode;
  children?: ReactNode;
}

/** One figure that is looked for first, and what belongs to it. */
export function Figure({ label, value, unit, aside, children }: FigureProps) {
  return (
    <Card component="section" aria-label={label}>
      <Stack gap={4}>
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed" fw={550}>
            {label}
          </Text>
          {aside}
        </Group>
        <Group gap={8} align="baseline">
          <Text fz={28} fw={700} lh={1.2} className="numbers">
            {value}
          </Text>
          {unit !== undefined && <Text c="dimmed">{unit}</Text>}
        </Group>
        {children}
      </Stack>
    </Card>
  );
}
