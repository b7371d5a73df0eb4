import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { Activity } from './activity';
import { SupportAccess } from './support-access';

/** Who did what, and who of the portal's support may see what. */
export function SecurityPage({ part = 'activity' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  return (
    <Page title="Security" lead="Everything that was changed in your account, and everything that our support looked at.">
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'support' ? '/security/support' : '/security');
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="activity">Activity</Tabs.Tab>
          <Tabs.Tab value="support">Support access</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="activity" pt="lg">
          <Activity />
        </Tabs.Panel>
        <Tabs.Panel value="support" pt="lg">
          <SupportAccess />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
