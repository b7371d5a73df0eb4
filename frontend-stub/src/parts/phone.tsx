import { Text } from '@mantine/core';

/** A text as it will look on the recipient's phone. */
export function Phone({ text, label }: { text: string; label: string }) {
  return (
    <figure className="phone" aria-label={label}>
      <div className="bubble prewrap" data-testid="preview">
        {text === '' ? (
          <Text size="sm" c="dimmed">
            Your message appears here
          </Text>
        ) : (
          text
        )}
      </div>
    </figure>
  );
}
