import { List, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';

import { type Contents, contentsOf } from './contents';
import { Fee } from './fee';

/** A plan as it is offered: its fee, what it is for, and what it includes. */
export function Offered({ plan }: { plan: Contents & { description: string } }) {
  return (
    <>
      <Fee plan={plan} />
      {plan.description !== '' && (
        <Text size="sm" c="dimmed">
          {plan.description}
        </Text>
      )}
      <List size="sm" spacing={6} icon={<IconCheck size={16} aria-hidden className="included" />} center={false}>
        {contentsOf(plan).map((words) => (
          <List.Item key={words}>{words}</List.Item>
        ))}
      </List>
    </>
  );
}
