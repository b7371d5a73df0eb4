import type { DisabledReason, Permission, WebhookEvent } from '../generated/operations';

interface EventFace {
  label: string;
  meaning: string;
  /** What one needs to be allowed to see; null where no endpoint can ask for it. */
  needs: Permission | null;
}

export const EVENTS: Record<WebhookEvent, EventFace> = {
  MESSAGE_STATUS_CHANGED: { label: 'Message status', meaning: 'A message stands elsewhere than before', needs: 'LOGS_READ' },
  MESSAGE_RECEIVED: { label: 'Message received', meaning: 'Somebody wrote to you', needs: 'MESSAGES_READ' },
  ALLOWANCE_THRESHOLD: { label: 'Allowance', meaning: '50, 80 or 100 percent of it are used, or a percentage of yours', needs: 'USAGE_READ' },
  ALERT_RAISED: { label: 'Alert', meaning: 'A new alert of a kind that goes to webhooks', needs: 'ALERTS_READ' },
  INVOICE_ISSUED: { label: 'Invoice', meaning: 'An invoice was issued', needs: 'BILLING_READ' },
  WEBHOOK_TEST: { label: 'Test', meaning: 'Sent when somebody asks for one', needs: null },
};

export const DISABLED: Record<DisabledReason, string> = {
  BY_HAND: 'A member disabled it.',
  GONE: 'It answered that it is gone (410), so we stopped.',
  FAILING: 'It took nothing for a day, so we stopped. What was not delivered can be sent again.',
};
