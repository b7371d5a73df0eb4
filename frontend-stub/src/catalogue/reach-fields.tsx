import { Card, Stack, TagsInput, Title } from '@mantine/core';

import { errorUnder } from '../api/user-errors';
import { AmountInput } from '../parts/amount-input';
import type { FieldsProps } from './form';

/** Where messages may go, how fast, and what else is in a plan. */
export function ReachFields({ draft, problems, change }: FieldsProps) {
  return (
    <Card component="section" aria-labelledby="reach">
      <Stack>
        <Title order={2} size="h4" id="reach">
          Reach and features
        </Title>
        <TagsInput
          label="Countries"
          description="Two letters each, such as US; none: everywhere"
          splitChars={[',', ' ']}
          value={[...draft.countries]}
          error={errorUnder(problems, 'countries')}
          onChange={(countries) => {
            change({ countries: countries.map((code) => code.toUpperCase()) });
          }}
        />
        <AmountInput
          label="Messages a second"
          maw={280}
          value={draft.throughput}
          error={problems.get('throughput')}
          onChange={(throughput) => {
            change({ throughput });
          }}
        />
        <TagsInput
          label="Features"
          description="What else is in it, in words for people; Enter after each"
          maxTags={20}
          value={[...draft.features]}
          error={errorUnder(problems, 'features')}
          onChange={(features) => {
            change({ features });
          }}
        />
      </Stack>
    </Card>
  );
}
