#!/bin/sh
# Tries the hooks of docs/hooks.md for real: git alone, lefthook, husky, lint-staged and pre-commit, each in a new
# repository of the sample shop with the files that the page shows. Needs npm's registry (and pip's for pre-commit);
# what cannot be had is skipped, loudly. Not part of `npm test`, because it installs other people's programs.
#
#   sh scripts/try-hooks.sh            all of them
#   sh scripts/try-hooks.sh lefthook   one
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE || true
failed=0
skipped=0

# The block of docs/hooks.md below the comment that names the file.
page() {
  awk -v mark="<!-- file: $1 -->" '
    $0 == mark { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside { print }' "$root/docs/hooks.md"
}

# A repository of the shop as production runs it, with pgrehearse installed, on a branch.
shop() {
  dir="$work/$1"
  mkdir -p "$dir/db/migration"
  cd "$dir"
  cp "$root"/fixtures/shop/db/migration/V00* "$root"/fixtures/shop/db/migration/V01[0-6]* db/migration/
  printf '{ "name": "shop", "private": true }\n' > package.json
  printf 'node_modules/\n' > .gitignore
  git init --quiet --initial-branch=main
  git add --all
  git commit --quiet --message production
  git switch --quiet --create feature
  # in a worktree-independent place, so that one install serves every tool
  ln -s "$work/tools/node_modules" node_modules
}

# Commits one good and one bad migration; the hook has to know which.
try() {
  printf 'ALTER TABLE products ADD COLUMN note text;\n' > db/migration/V017__good.sql
  git add --all
  if git commit --message good > "$work/good" 2>&1; then echo "  ok    $1 lets a good migration pass"
  else failed=1; echo "  FAILS $1 blocks a good migration"; cat "$work/good"; fi
  printf 'CREATE INDEX products_note_idx ON products (note);\n' > db/migration/V018__bad.sql
  git add --all
  printf 'SELECT 1;\n' > db/migration/V018__bad.sql # unstaged: must not be judged
  if git commit --message bad > "$work/bad" 2>&1; then failed=1; echo "  FAILS $1 lets a bad migration pass"; cat "$work/bad"
  elif grep -q 'blocks every write to products' "$work/bad"; then
    echo "  ok    $1 blocks a bad one: $(grep -E -o 'Replayed on.*|Judged by prediction[^:]*|1 predicted' "$work/bad" | head -1)"
  else failed=1; echo "  FAILS $1 blocks for another reason"; cat "$work/bad"; fi
}

skip() {
  skipped=1
  echo "  SKIPPED $1: $2"
}

try_git() {
  shop git
  page .git/hooks/pre-commit > .git/hooks/pre-commit
  page .git/hooks/pre-push > .git/hooks/pre-push
  chmod +x .git/hooks/pre-commit .git/hooks/pre-push
  try 'git alone'
  git restore db
  git init --quiet --bare "$work/remote.git"
  if git push --quiet "$work/remote.git" feature > "$work/push" 2>&1; then failed=1; echo '  FAILS pre-push lets a staged bad migration pass'
  elif grep -q '1 error' "$work/push"; then echo '  ok    pre-push replays what is in the working tree, and blocks'
  else failed=1; echo '  FAILS pre-push'; cat "$work/push"; fi
  if git commit --message bad > "$work/warm" 2>&1; then failed=1; echo '  FAILS the warm hook lets a bad migration pass'
  else echo "  ok    warm now: $(grep -E -o 'Replayed on.*|Judged by prediction.*' "$work/warm")"; fi
}

try_lefthook() {
  [ -x "$work/tools/node_modules/.bin/lefthook" ] || { skip lefthook 'npm cannot install it'; return; }
  shop lefthook
  page lefthook.yml > lefthook.yml
  npx --no-install lefthook install > /dev/null
  try lefthook
}

try_husky() {
  [ -x "$work/tools/node_modules/.bin/husky" ] || { skip husky 'npm cannot install it'; return; }
  shop husky
  npx --no-install husky > /dev/null
  page .husky/pre-commit > .husky/pre-commit
  try husky
}

try_lint_staged() {
  [ -x "$work/tools/node_modules/.bin/lint-staged" ] || { skip lint-staged 'npm cannot install it'; return; }
  shop lint-staged
  page package.json > package.json
  npx --no-install husky > /dev/null
  echo 'npx --no-install lint-staged' > .husky/pre-commit
  try lint-staged
}

try_pre_commit() {
  if ! command -v pre-commit > /dev/null; then
    { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet pre-commit; } > "$work/pip" 2>&1 ||
      { skip pre-commit "it is not installed, and pip cannot: $(tail -1 "$work/pip")"; return; }
    PATH="$work/venv/bin:$PATH"
  fi
  # it clones a revision: of what is committed here
  revision=$(git -C "$root" rev-parse HEAD)
  git clone --quiet "$root" "$work/source"
  shop pre-commit
  page .pre-commit-config.yaml | sed -e "s|repo: https://.*|repo: $work/source|" -e "s|rev: .*|rev: $revision|" > .pre-commit-config.yaml
  git add --all && git commit --quiet --message config
  PRE_COMMIT_HOME="$work/pre-commit-home"
  export PRE_COMMIT_HOME
  pre-commit install > /dev/null
  try pre-commit
}

echo "Packing and installing pgrehearse and the tools"
mkdir -p "$work/tools"
if [ -n "${PGREHEARSE_TARBALL:-}" ]; then cp "$PGREHEARSE_TARBALL" "$work/"
else (cd "$root" && npm pack --silent --pack-destination "$work" > /dev/null); fi
(cd "$work/tools" && printf '{ "private": true }\n' > package.json && npm install --silent --no-audit --no-fund "$work"/pgrehearse-*.tgz)
for tool in lefthook husky lint-staged; do
  (cd "$work/tools" && npm install --silent --no-audit --no-fund "$tool" > /dev/null 2>&1) || true
done

for tool in ${1:-git lefthook husky lint_staged pre_commit}; do "try_$tool"; done
[ "$skipped" = 0 ] || echo 'Some were skipped, see above.'
exit "$failed"
