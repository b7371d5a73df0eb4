import { useQuery } from '@tanstack/react-query';

import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Trouble } from '../parts/trouble';
import { GenerateMonth } from './generate';
import { HeldBack } from './held';
import { invoicingQuery } from './queries';
import { Runs } from './runs';

/** For the operator: the runs that make invoices, and what waits for a decision. */
export function InvoicingPage() {
  const { data, error, refetch, isFetching } = useQuery(invoicingQuery(usePage(25)));
  const lookAgain = () => void refetch();
  return (
    <Page
      title="Invoicing"
      lead="Invoices are made and issued on the first of each month. What is held back waits here for you."
      actions={<GenerateMonth />}
    >
      {error !== null && <Trouble error={error} onRetry={lookAgain} />}
      {data === undefined && error === null && <LoadingRows />}
      {data?.invoicesHeld != null && (
        <HeldBack held={data.invoicesHeld.nodes}>
          <Pager info={data.invoicesHeld.pageInfo} back="Previous" forward="Next" />
        </HeldBack>
      )}
      {data?.invoiceRuns != null && <Runs runs={data.invoiceRuns} looking={isFetching} onLook={lookAgain} />}
    </Page>
  );
}
