# pgrehearse with its Postgres, as an image for CI jobs. BASE is any image with glibc, Node 20.19 or later, npm and git:
#
#   docker build --tag pgrehearse .
#   docker build --build-arg BASE=registry.example.com/node:22-bookworm --build-arg MAJORS="14 16" --tag pgrehearse .
#
# There is no ENTRYPOINT, because GitLab starts a shell in the images of its jobs. docs/image.md says more.
ARG BASE=node:22-bookworm

FROM ${BASE} AS build
# Further majors of Postgres besides the newest, from 14.
ARG MAJORS=""
ARG NPM_REGISTRY=https://registry.npmjs.org/
ENV npm_config_registry=${NPM_REGISTRY} npm_config_update_notifier=false
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm run build && npm prune --omit=dev --no-audit --no-fund
RUN for major in $MAJORS; do \
      package=$(node scripts/major-package.mjs "$major") || exit 1; \
      npm install --no-save --omit=dev --no-audit --no-fund "$package" || exit 1; \
    done
# what npm would publish, with the dependencies of the lock file
RUN npm pack --ignore-scripts && mkdir /out && tar -xzf pgrehearse-*.tgz -C /out --strip-components=1 \
  && mv node_modules /out/ && chmod 755 /out/bin/pgrehearse.js

FROM ${BASE}
# Postgres refuses to run as root: as root the server gets this account, which nothing else has.
RUN grep -q '^postgres:' /etc/passwd || useradd --system --no-create-home --shell /usr/sbin/nologin postgres
COPY --from=build /out /opt/pgrehearse
RUN ln -s /opt/pgrehearse/bin/pgrehearse.js /usr/local/bin/pgrehearse
# Read by pgrehearse: who is not root here shares an account with the server, so --superuser is refused.
ENV PGREHEARSE_IMAGE=1
CMD ["pgrehearse", "--help"]
