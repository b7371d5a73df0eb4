import { Card, EmptyState } from '@mantine/core';
import { IconMessageCircle } from '@tabler/icons-react';

import { Choice } from '../parts/choice';
import { Page } from '../parts/page';
import { Search } from '../parts/search';
import { ConversationList } from './list';
import { Thread } from './thread';

const SHOWN = { all: 'All', unread: 'Unread' };

/** What people write, and what is answered: the conversations, and one of them. */
export function InboxPage({ id }: { id: string | undefined }) {
  return (
    <Page title="Inbox" lead="What people write to you, and what you answer.">
      <div className="inbox" data-open={id !== undefined}>
        <div className="inbox-list">
          <Search label="Search conversations" placeholder="Search by name or number" />
          <Choice name="show" label="Which" choices={SHOWN} />
          <ConversationList open={id} />
        </div>
        <Card padding={0} className="inbox-thread">
          {id === undefined ? (
            <EmptyState
              icon={<IconMessageCircle aria-hidden />}
              title="Choose a conversation"
              description="Read what somebody wrote, and answer from the same number."
              my="auto"
            />
          ) : (
            <Thread key={id} id={id} />
          )}
        </Card>
      </div>
    </Page>
  );
}
