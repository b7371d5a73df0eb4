import { Card, Checkbox, Stack, Table, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { type AlertChannel, AlertRuleSetDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { alertRulesQuery, type Rule } from './queries';
import { Thresholds } from './thresholds';
import { CHANNELS, KINDS } from './words';

const ALL = Object.entries(CHANNELS) as [AlertChannel, string][];

/** Which kinds of alerts are told where. */
export function Rules() {
  const { data, error, refetch } = useQuery(alertRulesQuery);
  const phone = useMediaQuery('(max-width: 36em)');
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={5} />;
  const usage = data.alertRules?.find(({ kind }) => kind === 'USAGE_THRESHOLD');
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        Every alert is in the list, however it is told. Mails go to the Owner and the administrators, webhooks to the
        endpoints that ask for alerts.
      </Text>
      <Card padding={0}>
        <Table aria-label="Who is told" horizontalSpacing={phone ? 'xs' : 'lg'}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Alerts about</Table.Th>
              {ALL.map(([channel, label]) => (
                <Table.Th key={channel} ta="center">
                  {label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.alertRules?.map((rule) => (
              <Row key={rule.kind} rule={rule} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {usage !== undefined && <Thresholds rule={usage} />}
    </Stack>
  );
}

function Row({ rule: { kind, channels } }: { rule: Rule }) {
  const mayWrite = useMay('ALERTS_WRITE');
  const { label, meaning } = KINDS[kind];
  const { mutate, refusals, error, isPending, variables } = useChange(
    async (wanted: AlertChannel[]) => (await request(AlertRuleSetDocument, { input: { kind, channels: wanted } })).alertRuleSet,
    { touches: ['alertRules'] },
  );
  const shown: readonly AlertChannel[] = isPending ? variables : channels;
  return (
    <Table.Tr aria-busy={isPending}>
      <Table.Td>
        <Text size="sm" fw={550}>
          {label}
        </Text>
        <Text size="xs" c="dimmed" visibleFrom="sm">
          {meaning}
        </Text>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={refusals[0]?.message} />
      </Table.Td>
      {ALL.map(([channel, words]) => (
        <Table.Td key={channel}>
          <Checkbox
            aria-label={`${label}: ${words}`}
            display="flex"
            className="centered"
            checked={shown.includes(channel)}
            disabled={!mayWrite || isPending}
            onChange={() => {
              mutate(shown.includes(channel) ? shown.filter((one) => one !== channel) : [...shown, channel]);
            }}
          />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
