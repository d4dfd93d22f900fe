/**
 * Waits until our process is gone, which closes the pipe on its standard input, then ends the commands that it was told of,
 * runs `destroy`, and removes the folders that it was given. For any POSIX shell (dash, busybox, bash as sh).
 *
 * `$1` is the word of `destroy`, empty where there is no clone; folders follow. The URL of a clone comes through the
 * pipe: arguments are for everybody to see. `read` leaves out NUL, so that an environment is one line or a few; busybox'
 * grep stops at the first. Without /proc (macOS) only the process group is ended. `kill` has no `--`:
 * dash takes that for a process, and ends nothing. Nothing is ended that runs as another user (`-O`), but in the command's
 * group, or that is older than this script, which is started before the command.
 */
export const reaperScript = `
trap '' INT TERM HUP
url= running= kept= seen=
while read -r what a b c; do
  case $what in
    done) exit 0 ;;
    url) url=$a ;;
    running) running="$a $b" ;;
    seen) seen="$seen $a:$b:$c" ;;
    kept) kept=$running running= ;;
    over) running= ;;
  esac
done

read_process() {
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1
  set -- \${line##*) }
  parent=$2 its_group=$3 start=\${20}
  case $1:$start in Z:*|X:*|*:|*:*[!0-9]*) return 1 ;; esac
}

is_younger() { read_process "$1" && [ "$start" -ge "$since" ]; }

has_word() {
  {
    while read -r line || [ -n "$line" ]; do
      case $line in *"$word"*) return 0 ;; esac
    done < "/proc/$1/environ"
  } 2>/dev/null
  return 1
}

is_ours() {
  case $found in *" $parent:"*) [ -O "/proc/$1" ]; return ;; esac
  [ "$its_group" = "$group" ] && return
  case $others in *" $1:$start "*) return 1 ;; esac
  [ -O "/proc/$1" ] && has_word "$1" && return
  others="$others $1:$start "
  return 1
}

find_processes() {
  found=
  for one in $seen; do
    case $one in "$word":*) ;; *) continue ;; esac
    one=\${one#*:}
    read_process "\${one%:*}" && [ "$start" = "\${one#*:}" ] && found="$found $one "
  done
  more=yes
  while [ -n "$more" ]; do
    more=
    for dir in /proc/[0-9]*; do
      id=\${dir#/proc/}
      case $found in *" $id:"*) continue ;; esac
      is_younger "$id" && is_ours "$id" && found="$found $id:$start " more=yes
    done
  done
  [ -n "$found" ]
}

signal_processes() {
  for one in $found; do
    read_process "\${one%:*}" && [ "$start" = "\${one#*:}" ] && kill -"$1" "\${one%:*}" 2>/dev/null
  done
}

end_group() {
  kill -TERM "-$group" 2>/dev/null || return
  tries=0
  while kill -0 "-$group" 2>/dev/null && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "-$group" 2>/dev/null
}

end_command() {
  word=$1 group=$2 others=
  # what is shorter may stand in the environment of others
  case $word in *[!0-9a-f]*) return ;; esac
  [ \${#word} -eq 32 ] || return
  case $group in *[!0-9]*) group= ;; esac
  if [ ! -e /proc/self/stat ]; then
    [ -z "$group" ] || end_group
    return
  fi
  # it may have been on its way when we died
  find_processes || { sleep 0.2; find_processes; } || return
  signal_processes TERM
  tries=0
  while sleep 0.1; find_processes; do
    [ $tries -lt 50 ] || return
    [ $tries -lt 30 ] || signal_processes KILL
    tries=$((tries + 1))
  done
}

destroy_clone() {
  destroy=$PGREHEARSE_DESTROY
  unset PGREHEARSE_DESTROY
  if [ -z "$destroy" ]; then
    echo "pgrehearse was killed: the clone of production $PGREHEARSE_CLONE_ID is left, for server.destroy is not set" >&2
    return
  fi
  if [ -n "$url" ]; then PGREHEARSE_CLONE_URL=$url; export PGREHEARSE_CLONE_URL; fi
  limit=
  command -v timeout >/dev/null 2>&1 && limit='timeout 300'
  if PGREHEARSE_COMMAND=$1 $limit sh -c "$destroy" >/dev/null; then
    echo 'pgrehearse was killed: server.destroy has taken the clone of production away' >&2
  else
    echo "pgrehearse was killed, and server.destroy failed: the clone of production $PGREHEARSE_CLONE_ID may be left" >&2
  fi
  end_command "$1"
}

read_process $$ && since=$start
end_command $running
[ -z "$1" ] || destroy_clone "$1"
end_command $kept
shift
[ $# -eq 0 ] || rm -rf -- "$@"
`
