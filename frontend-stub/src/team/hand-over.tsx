import { Button, Card, Group, List, Modal, Select, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { OwnershipTransferDocument } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { useTenant } from '../session/viewer';
import type { Member } from './queries';

/** For the Owner: offer the company to a colleague. */
export function HandOver({ heirs }: { heirs: readonly Member[] }) {
  const [opened, { open, close }] = useDisclosure(false);
  const tenant = useTenant();
  return (
    <Card component="section" aria-labelledby="ownership">
      <Group justify="space-between">
        <div>
          <Title order={2} size="h4" id="ownership">
            Ownership
          </Title>
          <Text size="sm" c="dimmed">
            You are the Owner of {tenant.name}, and there is one at a time.
          </Text>
        </div>
        <Button variant="default" disabled={heirs.length === 0} onClick={open}>
          Hand over ownership
        </Button>
      </Group>
      <Modal opened={opened} onClose={close} title={<Text fw={650}>Hand over ownership</Text>}>
        <Fields heirs={heirs} onClose={close} />
      </Modal>
    </Card>
  );
}

function Fields({ heirs, onClose }: { heirs: readonly Member[]; onClose: () => void }) {
  const [heir, setHeir] = useState<string | null>(null);
  const { mutate, refusals, error, isPending } = useChange(
    async (toMemberId: string) => (await request(OwnershipTransferDocument, { toMemberId })).ownershipTransfer,
    {
      touches: ['team'],
      onDone: ({ transfer }) => {
        notifications.show({
          color: 'green',
          title: 'Offered',
          message: `Nothing changes until ${transfer?.heirName ?? 'your colleague'} accepts.`,
        });
        onClose();
      },
    },
  );
  const problems = errorsByField(refusals, ['toMemberId'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (heir !== null) mutate(heir);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <Select
          label="New Owner"
          required
          data={heirs.map(({ id, person, role }) => ({ value: id, label: `${person.name}, ${inWords(role)}` }))}
          value={heir}
          error={problems.toMemberId}
          onChange={setHeir}
        />
        <List size="sm" spacing={4}>
          <List.Item>They see the offer here and accept it within seven days. Until then nothing changes.</List.Item>
          <List.Item>Then you become an administrator. Only they can make you the Owner again.</List.Item>
          <List.Item>They alone will make administrators, and can close the account.</List.Item>
        </List>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={isPending} disabled={heir === null}>
            Offer ownership
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
