import { Badge, Button, Card, DataList, EmptyState, Group, Stack, Text, Title } from '@mantine/core';
import { IconPlayerPlay, IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { type PauseReason, TrafficPauseReleaseDocument, type TrafficKind } from '../generated/operations';
import { inMoney } from '../parts/money';
import { LoadingRows } from '../parts/page';
import { isPast, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { type Pause, trafficPausesQuery } from './queries';

const KINDS: Readonly<Record<TrafficKind, string>> = { SMS: 'Messages', CALL: 'Calls', FORWARD: 'Forwarded calls' };
const REASONS: Readonly<Record<PauseReason, string>> = {
  NEIGHBOURS: 'Much went to new recipients whose numbers follow one another, as machines make them up.',
  BURST: 'Much went to new recipients whose numbers begin alike, in a short time.',
  UNANSWERED: 'Much went to numbers that begin alike, and next to nothing arrived.',
  VELOCITY: 'Much went to numbers that begin alike, in a short time.',
  COUNTRY: 'Much went to new recipients in a dear country, in a short time.',
};
const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' });

/** What looked like fraud and was stopped, what that saved, and letting it go on. */
export function Pauses() {
  const { data, error, refetch } = useQuery(trafficPausesQuery(useMay('BILLING_READ')));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  const pauses = data.trafficPauses ?? [];
  if (pauses.length === 0) {
    return (
      <EmptyState
        icon={<IconShieldCheck aria-hidden />}
        title="Nothing was stopped"
        description="Traffic that looks like fraud, such as much to made-up numbers, is stopped by itself and appears here."
      />
    );
  }
  return (
    <Stack>
      {pauses.map((pause) => (
        <PauseCard key={pause.id} pause={pause} />
      ))}
    </Stack>
  );
}

function PauseCard({ pause }: { pause: Pause }) {
  const { id, kind, reason, releasedAt, refused, lossAvoided, pausedAt } = pause;
  const clock = useClock();
  const mayRelease = useMay('ALERTS_WRITE');
  const title = `${KINDS[kind]} to ${placeOf(pause)}`;
  const lasts = releasedAt === null;
  const facts: [label: string, value: string][] = [
    ['Since', clock.long(pausedAt)],
    ['Stopped so far', counted(refused, kind === 'SMS' ? 'message' : 'call')],
    ...(lossAvoided == null ? [] : [['Loss avoided', inMoney(lossAvoided)] satisfies [string, string]]),
  ];
  return (
    <Card component="article" aria-labelledby={`pause-${id}`}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Title order={2} size="h4" id={`pause-${id}`}>
            {title}
          </Title>
          <Badge color={lasts ? 'red' : 'gray'} leftSection={lasts && <IconShieldX size={14} aria-hidden />}>
            {lasts ? 'Stopped' : 'Released'}
          </Badge>
        </Group>
        <Text size="sm">{REASONS[reason]}</Text>
        <DataList labelWidth="120px" gap="xs">
          {facts.map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
        {lasts ? mayRelease && <Release id={id} title={title} /> : <Released pause={pause} />}
      </Stack>
    </Card>
  );
}

function Release({ id, title }: { id: string; title: string }) {
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(TrafficPauseReleaseDocument, { id })).trafficPauseRelease,
    { touches: ['trafficPauses'] },
  );
  return (
    <>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Text size="sm" c="dimmed">
        If you know who sends this, let it go on: it is not stopped again for 24 hours. What was stopped is not sent by itself; send it again.
      </Text>
      <Group>
        <Button
          size="xs"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          aria-label={`Let it go on: ${title}`}
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          Let it go on
        </Button>
      </Group>
    </>
  );
}

function Released({ pause: { releasedAt, releasedBy, graceUntil } }: { pause: Pause }) {
  const clock = useClock();
  if (releasedAt === null) return null;
  return (
    <Text size="sm" c="dimmed">
      Released {clock.short(releasedAt)}
      {releasedBy !== null && ` by ${releasedBy}`}
      {graceUntil !== null && !isPast(graceUntil) && `. Not stopped again before ${clock.short(graceUntil)}`}
    </Text>
  );
}

function placeOf({ prefix, country }: Pause): string {
  const land = country === null || country === '001' ? null : (COUNTRIES.of(country) ?? country);
  if (prefix === null) return land ?? 'a country';
  return `numbers that begin with ${prefix}${land === null ? '' : `, ${land}`}`;
}
