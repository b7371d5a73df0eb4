import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  WebhookDeliveriesDocument,
  type WebhookDeliveriesQuery,
  type WebhookDeliveriesQueryVariables,
  WebhookDeliveryDocument,
  type WebhookDeliveryQuery,
  WebhookEndpointsDocument,
  type WebhookEndpointsQuery,
} from '../generated/operations';

export type Endpoint = NonNullable<WebhookEndpointsQuery['webhookEndpoints']>[number];
export type DeliveryRow = NonNullable<WebhookDeliveriesQuery['webhookDeliveries']>['nodes'][number];
export type Delivery = Extract<NonNullable<WebhookDeliveryQuery['node']>, { __typename: 'WebhookDelivery' }>;

export const endpointsQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => request(WebhookEndpointsDocument, {}, signal),
});

export const deliveriesQuery = (variables: WebhookDeliveriesQueryVariables) =>
  queryOptions({
    queryKey: ['deliveries', variables],
    queryFn: ({ signal }) => request(WebhookDeliveriesDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const deliveryQuery = (id: string, content: boolean) =>
  queryOptions({
    queryKey: ['delivery', id, content],
    queryFn: async ({ signal }) => {
      const { node } = await request(WebhookDeliveryDocument, { id, content }, signal);
      return node?.__typename === 'WebhookDelivery' ? node : null;
    },
  });
