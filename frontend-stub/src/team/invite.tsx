import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { MemberInviteDocument, type TenantRole } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import { RoleChoice } from './role-choice';

interface InviteProps {
  opened: boolean;
  /** The roles that can be given. */
  roles: readonly TenantRole[];
  onClose: () => void;
}

/** Invites a colleague by e-mail, in a dialog. */
export function Invite({ opened, roles, onClose }: InviteProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>Invite a colleague</Text>}>
      <Fields roles={roles} onClose={onClose} />
    </Modal>
  );
}

function Fields({ roles, onClose }: Omit<InviteProps, 'opened'>) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<TenantRole | null>(null);
  const { mutate, refusals, error, isPending } = useChange(
    async (input: { email: string; role: TenantRole }) => (await request(MemberInviteDocument, { input })).memberInvite,
    {
      touches: ['team'],
      onDone: ({ invitation }) => {
        notifications.show({ color: 'green', title: 'Invited', message: `A mail to ${invitation?.email ?? email} is on its way.` });
        onClose();
      },
    },
  );
  const problems = errorsByField(refusals, ['email', 'role'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (role !== null) mutate({ email: email.trim(), role });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <TextInput
          label="E-mail address"
          description="The invitation is good for this address alone."
          type="email"
          required
          data-autofocus
          autoComplete="off"
          value={email}
          error={problems.email}
          onChange={(event) => {
            setEmail(event.currentTarget.value);
          }}
        />
        <RoleChoice roles={roles} value={role} error={problems.role} onChange={setRole} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={email.trim() === '' || role === null}>
            Send invitation
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
