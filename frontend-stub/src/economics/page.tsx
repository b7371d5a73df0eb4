import { Page } from '../parts/page';
import { Figures } from './figures';

/** For the operator: what the plans bring in and what they cost. */
export function EconomicsPage() {
  return (
    <Page title="Economics" lead="What your plans bring in, what they cost you, and where the two do not fit.">
      <Figures />
    </Page>
  );
}
