import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Unavailable } from '../../real-tools/tool.ts'
import type { RunTool } from '../tool.ts'

/** Ruby, what it is linked with, and what ActiveRecord and `rails` need; libc and OpenSSL are there. */
const packages = [
  ...['ruby3.1', 'libruby3.1', 'ruby-rubygems', 'rubygems-integration', 'rake', 'libyaml-0-2', 'libgmp10'],
  ...['libffi8', 'libgdbm6', 'libgdbm-compat4', 'libreadline8', 'libjemalloc2', 'racc', 'ruby-concurrent'],
  ...['ruby-i18n', 'ruby-minitest', 'ruby-tzinfo', 'ruby-zeitwerk', 'ruby-activesupport', 'ruby-activemodel'],
  ...[
    'ruby-activerecord',
    'ruby-railties',
    'ruby-actionpack',
    'ruby-actionview',
    'ruby-builder',
    'ruby-erubi',
  ],
  ...['ruby-nokogiri', 'ruby-mini-portile2', 'ruby-pkg-config', 'ruby-rails-dom-testing', 'ruby-crass'],
  ...[
    'ruby-rails-deprecated-sanitizer',
    'ruby-loofah',
    'ruby-rails-html-sanitizer',
    'ruby-rack',
    'ruby-thor',
  ],
  ...['ruby-rack-test', 'ruby-method-source', 'ruby-pg'],
]

const ruby = `#!/bin/sh
root=$(cd "$(dirname "$0")/../root" && pwd)
usr=$root/usr
libs=$usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libs
export RUBYLIB=$usr/lib/ruby/vendor_ruby:$libs/ruby/vendor_ruby/3.1.0:$usr/lib/ruby/3.1.0:$libs/ruby/3.1.0
export GEM_PATH=$usr/share/rubygems-integration/all:$usr/share/rubygems-integration/3.1.0:$libs/rubygems-integration/3.1.0
exec "$usr/bin/ruby3.1" "$@"
`

/** Rails as Debian 12 has it, unpacked into the folder and not installed. */
export const tool: RunTool = {
  name: 'rails',
  needs: ['apt-get', 'dpkg'],
  installSeconds: 15,
  programs: ['bin'],
  async install(folder, execute) {
    const program = path.join(folder, 'bin', 'ruby')
    if ((await readFile(program, 'utf8').catch(() => '')) !== ruby) {
      const debs = path.join(folder, 'debs')
      await mkdir(debs, { recursive: true })
      await mkdir(path.dirname(program), { recursive: true })
      await execute('apt-get', ['--quiet', 'download', ...packages], { cwd: debs }).catch(() => {
        throw new Unavailable('its packages are those of Debian 12 on x86-64')
      })
      await execute('sh', ['-c', 'for deb in debs/*.deb; do dpkg -x "$deb" root || exit 1; done'], {
        cwd: folder,
      })
      await writeFile(program, ruby)
      await chmod(program, 0o755)
    }
    return (await execute(program, ['-e', 'require "rails"; print Rails.version'])).trim()
  },
}
