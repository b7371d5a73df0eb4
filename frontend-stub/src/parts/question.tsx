import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { useChange } from '../api/changes';
import type { UserError } from '../api/user-errors';
import { Refusal, Trouble } from './trouble';

interface QuestionProps<Subject> {
  /** What it is about; null while nothing is asked. */
  about: Subject | null;
  title: string;
  /** What will happen. */
  children: (subject: Subject) => ReactNode;
  stay: string;
  act: string;
  color?: string;
  ask: (subject: Subject) => Promise<{ errors: readonly UserError[] } | null>;
  /** The names of the queries that it makes stale. */
  touches: readonly string[];
  onDone?: () => void;
  onClose: () => void;
}

/** Asks before something is done that cannot be undone; to leave everything as it is stands first. */
export function Question<Subject>({ about, title, onClose, ...rest }: QuestionProps<Subject>) {
  return (
    <Modal opened={about !== null} onClose={onClose} title={<Text fw={650}>{title}</Text>}>
      {about !== null && <Asked about={about} onClose={onClose} {...rest} />}
    </Modal>
  );
}

type AskedProps<Subject> = Omit<QuestionProps<Subject>, 'about' | 'title'> & { about: Subject };

function Asked<Subject>({ about, children, stay, act, color = 'red', ask, touches, onDone, onClose }: AskedProps<Subject>) {
  const { mutate, refusals, error, isPending } = useChange(() => ask(about), {
    touches,
    onDone: () => {
      onClose();
      onDone?.();
    },
  });
  return (
    <Stack>
      <Text size="sm" component="div">
        {children(about)}
      </Text>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {stay}
        </Button>
        <Button
          color={color}
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          {act}
        </Button>
      </Group>
    </Stack>
  );
}
