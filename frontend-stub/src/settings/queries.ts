import { queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { SettingsDocument } from '../generated/operations';

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => request(SettingsDocument, {}, signal),
});
