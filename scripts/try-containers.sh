#!/bin/sh
# Runs test/containers on a real container engine: `server.image` from start to end. Where there is no engine, root on
# Debian gets one, with an image of Postgres that has an extension which the embedded server lacks, from Debian's
# archive alone (scripts/docker-postgres); no registry of images is asked. Elsewhere it says that it skipped everything.
# Cold it takes about two minutes, with engine and image in place one.
set -eu
cd "$(dirname "$0")/.."
image=${PGREHEARSE_TEST_IMAGE:-local/postgres-ip4r:15}
export PGREHEARSE_TEST_IMAGE="$image"

skip() {
  echo "  SKIPPED the tests of containers: $1"
  exit 0
}

has_image() { docker image inspect "$image" > /dev/null 2>&1; }

ran=$(docker info > /dev/null 2>&1 && echo yes || echo no)
if ! has_image; then
  [ "$(id -u)" = 0 ] || skip "no engine has the image $image, and only root can make one"
  [ -f /etc/debian_version ] || skip "no engine has the image $image, and this is not Debian"
  EXTENSIONS=${EXTENSIONS:-postgresql-15-ip4r} bash scripts/docker-postgres "$image" > /dev/null ||
    skip 'an engine with an image could not be had, see above'
fi
if [ "$ran" = no ]; then
  # what was started here ends here
  trap 'kill "$(cat /var/run/docker.pid)" 2> /dev/null || true' EXIT
fi
npx vitest run --config test/containers/vitest.config.ts "$@"
