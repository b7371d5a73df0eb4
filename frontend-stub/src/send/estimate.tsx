import { Alert, Card, DataList, List, Stack, Text, Title } from '@mantine/core';
import { IconGavel, IconUserOff } from '@tabler/icons-react';

import type { Estimate } from '../api/queries';
import type { RefusalCode } from '../generated/operations';
import { inRoundMoney } from '../parts/money';
import { isPositive } from '../parts/numbers';
import { Phone } from '../parts/phone';
import { counted } from '../parts/words';
import { isLow, leftInWords } from '../session/allowance';

export const REFUSALS: Record<RefusalCode, string> = {
  NOT_FOUND: 'no longer among your contacts',
  OPTED_OUT: 'opted out of your messages',
  PREFERENCE: 'want to be reached otherwise, or not about this',
  LANDLINE: 'have a landline, which takes no messages',
  POLICY: 'the text breaks a rule, such as how to opt out in a first message',
  PAUSED: 'stopped, since messages to numbers like these looked like fraud',
  ALLOWANCE_EXHAUSTED: 'over your allowance',
  COUNTRY_NOT_IN_PLAN: 'in countries that your plan does not reach',
  COUNTRY_WITHOUT_MMS: 'in countries that no pictures reach',
  CREDITS_EXHAUSTED: 'more than your credits reach',
  SPEND_CAP_REACHED: 'over your spend cap',
  MISSING_VARIABLE: 'a detail in the text is missing',
  TEXT_TOO_LONG: 'the text is empty or too long with their details',
  QUIET_HOURS: 'quiet hours leave no time for them',
  INVALID_NUMBER: 'no phone number',
  DUPLICATE: 'chosen twice',
};

interface EstimatePanelProps {
  estimate: Estimate | null;
  sample: string;
  stale: boolean;
}

/** What will happen on Send: the text on a phone, its length, who is left out, and the allowance after it. */
export function EstimatePanel({ estimate, sample, stale }: EstimatePanelProps) {
  return (
    <Card component="section" aria-labelledby="estimate">
      <Stack gap="md" aria-busy={stale}>
        <Title order={2} size="h4" id="estimate">
          Preview
        </Title>
        <Phone label={estimate === null ? 'Example of the message' : 'The message'} text={estimate?.preview ?? sample} />
        {estimate === null ? (
          <Text size="sm" c="dimmed">
            {sample === '' ? 'Choose a message to begin.' : 'With example details. Choose recipients to see theirs.'}
          </Text>
        ) : (
          <Figures estimate={estimate} />
        )}
      </Stack>
    </Card>
  );
}

function Figures({ estimate }: { estimate: Estimate }) {
  const { recipients, refusals, segments, totalSegments, allowanceAfter, price, verdicts, expectedDuration } = estimate;
  const broken = verdicts.filter(({ passed }) => !passed);
  // What a rule says against everybody's text is told once.
  const others = broken.length === 0 ? refusals : refusals.filter(({ code }) => code !== 'POLICY');
  return (
    <>
      <DataList labelWidth="96px" gap="xs">
        <DataList.Item>
          <DataList.ItemLabel>Recipients</DataList.ItemLabel>
          <DataList.ItemValue data-testid="recipients">{counted(recipients, 'person', 'people')}</DataList.ItemValue>
        </DataList.Item>
        {recipients > 0 && (
          <>
            <DataList.Item>
              <DataList.ItemLabel>Length</DataList.ItemLabel>
              <DataList.ItemValue data-testid="length">
                <div>
                  {counted(segments, 'segment')}
                  <Text size="xs" c="dimmed">
                    {encodingInWords(estimate)}
                  </Text>
                </div>
              </DataList.ItemValue>
            </DataList.Item>
            <DataList.Item>
              <DataList.ItemLabel>In total</DataList.ItemLabel>
              <DataList.ItemValue>{counted(totalSegments, 'segment')}</DataList.ItemValue>
            </DataList.Item>
          </>
        )}
        {price != null && isPositive(price.amount) && (
          <DataList.Item>
            <DataList.ItemLabel>Costs</DataList.ItemLabel>
            <DataList.ItemValue>at most {inRoundMoney(price)}</DataList.ItemValue>
          </DataList.Item>
        )}
        {expectedDuration !== null && expectedDuration > 5 && (
          <DataList.Item>
            <DataList.ItemLabel>Takes</DataList.ItemLabel>
            <DataList.ItemValue>about {durationInWords(expectedDuration)}</DataList.ItemValue>
          </DataList.Item>
        )}
        {allowanceAfter !== null && (
          <DataList.Item>
            <DataList.ItemLabel>After it</DataList.ItemLabel>
            <DataList.ItemValue data-testid="allowance-after" {...(isLow(allowanceAfter) && { fw: 650 })}>
              {leftInWords(allowanceAfter)}
            </DataList.ItemValue>
          </DataList.Item>
        )}
      </DataList>
      {broken.length > 0 && (
        <Alert color="red" icon={<IconGavel aria-hidden />} title="A rule stands against it">
          <List size="sm">
            {broken.map(({ rule, message }) => (
              <List.Item key={rule}>{message}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {others.length > 0 && (
        <Alert color="orange" icon={<IconUserOff aria-hidden />} title="Some will not get it">
          <List size="sm">
            {others.map(({ code, count }) => (
              <List.Item key={code}>
                {counted(count, 'recipient')}: {REFUSALS[code]}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}

function durationInWords(seconds: number): string {
  if (seconds < 90) return counted(seconds, 'second');
  return seconds < 90 * 60 ? counted(Math.round(seconds / 60), 'minute') : counted(Math.round(seconds / 3_600), 'hour');
}

function encodingInWords({ channel, encoding, encodingReason }: Estimate): string {
  if (channel === 'MMS') return 'With media, however long the text is';
  if (encoding === 'GSM_7') return 'Standard characters, up to 160 in one segment';
  return encodingReason ?? 'Special characters, up to 70 in one segment';
}
