#!/bin/sh
# Prints a kubeconfig for the agent's service account, for an agent that runs beside the cluster:
#
#   deploy/kubernetes/make-kubeconfig.sh > agent.kubeconfig
#   skerry infra add kubernetes --agent NAME --kubeconfig agent.kubeconfig
#
#   -d DURATION   how long the token holds, as the API server is asked for it: 720h (default), 24h, …
#                 Servers have a limit of their own and may give less; the end is told on standard error.
#   -p            a token that does not expire, kept in the Secret skerry/agent-token, for clusters where nobody can renew one in
#                 time. Deleting that Secret ends it.
#   -s SERVER     address of the API server as the agent's node sees it; default: the one of the present context
#   -n, -a        namespace and name of the service account; default: skerry, agent
#
# Whoever has this file has the agent's rights in the cluster. Give it to Skerry (which seals it to the agent) and delete it. A new
# one, given before the old one ends, takes its place without a gap.
set -eu
duration=720h permanent= server= namespace=skerry account=agent
while getopts d:ps:n:a: option; do
  case $option in
    d) duration=$OPTARG ;;
    p) permanent=1 ;;
    s) server=$OPTARG ;;
    n) namespace=$OPTARG ;;
    a) account=$OPTARG ;;
    *) exit 2 ;;
  esac
done
kubectl=${KUBECTL:-kubectl}
say() { printf '%s\n' "$*" >&2; }

cluster() { "$kubectl" config view --raw --minify --flatten -o "jsonpath={.clusters[0].cluster.$1}"; }
: "${server:=$(cluster server)}"
authority=$(cluster certificate-authority-data)
# Some servers have a certificate of a public authority, and need none here.
[ -n "$authority" ] && trust="certificate-authority-data: $authority" || trust=

if [ -n "$permanent" ]; then
  "$kubectl" apply -f - >&2 <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: $account-token
  namespace: $namespace
  annotations: {kubernetes.io/service-account.name: $account}
type: kubernetes.io/service-account-token
YAML
  tries=0 token=
  while [ -z "$token" ]; do
    token=$("$kubectl" get secret "$account-token" -n "$namespace" -o 'jsonpath={.data.token}' | base64 -d)
    tries=$((tries + 1))
    [ -n "$token" ] && break
    [ "$tries" -lt 30 ] || { say "the cluster puts no token into the Secret $namespace/$account-token"; exit 1; }
    sleep 1
  done
  say "This token does not expire. It ends with: kubectl delete secret $account-token -n $namespace"
else
  token=$("$kubectl" create token "$account" -n "$namespace" --duration "$duration")
  # The middle part of the token says when it ends; base64 without padding, and with two letters of its own.
  body=$(printf '%s' "$token" | cut -d. -f2 | tr '_-' '/+')
  while [ $((${#body} % 4)) -ne 0 ]; do body="$body="; done
  end=$(printf '%s' "$body" | base64 -d 2>/dev/null | sed -n 's/.*"exp":\([0-9]*\).*/\1/p')
  if [ -n "$end" ]; then say "This token ends at $(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$end" +%Y-%m-%dT%H:%M:%SZ)"; fi
fi

cat <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: $server
      $trust
users:
  - name: agent
    user:
      token: $token
contexts:
  - name: agent
    context:
      cluster: cluster
      user: agent
current-context: agent
YAML
