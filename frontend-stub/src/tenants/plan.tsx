import { Button, Card, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { IconArrowsExchange, IconCreditCard } from '@tabler/icons-react';
import { useState } from 'react';

import { useClock } from '../parts/time';
import { AllowanceBar, leftInWords } from '../session/allowance';
import { AssignPlan } from './assign-plan';
import { CreditLimit } from './credit-limit';
import type { TenantDetail } from './queries';

/** The plan that a tenant has, and giving it another. */
export function PlanCard({ tenant }: { tenant: TenantDetail }) {
  const { plan, name } = tenant;
  const [act, setAct] = useState<'assign' | 'limit' | null>(null);
  const close = () => {
    setAct(null);
  };
  return (
    <Card component="section" aria-label="Plan">
      <Group justify="space-between" align="flex-start">
        {plan === null ? <Text c="dimmed">No plan yet.</Text> : <Held plan={plan} />}
        <Group gap="xs">
          {plan?.plan.strategy === 'CREDITS' && (
            <Button
              variant="default"
              leftSection={<IconCreditCard size={16} aria-hidden />}
              onClick={() => {
                setAct('limit');
              }}
            >
              Set the credit limit
            </Button>
          )}
          <Button
            leftSection={<IconArrowsExchange size={16} aria-hidden />}
            onClick={() => {
              setAct('assign');
            }}
          >
            Assign a plan
          </Button>
        </Group>
      </Group>
      <Modal opened={act === 'assign'} onClose={close} title={<Text fw={650}>Assign a plan to {name}</Text>}>
        <AssignPlan tenant={tenant} onClose={close} />
      </Modal>
      <Modal opened={act === 'limit'} onClose={close} title={<Text fw={650}>Credit limit of {name}</Text>}>
        <CreditLimit tenant={tenant} onClose={close} />
      </Modal>
    </Card>
  );
}

function Held({ plan: { plan, since, allowance, pendingChange } }: { plan: NonNullable<TenantDetail['plan']> }) {
  const clock = useClock();
  return (
    <Stack gap={6} miw={200}>
      <Title order={2} size="h4">
        {plan.name}, version {plan.version}
      </Title>
      <Text size="sm" c="dimmed">
        Since {clock.long(since)}
      </Text>
      {allowance !== null && (
        <>
          <AllowanceBar allowance={allowance} size="sm" />
          <Text size="sm">{leftInWords(allowance)}</Text>
        </>
      )}
      {pendingChange !== null && (
        <Text size="sm">
          {pendingChange.to?.name ?? 'Another plan'} from {clock.long(pendingChange.effectiveAt)}
        </Text>
      )}
    </Stack>
  );
}
