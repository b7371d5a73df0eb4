import { Badge, Button, Card, EmptyState, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconCircleCheck, IconHourglass, IconPhone, IconSettings } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { inNumbers } from '../parts/numbers';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { EditNumber } from './edit';
import { Pace } from './pace';
import { numbersQuery, type OwnNumber } from './queries';
import { callsInWords, CAPABILITIES, KINDS, nameOf } from './words';

/** The company's own numbers: what they can do, how fast, and what becomes of calls to them. */
export function NumbersPage() {
  const mayReadLog = useMay('LOGS_READ');
  return (
    <Page title="Numbers" lead="What your messages and calls come from, and what becomes of calls to them.">
      {mayReadLog && <Pace />}
      <NumberList />
    </Page>
  );
}

function NumberList() {
  const { data, error, refetch } = useQuery(numbersQuery(usePage(24)));
  const [edited, setEdited] = useState<OwnNumber | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  const { nodes = [], pageInfo } = data.numbers ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconPhone aria-hidden />} title="No number yet" description="We set one up for your company; it appears here." />;
  }
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {nodes.map((number) => (
          <NumberCard key={number.id} number={number} onEdit={setEdited} />
        ))}
      </SimpleGrid>
      {pageInfo !== undefined && <Pager info={pageInfo} back="Previous" forward="Next" />}
      <EditNumber
        number={edited}
        onClose={() => {
          setEdited(null);
        }}
      />
    </Stack>
  );
}

function NumberCard({ number: own, onEdit }: { number: OwnNumber; onEdit: (number: OwnNumber) => void }) {
  const { label, number, kind, country, capabilities, ready, throughput } = own;
  const mayWrite = useMay('NUMBERS_WRITE');
  return (
    <Card component="article" aria-label={nameOf(own)}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div className="shrinks">
            <Title order={2} size="h4" className="anywhere">
              {nameOf(own)}
            </Title>
            <Text size="sm" c="dimmed">
              {label !== '' && `${number}, `}
              {KINDS[kind].toLowerCase()} of {country}
            </Text>
          </div>
          {ready ? (
            <Badge color="green" leftSection={<IconCircleCheck size={14} aria-hidden />}>
              Ready to send
            </Badge>
          ) : (
            <Badge color="orange" leftSection={<IconHourglass size={14} aria-hidden />}>
              Being registered
            </Badge>
          )}
        </Group>
        {!ready && <Text size="sm">Carriers do not take messages from it before its registration is through.</Text>}
        <Group gap="xs" role="group" aria-label="Can be used for">
          {capabilities.map((capability) => (
            <Badge key={capability} color="gray">
              {CAPABILITIES[capability]}
            </Badge>
          ))}
        </Group>
        <Text size="sm">Up to {inNumbers(throughput)} segments a second.</Text>
        <Text size="sm" className="prewrap">
          {callsInWords(own)}
        </Text>
        {mayWrite && (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconSettings size={14} aria-hidden />}
              aria-label={`Set up ${nameOf(own)}`}
              onClick={() => {
                onEdit(own);
              }}
            >
              Set up
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}
