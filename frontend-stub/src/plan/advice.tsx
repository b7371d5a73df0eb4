import { Accordion, Alert, Button, Group, Table, Text } from '@mantine/core';
import { IconBulb } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { inMoney } from '../parts/money';
import { monthInWords } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { PreviewChange } from './preview';
import { type Advised, adviceQuery } from './queries';

/** Which plan would have cost least for what was used lately, and why; nothing where nothing was used. */
export function Advice() {
  const { data, error, refetch } = useQuery(adviceQuery(useMay('BILLING_READ')));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  const advice = data?.planAdvice;
  return advice == null || advice.recommended === null ? null : <Advised advice={advice} recommended={advice.recommended} />;
}

interface AdvisedProps {
  advice: Advised;
  recommended: NonNullable<Advised['recommended']>;
}

function Advised({ advice: { verdict, monthlySaving, reason, basis, months }, recommended }: AdvisedProps) {
  const mayChange = useMay('PLAN_WRITE');
  const [looking, setLooking] = useState(false);
  const change = verdict === 'CHANGE';
  const less = monthlySaving == null ? 'less' : `${inMoney(monthlySaving)} less`;
  return (
    <Alert
      role="region"
      aria-label="Advice"
      color={change ? 'green' : 'petrol'}
      icon={<IconBulb aria-hidden />}
      title={change ? `${recommended.name} would have cost you ${less} a month` : 'Your plan is the right one for you'}
    >
      {reason != null && <Text size="sm">{reason}</Text>}
      {change && mayChange && (
        <Group mt="sm">
          <Button
            size="xs"
            onClick={() => {
              setLooking(true);
            }}
          >
            See what a change does
          </Button>
        </Group>
      )}
      <Accordion variant="default" mt="xs">
        <Accordion.Item value="basis">
          <Accordion.Control px={0}>
            <Text size="sm">Each plan by what you sent {monthsInWords(months)}</Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Comparison basis={basis} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      <PreviewChange
        plan={looking ? recommended : null}
        onClose={() => {
          setLooking(false);
        }}
      />
    </Alert>
  );
}

function Comparison({ basis }: Pick<Advised, 'basis'>) {
  return (
    <Table aria-label="What each plan would have cost" highlightOnHover={false} horizontalSpacing={0}>
      <Table.Tbody>
        {basis.map(({ plan, monthlyPrice, refusedMessages }) => (
          <Table.Tr key={plan.id}>
            <Table.Th scope="row">
              {plan.name}
              {refusedMessages > 0 && (
                <Text size="xs" c="inherit" fw={400}>
                  {counted(refusedMessages, 'message')} would not have left
                </Text>
              )}
            </Table.Th>
            <Table.Td ta="right" className="numbers">
              {monthlyPrice != null && `${inMoney(monthlyPrice)} a month`}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** "in October 2026", "from August 2026 to October 2026" */
function monthsInWords(months: readonly string[]): string {
  const [first, last] = [...months].sort().filter((_, place, all) => place === 0 || place === all.length - 1);
  if (first === undefined) return '';
  return last === undefined ? `in ${monthInWords(first)}` : `from ${monthInWords(first)} to ${monthInWords(last)}`;
}
