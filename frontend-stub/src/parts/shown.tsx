import { Code, Group, Text } from '@mantine/core';

import { Copy } from './copy';

interface ShownProps {
  label: string;
  text: string;
  /** What the button copies, as in "Copy secret". */
  what: string;
}

/** A text to be taken elsewhere, with a button that copies it. */
export function Shown({ label, text, what }: ShownProps) {
  return (
    <div role="group" aria-label={label}>
      <Group justify="space-between" mb={4}>
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Copy text={text} what={what} />
      </Group>
      <Code block className="prewrap">
        {text}
      </Code>
    </div>
  );
}
