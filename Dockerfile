# The page is built where Node.js is, and served where it is not.
FROM node:24-slim AS page
WORKDIR /build/frontend-stub
COPY frontend-stub/package.json frontend-stub/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY portal_schema/schema.graphql ../portal_schema/
COPY frontend-stub ./
RUN npm run build

FROM python:3.12-slim
WORKDIR /portal
COPY requirements/portal.txt requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement requirements/portal.txt
COPY pyproject.toml ./
COPY api api
COPY auth auth
COPY portal portal
COPY portal_schema portal_schema
COPY twilio_gateway twilio_gateway
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index --editable . \
 && useradd --system --uid 10001 --create-home --home-dir /var/lib/portal portal
COPY --from=page /build/frontend-stub/dist frontend-stub/dist
USER portal
ENV PORTAL_HOME=/var/lib/portal PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["portal", "serve"]
