import { ActionIcon, Badge, Card, Group, Table, Text } from '@mantine/core';
import { IconShieldCheck, IconShieldOff, IconUserEdit, IconUserMinus } from '@tabler/icons-react';
import { useState } from 'react';

import type { TenantRole } from '../generated/operations';
import { useClock } from '../parts/time';
import { inWords } from '../parts/words';
import { useViewer } from '../session/viewer';
import { ChangeRole } from './change-role';
import type { Member } from './queries';
import { RemoveMember } from './remove-member';
import { ROLES } from './roles';

interface MembersProps {
  members: readonly Member[];
  /** The roles that the viewer gives and takes. */
  manageable: readonly TenantRole[];
}

/** Who belongs to the company. */
export function Members({ members, manageable }: MembersProps) {
  const [changed, setChanged] = useState<Member | null>(null);
  const [leaving, setLeaving] = useState<Member | null>(null);
  return (
    <Card padding={0}>
      <Table aria-label="Members" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th visibleFrom="xs">Role</Table.Th>
            <Table.Th visibleFrom="sm">Second factor</Table.Th>
            <Table.Th visibleFrom="md">Last seen</Table.Th>
            <Table.Th visibleFrom="lg">Joined</Table.Th>
            {manageable.length > 0 && <Table.Th ta="right">Actions</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <Row key={member.id} member={member} manageable={manageable} onChange={setChanged} onRemove={setLeaving} />
          ))}
        </Table.Tbody>
      </Table>
      <ChangeRole
        member={changed}
        roles={manageable}
        onClose={() => {
          setChanged(null);
        }}
      />
      <RemoveMember
        member={leaving}
        onClose={() => {
          setLeaving(null);
        }}
      />
    </Card>
  );
}

interface RowProps extends Omit<MembersProps, 'members'> {
  member: Member;
  onChange: (member: Member) => void;
  onRemove: (member: Member) => void;
}

function Row({ member, manageable, onChange, onRemove }: RowProps) {
  const clock = useClock();
  const { principal } = useViewer();
  const { person, role, secondFactor, lastSeenAt, joinedAt } = member;
  const mayManage = manageable.includes(role) && person.id !== principal.id;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {person.name}
          {person.id === principal.id && ' (you)'}
        </Text>
        <Text size="xs" c="dimmed" className="anywhere">
          {person.email}
        </Text>
        <Text size="xs" hiddenFrom="xs">
          {inWords(role)}, {secondFactor ? 'with' : 'no'} second factor
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Text size="sm" title={ROLES[role]}>
          {inWords(role)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <SecondFactor member={member} />
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm" className="numbers">
          {lastSeenAt === null ? 'Not yet' : clock.short(lastSeenAt)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm" className="numbers">
          {clock.day(joinedAt)}
        </Text>
      </Table.Td>
      {manageable.length > 0 && (
        <Table.Td>
          {mayManage && (
            <Group gap={4} justify="flex-end" wrap="nowrap">
              <ActionIcon
                variant="subtle"
                size="lg"
                aria-label={`Change the role of ${person.name}`}
                onClick={() => {
                  onChange(member);
                }}
              >
                <IconUserEdit size={18} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="red"
                size="lg"
                aria-label={`Remove ${person.name}`}
                onClick={() => {
                  onRemove(member);
                }}
              >
                <IconUserMinus size={18} aria-hidden />
              </ActionIcon>
            </Group>
          )}
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function SecondFactor({ member: { secondFactor } }: { member: Member }) {
  return secondFactor ? (
    <Badge color="green" leftSection={<IconShieldCheck size={14} aria-hidden />}>
      On
    </Badge>
  ) : (
    <Badge color="gray" leftSection={<IconShieldOff size={14} aria-hidden />}>
      Off
    </Badge>
  );
}
