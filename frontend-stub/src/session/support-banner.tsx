import { Alert, Button, Group, Text } from '@mantine/core';
import { IconDoorExit, IconLifebuoy } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { request } from '../api/client';
import { queryClient, type Viewer } from '../api/queries';
import { SupportSessionEndDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { clockIn } from '../parts/time';

/** Tells ISV support, above every view, whose data it looks at, why and until when. */
export function SupportBanner({ viewer: { supportSession, tenant, permissions } }: { viewer: Viewer }) {
  const [ending, setEnding] = useState<string | null>(null);
  const [, navigate] = useLocation();
  if (supportSession === null || tenant === null) return null;
  const { id, reason, expiresAt } = supportSession;
  return (
    <Alert
      role="region" // it stays, and need not be read out anew in each view
      color="orange"
      icon={<IconLifebuoy aria-hidden />}
      title={`Support session in ${tenant.name} until ${clockIn(tenant.timeZone).short(expiresAt)}`}
      aria-label="Support session"
      mb="lg"
    >
      <Group justify="space-between" align="flex-end">
        <div>
          <Text size="sm" className="anywhere">
            Reason: {reason}
          </Text>
          <Text size="sm">
            You only read, and the company sees that you do.{' '}
            {permissions.includes('MESSAGES_READ')
              ? 'It lets support see texts and full numbers just now.'
              : 'Texts and full numbers are hidden: it has not let support see them.'}
          </Text>
        </div>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDoorExit size={14} aria-hidden />}
          onClick={() => {
            setEnding(id);
          }}
        >
          End session
        </Button>
      </Group>
      <Question
        about={ending}
        title="End this support session?"
        stay="Stay"
        act="End session"
        color="petrol"
        ask={async (session) => (await request(SupportSessionEndDocument, { id: session })).supportSessionEnd}
        touches={[]}
        onDone={() => {
          navigate('/tenants');
          void queryClient.resetQueries(); // nothing of this tenant is shown any longer
        }}
        onClose={() => {
          setEnding(null);
        }}
      >
        {() => `You leave ${tenant.name}. To look again, open another session.`}
      </Question>
    </Alert>
  );
}
