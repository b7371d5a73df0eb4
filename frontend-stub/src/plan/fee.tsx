import { Group, Text } from '@mantine/core';

import { feeInWords } from './words';

/** What a plan costs, whatever is used. */
export function Fee({ plan }: { plan: Parameters<typeof feeInWords>[0] }) {
  const [fee, per] = feeInWords(plan);
  return (
    <Group gap={6} align="baseline">
      <Text fz={28} fw={700} lh={1.2} className="numbers">
        {fee}
      </Text>
      {per !== '' && <Text c="dimmed">{per}</Text>}
    </Group>
  );
}
