{{/* Name of the release's objects, at most 45 characters, so that what is added still makes a name. */}}
{{- define "stack.name" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end }}

{{- define "stack.clusterId" -}}
{{- .Values.clusterId | default .Release.Name -}}
{{- end }}

{{- define "stack.sandboxNamespace" -}}
{{- $own := printf "%s-%s" .Release.Namespace .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- .Values.sandboxes.namespace | default (printf "%s-sandboxes" $own) -}}
{{- end }}

{{/* What a component's pods are selected by; never changes. (dict "root" $ "component" "api") */}}
{{- define "stack.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "stack.labels" -}}
{{ include "stack.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* A variable whose whole value is one key of a Secret. (dict "name" … "of" .Values.secrets.x) */}}
{{- define "stack.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .of.name }}
      key: {{ .of.key }}
{{- end }}

{{- define "stack.generatedName" -}}
{{- include "stack.name" . }}-generated
{{- end }}

{{/* The same for a secret that the chart may have made. (dict "root" $ "name" … "secret" "cluster") */}}
{{- define "stack.ownSecretEnv" -}}
{{- $of := index .root.Values.secrets .secret -}}
{{- if .root.Values.secrets.generate -}}
{{- $keys := dict "cluster" "cluster-secret" "agent" "agent-secret" "apiKeyHash" "api-key-hash" -}}
{{- $of = dict "name" (include "stack.generatedName" .root) "key" (index $keys .secret) -}}
{{- end -}}
{{- include "stack.secretEnv" (dict "name" .name "of" $of) -}}
{{- end }}

{{/* What every program is told. (dict "root" $ "hasRedis" bool) */}}
{{- define "stack.commonEnv" -}}
- name: Cluster__Id
  value: {{ include "stack.clusterId" .root | quote }}
{{ include "stack.ownSecretEnv" (dict "root" .root "name" "Cluster__Secret" "secret" "cluster") }}
{{ include "stack.secretEnv" (dict "name" "ConnectionStrings__sandbox" "of" .root.Values.secrets.database) }}
{{- if and .hasRedis .root.Values.secrets.redis.name }}
{{ include "stack.secretEnv" (dict "name" "ConnectionStrings__redis" "of" .root.Values.secrets.redis) }}
{{- end }}
- name: Internal__Listen
  value: 0.0.0.0:9464
{{- with .root.Values.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* A program's pod, without its containers and what they mount. */}}
{{- define "stack.pod" -}}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
# What is asked of a program when it is told to end takes it up to 30 s, after the 5 s of preStop.
terminationGracePeriodSeconds: 45
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1654
  runAsGroup: 1654
  fsGroup: 1654
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "stack.selector" . | nindent 8 }}
{{- end }}

{{/* What all containers have. (dict "root" $ "component" "api" "image" "sandbox-api" "ready" "/health") */}}
{{- define "stack.container" -}}
name: {{ .component }}
{{- $tag := .root.Values.images.tag | default .root.Chart.AppVersion }}
image: {{ printf "%s/%s:%s" (trimSuffix "/" .root.Values.images.registry) .image $tag }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources: {{- toYaml (index .root.Values .component).resources | nindent 2 }}
volumeMounts:
  - name: temp
    mountPath: /tmp
{{- with .mounts }}
{{ . | indent 2 }}
{{- end }}
# The schema is made or brought up to date by whichever program starts first, before it answers anything.
startupProbe:
  httpGet: {path: /alive, port: internal}
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 100
readinessProbe:
  httpGet: {path: {{ .ready }}, port: internal}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
livenessProbe:
  httpGet: {path: /alive, port: internal}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{- define "stack.volumes" -}}
- name: temp
  emptyDir:
    sizeLimit: {{ (index .root.Values .component).tempSize }}
{{- end }}

{{- define "stack.podAnnotations" -}}
{{- with .Values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Peers that may read /metrics, as an ingress rule; nothing when there are none. */}}
{{- define "stack.metricsRule" -}}
{{- with .Values.networkPolicy.metricsNamespaces }}
- from:
    - namespaceSelector:
        matchLabels: {{- toYaml . | nindent 10 }}
  ports:
    - {port: internal}
{{- end }}
{{- end }}
