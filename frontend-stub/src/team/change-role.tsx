import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { MemberRoleChangeDocument, type TenantRole } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import type { Member } from './queries';
import { RoleChoice } from './role-choice';

interface ChangeRoleProps {
  member: Member | null;
  roles: readonly TenantRole[];
  onClose: () => void;
}

/** Gives a member another role, in a dialog. */
export function ChangeRole({ member, roles, onClose }: ChangeRoleProps) {
  return (
    <Modal opened={member !== null} onClose={onClose} title={<Text fw={650}>{member !== null && `Role of ${member.person.name}`}</Text>}>
      {member !== null && <Fields member={member} roles={roles} onClose={onClose} />}
    </Modal>
  );
}

function Fields({ member, roles, onClose }: ChangeRoleProps & { member: Member }) {
  const [role, setRole] = useState(member.role);
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(MemberRoleChangeDocument, { id: member.id, role })).memberRoleChange,
    { touches: ['team'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['role'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <RoleChoice roles={roles} value={role} error={problems.role} onChange={setRole} />
        <Text size="sm" c="dimmed">
          It holds at once. API clients that {member.person.name} made are capped by it too.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={role === member.role}>
            Change role
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
