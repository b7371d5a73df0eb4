import { Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

import { useViewer } from '../session/viewer';

interface PageProps {
  title: string;
  lead: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** One view: its heading, a line on what it is for, and its main action. */
export function Page({ title, lead, actions, children }: PageProps) {
  useDocumentTitle(`${title} · ${useViewer().tenant?.name ?? 'All tenants'}`);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end" gap="sm">
        <Stack gap={2}>
          <Title order={1} size="h2">
            {title}
          </Title>
          <Text c="dimmed">{lead}</Text>
        </Stack>
        {actions}
      </Group>
      {children}
    </Stack>
  );
}

/** Stands where rows will be. */
export function LoadingRows({ count = 6 }: { count?: number }) {
  return (
    <Stack gap="sm" aria-busy="true" aria-label="Loading" role="status">
      {Array.from({ length: count }, (_, row) => (
        <Skeleton key={row} height={44} radius="md" />
      ))}
    </Stack>
  );
}
