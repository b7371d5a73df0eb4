import { Badge, Text } from '@mantine/core';

import type { Template } from '../api/queries';
import type { ContentState } from '../generated/operations';

const STATES: Readonly<Record<ContentState, [label: string, color: string]>> = {
  PUBLISHING: ['Being handed over', 'orange'],
  READY: ['Ready to send', 'green'],
  FAILED: ['Not taken', 'red'],
  WITHDRAWN: ['Withdrawn', 'gray'],
};

/** Whether it can be sent now: a text can at once, other content once the messaging service has it. */
export function canBeSent({ kind, current: { content } }: Template): boolean {
  return kind === 'TEXT' || content?.state === 'READY';
}

/** How a template that the messaging service fills stands there; nothing for a text. */
export function ContentNotice({ template: { kind, current } }: { template: Template }) {
  if (kind === 'TEXT' || current.content === null) return null;
  const [label, color] = STATES[current.content.state];
  return (
    <div>
      <Badge color={color}>{label}</Badge>
      {current.content.reason !== null && (
        <Text size="sm" mt={4}>
          {current.content.reason}
        </Text>
      )}
    </div>
  );
}
