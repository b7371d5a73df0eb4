import { Alert, Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCrown } from '@tabler/icons-react';
import { useState } from 'react';

import { request } from '../api/client';
import type { Viewer } from '../api/queries';
import { OwnershipAcceptDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { clockIn } from '../parts/time';

type Offer = NonNullable<Viewer['ownershipOffer']>;

/** Tells whom the Owner offers the company, whatever view they are in. */
export function OwnershipOffer({ viewer: { ownershipOffer, tenant } }: { viewer: Viewer }) {
  const [asked, setAsked] = useState<Offer | null>(null);
  if (ownershipOffer === null || tenant === null) return null;
  return (
    <Alert color="grape" icon={<IconCrown aria-hidden />} title={`${ownershipOffer.ownerName} offers you the ownership`} mb="lg">
      <Group justify="space-between">
        <Text size="sm">
          You can become the Owner of {tenant.name} until {clockIn(tenant.timeZone).short(ownershipOffer.expiresAt)}. Do
          nothing to leave everything as it is.
        </Text>
        <Button
          size="xs"
          onClick={() => {
            setAsked(ownershipOffer);
          }}
        >
          Become the Owner
        </Button>
      </Group>
      <Question
        about={asked}
        title={`Become the Owner of ${tenant.name}?`}
        stay="Not now"
        act="Become the Owner"
        color="petrol"
        ask={async ({ id }) => (await request(OwnershipAcceptDocument, { transferId: id })).ownershipAccept}
        touches={['viewer', 'team']}
        onDone={() => {
          notifications.show({ color: 'green', title: 'You are the Owner', message: `${tenant.name} is yours to run.` });
        }}
        onClose={() => {
          setAsked(null);
        }}
      >
        {({ ownerName }) =>
          `You alone will make administrators, and can hand the company over or close its account. ${ownerName} becomes an administrator.`
        }
      </Question>
    </Alert>
  );
}
