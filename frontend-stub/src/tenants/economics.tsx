import { Alert, Button, Modal, SimpleGrid, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';

import { Figure } from '../parts/figure';
import { inMoney } from '../parts/money';
import { inPercent } from '../parts/numbers';
import { counted } from '../parts/words';
import { AcquisitionCost } from './acquisition-cost';
import type { Economics, TenantDetail } from './queries';

const UNKNOWN = '–';

interface EconomicsProps {
  tenant: TenantDetail;
  economics: Economics;
}

/** What a tenant brings in and costs. */
export function EconomicsFigures({ tenant, economics }: EconomicsProps) {
  const { revenue, cost, grossMargin, grossMarginRatio, lifetimeValue, acquisitionCost, paybackMonths, unconverted } = economics;
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      {unconverted.length > 0 && (
        <Alert color="orange" title="Not everything is in these figures">
          The rate card has no exchange rate for {unconverted.join(', ')}; what is in it is left out.
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        <Figure label="Revenue" value={inMoney(revenue)} />
        <Figure label="Cost of goods sold" value={inMoney(cost)} />
        <Figure label="Gross margin" value={inMoney(grossMargin)}>
          <Text size="sm">{grossMarginRatio === null ? 'nothing came in' : `${inPercent(grossMarginRatio)} of the revenue`}</Text>
        </Figure>
        <Figure label="Lifetime value" value={lifetimeValue === null ? UNKNOWN : inMoney(lifetimeValue)}>
          {lifetimeValue === null && <Text size="sm">no tenant left in these months</Text>}
        </Figure>
        <Figure
          label="Acquisition cost"
          value={acquisitionCost === null ? UNKNOWN : inMoney(acquisitionCost)}
          aside={
            <Button size="compact-xs" variant="subtle" onClick={open} aria-label="Enter the acquisition cost">
              Enter
            </Button>
          }
        >
          <Text size="sm">what winning it cost; it never sees that</Text>
        </Figure>
        <Figure label="Payback" value={paybackMonths === null ? UNKNOWN : counted(Number(paybackMonths), 'month')}>
          {paybackMonths === null && <Text size="sm">{acquisitionCost === null ? 'no acquisition cost entered' : 'no margin yet'}</Text>}
        </Figure>
      </SimpleGrid>
      <Modal opened={opened} onClose={close} title={<Text fw={650}>What winning {tenant.name} cost</Text>}>
        <AcquisitionCost tenant={tenant} onClose={close} />
      </Modal>
    </>
  );
}
