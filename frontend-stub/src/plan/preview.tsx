import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { PlanChangeDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { isPast, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { Facts } from './facts';
import { OF_THE_PLAN, type Preview, previewQuery } from './queries';

interface Wanted {
  id: string;
  name: string;
}

/** What a change would do, in a dialog, before it is made. */
export function PreviewChange({ plan, onClose }: { plan: Wanted | null; onClose: () => void }) {
  return (
    <Modal opened={plan !== null} onClose={onClose} title={<Text fw={650}>Change to {plan?.name}?</Text>} size="lg">
      {plan !== null && <Previewed plan={plan} onClose={onClose} />}
    </Modal>
  );
}

function Previewed({ plan, onClose }: { plan: Wanted; onClose: () => void }) {
  const money = useMay('BILLING_READ');
  const { data, error, refetch } = useQuery(previewQuery(plan.id, money));
  const again = () => void refetch();
  if (error !== null) return <Trouble error={error} onRetry={again} />;
  if (data === undefined) return <LoadingRows count={4} />;
  const preview = data.planChangePreview;
  if (preview === null) return <Text size="sm">This plan is no longer sold.</Text>;
  return <Confirm key={preview.token} preview={preview} onAgain={again} onClose={onClose} />;
}

interface ConfirmProps {
  preview: Preview;
  onAgain: () => void;
  onClose: () => void;
}

function Confirm({ preview, onAgain, onClose }: ConfirmProps) {
  const clock = useClock();
  const [key] = useState(() => crypto.randomUUID());
  const { to, effectiveAt, warnings, token } = preview;
  const now = isPast(effectiveAt);
  const name = to?.name ?? 'the plan';
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(PlanChangeDocument, { input: { idempotencyKey: key, previewToken: token } })).planChange,
    {
      touches: OF_THE_PLAN,
      onDone: () => {
        notifications.show({
          color: 'green',
          title: now ? `You have ${name} now` : `${name} comes`,
          message: now ? 'It holds from now on.' : `It begins ${clock.short(effectiveAt)}; until then you can cancel it.`,
        });
        onClose();
      },
    },
  );
  const refused = refusals[0];
  return (
    <Stack>
      <Facts preview={preview} />
      {warnings.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Before you do">
          <List size="sm" spacing={4}>
            {warnings.map(({ code, message }) => (
              <List.Item key={code}>{message}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refused?.message} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep what you have
        </Button>
        {refused === undefined ? (
          <Button
            loading={isPending}
            onClick={() => {
              mutate();
            }}
          >
            {now ? `Change to ${name} now` : `Change to ${name} on ${clock.day(effectiveAt)}`}
          </Button>
        ) : (
          <Button onClick={onAgain}>Look again</Button>
        )}
      </Group>
    </Stack>
  );
}
