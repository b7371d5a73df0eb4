import { Anchor, Badge, Button, Card, Group, Menu, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconBell, IconBellOff, IconCheck } from '@tabler/icons-react';
import { Link } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { AlertAcknowledgeDocument, AlertMuteDocument } from '../generated/operations';
import { WHO_ACTS } from '../parts/actors';
import { isPast, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import type { Alert } from './queries';
import { KINDS } from './words';

const TOUCHED = ['alerts', 'openAlerts'];
const DAY = 24 * 60 * 60 * 1_000;

/** One alert: what, how often, what to do, and taking notice of it. */
export function AlertCard({ alert, mayWrite }: { alert: Alert; mayWrite: boolean }) {
  const { kind, title, advice, actor, acknowledgedAt } = alert;
  const { icon: Icon, label, meaning } = KINDS[kind];
  const open = acknowledgedAt === null;
  return (
    <Card component="article" aria-label={title}>
      <Group align="flex-start" wrap="nowrap" gap="md">
        <ThemeIcon variant="light" size="lg" radius="md" color={open ? 'orange' : 'gray'} visibleFrom="xs">
          <Icon size={20} aria-hidden />
        </ThemeIcon>
        <Stack gap="sm" flex={1} miw={0}>
          <Group justify="space-between" align="flex-start" gap="xs">
            <Title order={2} size="h4">
              {title}
            </Title>
            <Badge color="gray" title={meaning}>
              {label}
            </Badge>
          </Group>
          <Text size="sm">{advice}</Text>
          <Text size="sm" fw={600}>
            {WHO_ACTS[actor]}
          </Text>
          <Messages alert={alert} />
          <Times alert={alert} />
          {mayWrite && <Actions alert={alert} />}
        </Stack>
      </Group>
    </Card>
  );
}

function Times({ alert: { count, firstAt, lastAt, acknowledgedAt, acknowledgedBy, mutedUntil } }: { alert: Alert }) {
  const clock = useClock();
  const when = count === 1 ? clock.short(lastAt) : `${clock.short(firstAt)} to ${clock.short(lastAt)}`;
  return (
    <Text size="sm" c="dimmed">
      {count === 1 ? 'Once' : `${count.toLocaleString('en')} times`}, {when}
      {acknowledgedAt !== null && `. Acknowledged ${clock.short(acknowledgedAt)}${acknowledgedBy === null ? '' : ` by ${acknowledgedBy.name}`}`}
      {isMuted(mutedUntil) && `. Muted until ${clock.short(mutedUntil)}`}
    </Text>
  );
}

function Messages({ alert: { messages } }: { alert: Alert }) {
  const { nodes = [], pageInfo } = messages ?? {};
  if (nodes.length === 0) return null;
  return (
    <Group gap="xs" component="section" aria-label="Messages that it is about">
      {nodes.map(({ id, recipient, contact }) => (
        <Anchor key={id} component={Link} href={`/messages?message=${encodeURIComponent(id)}`} size="sm">
          {contact?.name ?? recipient.maskedNumber}
        </Anchor>
      ))}
      {pageInfo?.hasNextPage === true && (
        <Text size="sm" c="dimmed">
          and more
        </Text>
      )}
    </Group>
  );
}

function Actions({ alert }: { alert: Alert }) {
  const { id, title, acknowledgedAt, mutedUntil } = alert;
  const acknowledging = useChange(async () => (await request(AlertAcknowledgeDocument, { id })).alertAcknowledge, { touches: TOUCHED });
  const muting = useChange(
    async (days: number) =>
      (await request(AlertMuteDocument, { id, until: new Date(Date.now() + days * DAY).toISOString() })).alertMute,
    { touches: TOUCHED },
  );
  const error = acknowledging.error ?? muting.error;
  return (
    <>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={acknowledging.refusals[0]?.message ?? muting.refusals[0]?.message} />
      <Group gap="xs">
        {acknowledgedAt === null && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCheck size={14} aria-hidden />}
            aria-label={`Acknowledge: ${title}`}
            loading={acknowledging.isPending}
            onClick={() => {
              acknowledging.mutate();
            }}
          >
            Acknowledge
          </Button>
        )}
        {isMuted(mutedUntil) ? (
          <Button
            size="xs"
            variant="subtle"
            leftSection={<IconBell size={14} aria-hidden />}
            aria-label={`Tell again: ${title}`}
            loading={muting.isPending}
            onClick={() => {
              muting.mutate(0);
            }}
          >
            Tell again
          </Button>
        ) : (
          <Mute title={title} pending={muting.isPending} onMute={muting.mutate} />
        )}
      </Group>
    </>
  );
}

function Mute({ title, pending, onMute }: { title: string; pending: boolean; onMute: (days: number) => void }) {
  return (
    <Menu position="bottom-start" shadow="md">
      <Menu.Target>
        <Button size="xs" variant="subtle" leftSection={<IconBellOff size={14} aria-hidden />} aria-label={`Mute: ${title}`} loading={pending}>
          Mute
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Count it, and tell nobody</Menu.Label>
        <Menu.Item
          onClick={() => {
            onMute(1);
          }}
        >
          For a day
        </Menu.Item>
        <Menu.Item
          onClick={() => {
            onMute(7);
          }}
        >
          For a week
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function isMuted(until: string | null): until is string {
  return until !== null && !isPast(until);
}
