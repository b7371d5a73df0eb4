import { Badge } from '@mantine/core';

interface CountProps {
  count: number;
  /** Whether there are more than were counted. */
  more: boolean;
  /** What they are, as in "3 unread". */
  words: string;
  color?: string;
}

/** A number beside a room of the navigation; a change of it is read out politely. */
export function Count({ count, more, words, color = 'petrol' }: CountProps) {
  const shown = `${count}${more ? '+' : ''}`;
  return (
    <span role="status">
      {count > 0 && (
        <Badge variant="filled" size="sm" color={color} circle={shown.length === 1}>
          <span aria-hidden>{shown}</span>
          <span className="unseen">
            {shown} {words}
          </span>
        </Badge>
      )}
    </span>
  );
}
