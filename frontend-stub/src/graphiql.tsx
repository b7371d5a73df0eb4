import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

const START = `# The portal's API, as you: your session signs each request.
# Ctrl-Space completes, and the book on the left explains every type and field.

query Start {
  viewer {
    principal {
      ... on Person { name }
    }
    tenant { name environment }
    permissions
  }
}
`;

async function answer(operation: object): Promise<object> {
  const response = await fetch('/graphql', {
    method: 'POST',
    body: JSON.stringify(operation),
    headers: {
      Accept: 'application/graphql-response+json',
      'Content-Type': 'application/json',
      'X-Portal-Request': '1',
    },
    credentials: 'same-origin',
  });
  return (await response.json()) as object;
}

const root = document.getElementById('graphiql');
if (root === null) throw new Error('graphiql.html has no #graphiql');

createRoot(root).render(
  // A token pasted into a headers editor would stay in the browser: the session is enough.
  <GraphiQL fetcher={answer} defaultQuery={START} isHeadersEditorEnabled={false} />,
);
