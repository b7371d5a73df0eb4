import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { roleOf, useMay, useViewer } from '../session/viewer';
import { HandOver } from './hand-over';
import { Invitations } from './invitations';
import { Invite } from './invite';
import { Members } from './members';
import { teamQuery } from './queries';
import { rolesManagedBy } from './roles';

/** Who works for the company here, and as what. */
export function TeamPage() {
  const [inviting, { open, close }] = useDisclosure(false);
  const mayWrite = useMay('MEMBERS_WRITE');
  const mayHandOver = useMay('OWNERSHIP_TRANSFER');
  const role = roleOf(useViewer());
  const manageable = mayWrite ? rolesManagedBy(role) : [];
  const { data, error, refetch } = useQuery(teamQuery);
  const members = data?.members ?? [];
  return (
    <Page
      title="Team"
      lead="Who works for your company here, and what each may do."
      actions={
        mayWrite && (
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={open}>
            Invite a colleague
          </Button>
        )
      }
    >
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && (
        <Stack gap="xl">
          <Members members={members} manageable={manageable} />
          <Invitations invitations={data.invitations ?? []} manageable={manageable} />
          {mayHandOver && <HandOver heirs={members.filter((member) => member.role !== 'OWNER')} />}
        </Stack>
      )}
      <Invite opened={inviting} roles={manageable} onClose={close} />
    </Page>
  );
}
