#!/bin/sh
# Makes sure that the servers of a Kubernetes cluster can be started by the tests against real servers: builds them once from
# the Go module proxy into a cache outside the checkout, which takes minutes. Starts none. Prints the folder of the programs.
# With --look it builds nothing, and fails when they are not there.
set -eu
cd "$(dirname "$0")/kubernetes"

KWOK=v0.8.0
GO_AT_LEAST=1.26
version=$(sed -n 's/^[[:space:]]*k8s.io\/kubernetes \(v[0-9.]*\)$/\1/p' go.mod)
hash=$(printf %s "$KWOK" | cat go.mod main.go - | cksum | cut -d ' ' -f 1)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/spillway/kubernetes-$version-$hash

if [ -x "$folder/kwok" ]; then
  echo "$folder"
  exit
fi
if [ "${1-}" = --look ]; then
  echo "There are no Kubernetes servers in $folder. Run tools/ensure-kubernetes.sh" >&2
  exit 1
fi

# at_least HAVE WANTED: compares versions of two numbers or more.
at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n | head -n 1)" = "$2" ]
}

if ! command -v go >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends golang-go ca-certificates; } >&2 || true
fi
# Since 1.21 a Go that is too old fetches the right one as a module.
go_version=$(go env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9]*\.[0-9]*\).*/\1/p')
if [ -z "$go_version" ] || ! at_least "$go_version" 1.21; then
  echo "Building the Kubernetes servers takes Go $GO_AT_LEAST, or Go 1.21 and a module proxy to fetch it from; found: ${go_version:-none}." >&2
  echo "Install one and put it into PATH. The other tests against real servers run without: npx vitest run --config vitest.real.config.ts ssh" >&2
  exit 1
fi
if at_least "$go_version" "$GO_AT_LEAST"; then GOTOOLCHAIN=local; else GOTOOLCHAIN=auto; fi
export GOTOOLCHAIN CGO_ENABLED=0 GOWORK=off

mkdir -p "$(dirname "$folder")"
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
number=${version#v}
minor=${number#*.}
variables=k8s.io/component-base/version
echo "Building the servers of Kubernetes $version into $folder; this takes some minutes." >&2
go build -buildvcs=false -trimpath -o "$new/kube" -ldflags "-s -w -X $variables.gitVersion=$version \
-X $variables.gitMajor=${number%%.*} -X $variables.gitMinor=${minor%%.*}" . >&2
for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  ln -s kube "$new/$name"
done
GOBIN=$new go install -trimpath -ldflags '-s -w' "sigs.k8s.io/kwok/cmd/kwok@$KWOK" >&2
chmod 755 "$new"
# Whoever finishes first has won.
[ -e "$folder" ] || mv "$new" "$folder"
echo "$folder"
