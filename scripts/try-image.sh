#!/bin/sh
# Builds the Dockerfile and runs test/image in the result. Where no engine is, root on Debian gets one from Debian's
# archive; where no base image is named (PGREHEARSE_TEST_BASE), one is made of Debian's packages and this machine's Node.
# Elsewhere it says that it skipped everything. Cold it takes about four minutes, with the base in place one and a half.
set -eu
cd "$(dirname "$0")/.."
image=local/pgrehearse

skip() {
  echo "  SKIPPED the tests of the image: $1"
  exit 0
}

ran=$(docker info > /dev/null 2>&1 && echo yes || echo no)
bash scripts/docker-engine > /dev/null || skip 'a Docker engine could not be had, see above'
if [ "$ran" = no ]; then
  # what was started here ends here
  trap 'kill "$(cat /var/run/docker.pid)" 2> /dev/null || true' EXIT
fi
base=${PGREHEARSE_TEST_BASE:-$(bash scripts/docker-node)} || skip 'a base image could not be made, see above'
DOCKER_BUILDKIT=0 docker build --quiet --network host --tag "$image" --build-arg BASE="$base" --build-arg MAJORS=16 \
  --build-arg NPM_REGISTRY="$(npm config get registry)" . > /dev/null
PGREHEARSE_TEST_IMAGE="$image" npx vitest run --config test/image/vitest.config.ts "$@"
