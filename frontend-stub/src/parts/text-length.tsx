import { Text } from '@mantine/core';

import { lengthOf } from './segments';
import { counted } from './words';

/** What a text will count, told quietly beside the field that it is written in. */
export function TextLength({ text }: { text: string }) {
  const { segments, special } = lengthOf(text);
  return (
    <Text size="xs" c="dimmed" className="numbers">
      {text === '' ? '' : `${counted(segments, 'segment')}${special ? ', special characters' : ''}`}
    </Text>
  );
}
