import { createHash } from 'node:crypto';

/**
 * The program that starts, watches and stops jobs on a machine, in POSIX sh with what Linux has at hand (coreutils,
 * util-linux, /proc). It is uploaded once, under the hash of its text, so that two versions of this library can work on one
 * machine at the same time. Nothing of a caller is ever part of it: ids are hashes, everything else comes as base64.
 *
 * State of a job, in `jobs/<id>`: `meta` (base64), `key` (hash of the job id), `gpus` (lines `index milli`; of MIG instances
 * `index/start 1000 profile`), `needs` (milli-cores and MiB), `argv` (base64 a line), `cwd`, `started` (ms), `keeper` and `pid` (pid, start time, boot), `log`, `stopped` (asked to), `exit` (`code ms`). Each is written
 * under another name and moved, so that it is there whole or not at all.
 */
export const SUPERVISOR = String.raw`#!/bin/sh
set -u
mask=$(umask)
umask 077
mkdir -p "$1/jobs" && root=$(cd "$1" && pwd) || exit 90
self=$root/bin/${'$'}{0##*/}; verb=$2; id=$3; shift 3
dir=$root/jobs/$id
now() { t=$(date +%s%3N); case $t in *[!0-9]*) t=$(date +%s)000 ;; esac; echo "$t"; }
# When a process was born, in ticks since the machine started. A zombie is dead: it only waits to be counted.
birth() { s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; s=${'$'}{s##*) }; set -- $s; [ "$1" != Z ] || return 1; shift 19; echo "$1"; }
put() { cat >"$1.$$" && mv "$1.$$" "$1"; }
# Whether the process written down in a file is the one that lives: ids of processes are used again.
lives() {
  [ -f "$1" ] || return 1
  read -r p born boot <"$1" || return 1
  [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] && [ "$(birth "$p")" = "$born" ]
}
# ready: not begun; running; ended: told how; lost: gone without telling (killed with its keeper, or the machine restarted).
state() {
  if [ -f "$1/exit" ]; then echo ended
  elif [ ! -f "$1/keeper" ]; then
    if [ $(( $(now) - $(cat "$1/started") )) -gt 60000 ]; then echo lost; else echo ready; fi
  elif lives "$1/pid" || lives "$1/keeper"; then echo running
  elif [ -f "$1/exit" ]; then echo ended
  else echo lost; fi
}
show() {
  st=$(state "$1")
  [ "$st" = lost ] && { echo "lost $(now)" | put "$1/exit"; st=ended; }
  ex=-; [ "$st" = ended ] && read -r ex <"$1/exit"
  asked=no; [ -f "$1/stopped" ] && asked=yes
  echo "job $st $(cat "$1/started") $asked $(cat "$1/meta") $(wc -c <"$1/log" 2>/dev/null || echo 0) $ex"
}
spawn() {
  setsid sh "$self" "$root" keep "$id" "$mask" </dev/null >/dev/null 2>&1 9>&- &
  n=0
  while [ ! -f "$dir/pid" ] && [ ! -f "$dir/exit" ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done
}
case $verb in
start)
  exec 9>"$root/lock"
  flock -w 30 9 || { echo busy; exit 75; }
  if [ -d "$dir" ]; then
    cat >/dev/null
    [ "$(state "$dir")" = ready ] && spawn
    show "$dir"; exit 0
  fi
  new=$root/jobs/.$id.$$
  rm -rf "$new"; mkdir "$new" || exit 90
  read -r meta; read -r key; read -r cwd; read -r gpus; read -r needs
  cat >"$new/argv"
  tail -n 1 "$new/argv" | grep -q '^end$' || { rm -rf "$new"; echo cut; exit 74; }
  echo "$meta" >"$new/meta"; echo "$key" >"$new/key"; echo "$cwd" >"$new/cwd"; echo "$needs" >"$new/needs"
  echo "$gpus" | tr ',' '\n' | tr ':' ' ' | grep . >"$new/gpus"
  for other in "$root"/jobs/*/; do
    other=${'$'}{other%/}
    [ -f "$other/key" ] || continue
    # A start that was cut off before its keeper began holds its GPUs too: the same token may still begin it.
    case $(state "$other") in ready | running) ;; *) continue ;; esac
    if [ "$(cat "$other/key")" = "$key" ]; then rm -rf "$new"; echo runs; exit 73; fi
    cat "$other/gpus" >>"$new/taken"
    [ ! -f "$other/needs" ] || cat "$other/needs" >>"$new/used"
  done
  if [ -f "$new/taken" ]; then
    full=$(awk 'FILENAME == ARGV[1] { sum[$1] += $2; next } sum[$1] + $2 > 1000 { print $1; exit }' "$new/taken" "$new/gpus")
    rm "$new/taken"
    if [ -n "$full" ]; then rm -rf "$new"; echo "taken $full"; exit 72; fi
  fi
  echo 0 0 >>"$new/used"
  short=$(awk -v cpus="$(nproc)" -v kib="$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)" \
    'FILENAME == ARGV[1] { cpu += $1; mib += $2; next } cpu + $1 > cpus * 1000 { print cpus * 1000 - cpu, "milli-cores"; exit } mib + $2 > int(kib / 1024) { print int(kib / 1024) - mib, "MiB" }' "$new/used" "$new/needs")
  rm "$new/used"
  if [ -n "$short" ]; then rm -rf "$new"; echo "short $short"; exit 76; fi
  : >"$new/visible"
  if [ -s "$new/gpus" ]; then
    # Drivers before MIG do not know its mode.
    query() { nvidia-smi "--query-gpu=$1" --format=csv,noheader 2>/dev/null; }
    uuids=$(query index,uuid,mig.mode.current) || uuids=$(query index,uuid)
    echo "$uuids" >"$new/uuids"
    : >"$new/mig"
    grep -q / "$new/gpus" && { nvidia-smi mig -lgi; nvidia-smi; nvidia-smi -L; } >"$new/mig" 2>/dev/null
    # An instance is named by its place. Its place leads to its id, that to the number of its device, and that to its UUID.
    awk '
      FILENAME == ARGV[1] { split($0, part, /, */); uuid[part[1]] = part[2]; cut[part[1]] = part[3] == "Enabled"; next }
      FILENAME == ARGV[2] {
        if ($1 == "|" && $3 == "MIG") { split($7, place, ":"); at = $2 "/" place[1]; instance[at] = $2 "/" $6; profile[at] = $4 }
        else if ($1 == "|" && $6 == "|" && $2 $3 $4 $5 ~ /^[0-9]+$/) { device[$2 "/" $3] = $2 "/" $5; devices[$2 "/" $3]++ }
        else if ($1 == "GPU") card = $2 + 0
        else if ($1 == "MIG" && $3 == "Device") { text = $NF; sub(/\)$/, "", text); name[card "/" ($4 + 0)] = text }
        next
      }
      {
        if ($1 !~ /\//) found = cut[$1] ? "" : uuid[$1]
        else found = profile[$1] == $3 && devices[instance[$1]] == 1 ? name[device[instance[$1]]] : ""
        if (found == "") { print $1, $3; absent = 1; exit 1 }
        list = list sep found; sep = ","
      }
      END { if (!absent) print list }' "$new/uuids" "$new/mig" "$new/gpus" >"$new/visible" || { echo "absent $(head -n 1 "$new/visible")"; rm -rf "$new"; exit 71; }
  fi
  now >"$new/started"; : >"$new/log"
  mv -T "$new" "$dir" || exit 90
  spawn
  show "$dir" ;;
keep)
  boot=$(cat /proc/sys/kernel/random/boot_id)
  echo "$$ $(birth $$) $boot" >"$dir/keeper.$$"
  # A link is made once: whoever comes second leaves the job to the first.
  ln "$dir/keeper.$$" "$dir/keeper" 2>/dev/null || exit 0
  mask=$1
  set --
  while read -r word && [ "$word" != end ]; do x=$(printf %s "${'$'}{word#.}" | base64 -d; echo .); set -- "$@" "${'$'}{x%.}"; done <"$dir/argv"
  where=$(base64 -d <"$dir/cwd"; echo .); where=${'$'}{where%.}
  CUDA_VISIBLE_DEVICES=$(cat "$dir/visible"); export CUDA_VISIBLE_DEVICES
  if cd "$where" 2>>"$dir/log"; then
    (umask "$mask"; exec setsid "$@") </dev/null >>"$dir/log" 2>&1 &
    child=$!
    echo "$child $(birth $child || echo 0) $boot" | put "$dir/pid"
    wait $child; code=$?
    # What the program left behind in its group must not hold the GPUs that are free from now on.
    kill -KILL -$child 2>/dev/null
  else code=126; fi
  echo "$code $(now)" | put "$dir/exit" ;;
list)
  for each in "$root"/jobs/*/; do [ -f "$each/meta" ] && show "${'$'}{each%/}"; done
  echo end ;;
log)
  # Size and state are read first: what follows holds at least that much.
  [ -d "$dir" ] || { echo none; exit 0; }
  st=$(state "$dir"); size=$(wc -c <"$dir/log"); want=$(( size - $1 ))
  [ $want -gt "$2" ] && want=$2
  [ $want -lt 0 ] && { echo "shrunk $size"; exit 0; }
  echo "log $st $size $want"
  [ $want -eq 0 ] || tail -c "+$(( $1 + 1 ))" "$dir/log" | head -c $want ;;
signal)
  [ "$(state "$dir")" = running ] && lives "$dir/pid" && kill -s "$1" "$p" && echo sent || echo gone ;;
stop)
  n=0
  while [ ! -f "$dir/pid" ] && [ -d "$dir" ] && [ ! -f "$dir/exit" ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
  { [ "$(state "$dir")" = running ] && lives "$dir/pid"; } || { echo gone; exit 0; }
  echo asked | put "$dir/stopped"
  kill -s TERM -- "-$p"
  kill -s CONT -- "-$p"
  if mkdir "$dir/reaper" 2>/dev/null; then setsid sh "$self" "$root" reap "$id" "$1" </dev/null >/dev/null 2>&1 & fi
  echo asked ;;
reap)
  sleep "$1"
  lives "$dir/pid" && kill -s KILL -- "-$p" ;;
esac
`;

/** Name of the file on the machine: it changes with every letter of the program. */
export const SUPERVISOR_HASH = createHash('sha256').update(SUPERVISOR).digest('hex').slice(0, 16);
