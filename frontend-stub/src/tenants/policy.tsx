import { Badge, Button, Card, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconGavel } from '@tabler/icons-react';
import { useState } from 'react';

import { request } from '../api/client';
import { PolicyOverrideEndDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { isPast, useClock } from '../parts/time';
import { useMay } from '../session/viewer';
import { ExceptPolicy } from './except-policy';
import type { PolicyException, TenantDetail } from './queries';
import { RULES } from './words';

/** The rules that a tenant's texts may break, why and until when. */
export function PolicyExceptions({ tenant }: { tenant: TenantDetail }) {
  const { policyOverrides, name } = tenant;
  const mayExcept = useMay('POLICY_OVERRIDE');
  const [making, { open, close }] = useDisclosure(false);
  const [ending, setEnding] = useState<PolicyException | null>(null);
  const exceptions = policyOverrides ?? [];
  return (
    <Card component="section" aria-labelledby="policy">
      <Stack>
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h4" id="policy">
              Exceptions from policy
            </Title>
            {exceptions.length === 0 && (
              <Text size="sm" c="dimmed">
                None: every rule holds.
              </Text>
            )}
          </div>
          {mayExcept && (
            <Button variant="default" leftSection={<IconGavel size={16} aria-hidden />} onClick={open}>
              Make an exception
            </Button>
          )}
        </Group>
        {exceptions.length > 0 && (
          <ul className="lines">
            {exceptions.map((exception) => (
              <Line key={exception.id} exception={exception} onEnd={mayExcept ? setEnding : undefined} />
            ))}
          </ul>
        )}
      </Stack>
      <Modal opened={making} onClose={close} title={<Text fw={650}>An exception for {name}</Text>}>
        <ExceptPolicy tenant={tenant} onClose={close} />
      </Modal>
      <Question
        about={ending}
        title="End this exception?"
        stay="Keep it"
        act="End it"
        ask={async ({ id }) => (await request(PolicyOverrideEndDocument, { id })).policyOverrideEnd}
        touches={['tenant']}
        onClose={() => {
          setEnding(null);
        }}
      >
        {({ rule }) => `From now on the rule holds again: ${RULES[rule]}. The tenant finds it in its log.`}
      </Question>
    </Card>
  );
}

interface LineProps {
  exception: PolicyException;
  onEnd: ((exception: PolicyException) => void) | undefined;
}

function Line({ exception, onEnd }: LineProps) {
  const { rule, reason, since, until, madeBy, endedAt, endedBy } = exception;
  const clock = useClock();
  const holds = endedAt === null && !isPast(until);
  return (
    <li>
      <Group justify="space-between" align="flex-start">
        <div className="shrinks">
          <Group gap="xs">
            <Text size="sm" fw={600}>
              {RULES[rule]}
            </Text>
            <Badge color={holds ? 'orange' : 'gray'}>{holds ? 'Need not be kept' : 'Over'}</Badge>
          </Group>
          <Text size="sm" className="anywhere">
            {reason}
          </Text>
          <Text size="sm" c="dimmed">
            {clock.long(since)} to {clock.long(endedAt ?? until)}, by {madeBy}
            {endedBy !== null && `; ended by ${endedBy}`}
          </Text>
        </div>
        {holds && onEnd !== undefined && (
          <Button
            size="xs"
            variant="default"
            aria-label={`End the exception: ${RULES[rule]}`}
            onClick={() => {
              onEnd(exception);
            }}
          >
            End
          </Button>
        )}
      </Group>
    </li>
  );
}
