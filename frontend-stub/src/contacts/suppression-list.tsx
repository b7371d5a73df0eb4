import { Button, Card, EmptyState, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileImport, IconMessageOff } from '@tabler/icons-react';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { SuppressionAddDocument, SuppressionsDocument, type SuppressionsQueryVariables } from '../generated/operations';
import { StartImport } from '../imports/start';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { OF_WISHES } from './queries';
import { OPTED_OUT } from './words';

const suppressionsQuery = (variables: SuppressionsQueryVariables) =>
  queryOptions({
    queryKey: ['suppressions', variables],
    queryFn: ({ signal }) => request(SuppressionsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

/** The numbers that get no messages, whoever they belong to. */
export function SuppressionList({ mayWrite }: { mayWrite: boolean }) {
  const [adding, { open, close }] = useDisclosure(false);
  const [importing, { open: bringIn, close: stopImporting }] = useDisclosure(false);
  return (
    <Stack gap="lg">
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed" maw={620}>
          These numbers get no messages from you, whatever is sent. Only the person can take it back, by answering START.
        </Text>
        {mayWrite && (
          <Group gap="xs">
            <Button size="xs" variant="default" leftSection={<IconFileImport size={14} aria-hidden />} onClick={bringIn}>
              Import numbers
            </Button>
            <Button size="xs" variant="default" leftSection={<IconMessageOff size={14} aria-hidden />} onClick={open}>
              Add a number
            </Button>
          </Group>
        )}
      </Group>
      <Rows />
      <Modal opened={adding} onClose={close} title={<Text fw={650}>Send no more messages to</Text>}>
        <Form onClose={close} />
      </Modal>
      <StartImport purpose="SUPPRESSIONS" opened={importing} onClose={stopImporting} />
    </Stack>
  );
}

function Rows() {
  const clock = useClock();
  const { data, error, refetch } = useQuery(suppressionsQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.suppressions ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconMessageOff aria-hidden />} title="Nobody opted out" description="Whoever answers STOP appears here, and is left out of every send." />;
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Opted out" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Number</Table.Th>
              <Table.Th>Why</Table.Th>
              <Table.Th visibleFrom="xs">Since</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map(({ id, maskedNumber, source, since }) => (
              <Table.Tr key={id}>
                <Table.Td className="numbers">{maskedNumber}</Table.Td>
                <Table.Td className="sentence">{OPTED_OUT[source]}</Table.Td>
                <Table.Td visibleFrom="xs" className="numbers">
                  {clock.short(since)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const [number, setNumber] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(SuppressionAddDocument, { input: { number: number.trim() } })).suppressionAdd,
    { touches: OF_WISHES, onDone: onClose },
  );
  const problems = errorsByField(refusals, ['number'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <TextInput
          label="Mobile number"
          description="What waits to be sent to it is canceled. You cannot take this back; the person can, by answering START."
          type="tel"
          required
          data-autofocus
          autoComplete="off"
          value={number}
          error={problems.number}
          onChange={(event) => {
            setNumber(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={isPending} disabled={number.trim() === ''}>
            Send it nothing
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
