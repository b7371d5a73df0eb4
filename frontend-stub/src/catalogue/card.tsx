import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { Link } from 'wouter';

import { inNumbers, inPercent } from '../parts/numbers';
import { useClock } from '../parts/time';
import { counted } from '../parts/words';
import { Offered } from '../plan/offer';
import type { PlanVersion } from './queries';
import { STATES, STRATEGIES } from './words';

interface VersionCardProps {
  plan: PlanVersion;
  /** How many hold it. */
  tenants: number;
  onRetire: (plan: PlanVersion) => void;
}

/** One version of a plan, who has it, and what can become of it. */
export function VersionCard({ plan, tenants, onRetire }: VersionCardProps) {
  const { id, name, version, state, strategy } = plan;
  const [label, color] = STATES[state];
  const draft = state === 'DRAFT';
  return (
    <Card component="article" aria-label={`${name}, version ${version}`} className="offer">
      <Stack gap="sm" h="100%">
        <Group justify="space-between" gap="xs" align="flex-start">
          <div>
            <Title order={2} size="h4">
              {name}
            </Title>
            <Text size="xs" c="dimmed">
              Version {version} · {STRATEGIES[strategy][0]}
            </Text>
          </div>
          <Badge color={color}>{label}</Badge>
        </Group>
        <Offered plan={plan} />
        <Margins plan={plan} />
        <Since plan={plan} tenants={tenants} />
        <Group gap="xs" mt="auto">
          <Button
            component={Link}
            href={`/catalogue/from/${encodeURIComponent(id)}`}
            size="xs"
            variant="light"
            leftSection={<IconPencil size={14} aria-hidden />}
            aria-label={`${draft ? 'Edit the draft of' : 'New version of'} ${name}`}
          >
            {draft ? 'Edit' : 'New version'}
          </Button>
          {state !== 'RETIRED' && (
            <Button
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={`${draft ? 'Throw away the draft of' : 'Retire'} ${name}`}
              onClick={() => {
                onRetire(plan);
              }}
            >
              {draft ? 'Throw away' : 'Retire'}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}

/** What the operator alone knows of a plan that goes by cost. */
function Margins({ plan: { brackets, marginKind, otherRatio } }: { plan: PlanVersion }) {
  if (marginKind === null) return null;
  const steps = brackets.flatMap(({ upTo, marginRatio }) =>
    marginRatio === null ? [] : [`${inPercent(marginRatio)}${upTo === null ? (brackets.length > 1 ? ' from then on' : '') : ` up to ${inNumbers(upTo)}`}`],
  );
  return (
    <Text size="sm">
      <b>{marginKind === 'MARGIN' ? 'Margin' : 'Markup'}:</b> {steps.join(', ')}
      {otherRatio !== null && `; ${inPercent(otherRatio)} on what is no message`}
    </Text>
  );
}

function Since({ plan: { publishedAt, retiredAt }, tenants }: Pick<VersionCardProps, 'plan' | 'tenants'>) {
  const clock = useClock();
  if (publishedAt === null) {
    return (
      <Text size="sm" c="dimmed">
        Seen by nobody but you
      </Text>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      {tenants === 0 ? 'No tenant has it' : `${counted(tenants, 'tenant')} ${tenants === 1 ? 'has' : 'have'} it`}.{' '}
      {retiredAt === null ? `On sale since ${clock.short(publishedAt)}` : `Retired ${clock.short(retiredAt)}`}
    </Text>
  );
}
