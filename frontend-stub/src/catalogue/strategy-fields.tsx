import { Card, NativeSelect, SimpleGrid, Stack, Title } from '@mantine/core';

import type { MarginKind } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import { Brackets } from './brackets';
import { NO_BRACKET, partsOf } from './draft';
import type { FieldsProps } from './form';
import { Packs } from './packs';
import { MARGIN_KINDS } from './words';

/** What one strategy alone has: margins, or packs of credits. */
export function StrategyFields(fields: FieldsProps) {
  const has = partsOf(fields.draft.strategy);
  if (has.packs) return <Packs {...fields} />;
  if (has.margins) return <Margins {...fields} />;
  return null;
}

function Margins({ draft, problems, change }: FieldsProps) {
  const has = partsOf(draft.strategy);
  const open = draft.brackets.at(-1) ?? NO_BRACKET;
  return (
    <Card component="section" aria-labelledby="margins">
      <Stack>
        <Title order={2} size="h4" id="margins">
          Margin
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NativeSelect
            label="What the ratios are of"
            data={Object.entries(MARGIN_KINDS).map(([value, label]) => ({ value, label }))}
            value={draft.marginKind}
            error={problems.get('marginKind')}
            onChange={(event) => {
              change({ marginKind: event.currentTarget.value as MarginKind });
            }}
          />
          {has.brackets ? (
            <AmountInput
              label="On what is no message"
              description="Empty: that of the first bracket"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              placeholder="0.05"
              value={draft.otherRatio}
              error={problems.get('otherRatio')}
              onChange={(otherRatio) => {
                change({ otherRatio });
              }}
            />
          ) : (
            <AmountInput
              label="Ratio"
              description="0.03 is 3 percent"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              required
              placeholder="0.03"
              value={open.marginRatio}
              error={problems.get('brackets.0.marginRatio')}
              onChange={(marginRatio) => {
                change({ brackets: [...draft.brackets.slice(0, -1), { ...open, marginRatio }] });
              }}
            />
          )}
        </SimpleGrid>
        {has.brackets && <Brackets {...{ draft, problems, change }} />}
      </Stack>
    </Card>
  );
}
