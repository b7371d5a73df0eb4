import { EmptyState, Stack } from '@mantine/core';
import { IconBellCheck, IconBellOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import { Choice } from '../parts/choice';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Trouble } from '../parts/trouble';
import { useMay, useReads } from '../session/viewer';
import { AlertCard } from './card';
import { alertsQuery } from './queries';

const SHOWN = { open: 'Open', done: 'Acknowledged', all: 'All' };
const ACKNOWLEDGED: Readonly<Record<string, boolean | undefined>> = { open: false, done: true };

/** The alerts, those first that were raised last. */
export function AlertList() {
  const [params] = useSearchParams();
  const shown = params.get('show') ?? 'open';
  return (
    <Stack gap="lg">
      <Choice name="show" label="Which" choices={SHOWN} />
      <Alerts shown={shown} />
    </Stack>
  );
}

function Alerts({ shown }: { shown: string }) {
  const { contacts } = useReads();
  const messages = useMay('LOGS_READ');
  const mayWrite = useMay('ALERTS_WRITE');
  const acknowledged = ACKNOWLEDGED[shown];
  const filter = acknowledged === undefined ? null : { acknowledged };
  const { data, error, refetch } = useQuery(alertsQuery({ ...usePage(25), filter, messages, contacts }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.alerts ?? {};
  if (nodes.length === 0) {
    return shown === 'done' ? (
      <EmptyState icon={<IconBellOff aria-hidden />} title="None was acknowledged yet" description="What you acknowledge is kept here." />
    ) : (
      <EmptyState
        icon={<IconBellCheck aria-hidden />}
        title="All is well"
        description="When something needs you, it appears here by itself, with what to do about it."
      />
    );
  }
  return (
    <Stack>
      {nodes.map((alert) => (
        <AlertCard key={alert.id} alert={alert} mayWrite={mayWrite} />
      ))}
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}
