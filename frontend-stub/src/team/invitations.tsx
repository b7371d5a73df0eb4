import { ActionIcon, Badge, Card, Group, Stack, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconMailForward, IconMailX } from '@tabler/icons-react';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { InvitationResendDocument, InvitationRevokeDocument, type TenantRole } from '../generated/operations';
import { Question } from '../parts/question';
import { isPast, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import type { Invitation } from './queries';

interface InvitationsProps {
  invitations: readonly Invitation[];
  /** The roles that the viewer gives and takes. */
  manageable: readonly TenantRole[];
}

/** Who is invited and has not come yet; nothing where there is nobody. */
export function Invitations({ invitations, manageable }: InvitationsProps) {
  const [unwanted, setUnwanted] = useState<Invitation | null>(null);
  const resending = useChange(async ({ id }: Invitation) => (await request(InvitationResendDocument, { id })).invitationResend, {
    touches: ['team'],
    onDone: () => {
      notifications.show({ color: 'green', title: 'Sent again', message: 'The link in the mail before is good for nothing now.' });
    },
  });
  if (invitations.length === 0) return null;
  return (
    <Stack component="section" aria-labelledby="invitations" gap="sm">
      <Title order={2} size="h4" id="invitations">
        Open invitations
      </Title>
      {resending.error !== null && <Trouble error={resending.error} />}
      <Refusal sentence={resending.refusals[0]?.message} />
      <Card padding={0}>
        <Table aria-label="Open invitations" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>E-mail address</Table.Th>
              <Table.Th visibleFrom="sm">Invited by</Table.Th>
              <Table.Th visibleFrom="xs">Good until</Table.Th>
              <Table.Th ta="right">Actions</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {invitations.map((invitation) => (
              <Row
                key={invitation.id}
                invitation={invitation}
                mayManage={manageable.includes(invitation.role)}
                onResend={resending.mutate}
                onRevoke={setUnwanted}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <Question
        about={unwanted}
        title="Withdraw this invitation?"
        stay="Keep it"
        act="Withdraw"
        ask={async ({ id }) => (await request(InvitationRevokeDocument, { id })).invitationRevoke}
        touches={['team']}
        onClose={() => {
          setUnwanted(null);
        }}
      >
        {({ email }) => (
          <>
            The link that was mailed to <b>{email}</b> stops working. You can invite them again.
          </>
        )}
      </Question>
    </Stack>
  );
}

interface RowProps {
  invitation: Invitation;
  mayManage: boolean;
  onResend: (invitation: Invitation) => void;
  onRevoke: (invitation: Invitation) => void;
}

function Row({ invitation, mayManage, onResend, onRevoke }: RowProps) {
  const { email, role, invitedBy, expiresAt } = invitation;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550} className="anywhere">
          {email}
        </Text>
        <Text size="xs" c="dimmed">
          {inWords(role)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">{invitedBy?.name ?? 'Somebody who has left'}</Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <GoodUntil at={expiresAt} />
      </Table.Td>
      <Table.Td>
        {mayManage && (
          <Group gap={4} justify="flex-end" wrap="nowrap">
            <ActionIcon
              variant="subtle"
              size="lg"
              aria-label={`Send the invitation to ${email} again`}
              onClick={() => {
                onResend(invitation);
              }}
            >
              <IconMailForward size={18} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="red"
              size="lg"
              aria-label={`Withdraw the invitation to ${email}`}
              onClick={() => {
                onRevoke(invitation);
              }}
            >
              <IconMailX size={18} aria-hidden />
            </ActionIcon>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function GoodUntil({ at }: { at: string }) {
  const clock = useClock();
  if (isPast(at)) {
    return (
      <Badge color="orange" title={`Since ${clock.long(at)}; send it again to give it new time`}>
        Expired
      </Badge>
    );
  }
  return (
    <Text size="sm" className="numbers">
      {clock.short(at)}
    </Text>
  );
}
