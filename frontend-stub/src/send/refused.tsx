import { Alert, Stack, Text } from '@mantine/core';
import { IconUserOff } from '@tabler/icons-react';

import type { Batch } from './batches';

type Refusals = Batch['refusals'];

/** Who of a send gets nothing, why, and where in the request they stood. */
export function Refused({ refusals: { nodes, pageInfo } }: { refusals: Refusals }) {
  return (
    <Alert color="orange" icon={<IconUserOff aria-hidden />} title="Not sent to">
      <Stack gap={4}>
        {nodes.map(({ contact, maskedNumber, message, path }, index) => (
          <Text size="sm" key={index}>
            <Text span fw={600} inherit>
              {contact?.name ?? maskedNumber ?? 'A recipient'}
            </Text>
            {placeOf(path)}: {message}
          </Text>
        ))}
        {pageInfo.hasNextPage && <Text size="sm">and more</Text>}
      </Stack>
    </Alert>
  );
}

const LISTS: Readonly<Record<string, string>> = { contactIds: 'contact', numbers: 'number', tagIds: 'tag' };

/** Where a recipient stood, as its path tells: recipients, numbers, 3 is ", number 4 of the request". */
function placeOf(path: readonly string[]): string {
  const [list, index] = path.slice(-2);
  if (path.at(-1) === 'filter') return ', by the filter';
  const one = LISTS[list ?? ''];
  return one === undefined || index === undefined ? '' : `, ${one} ${Number(index) + 1} of the request`;
}
