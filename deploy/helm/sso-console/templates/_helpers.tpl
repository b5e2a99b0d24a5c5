{{/* The labels of everything, and those by which a component is found. */}}
{{- define "sso-console.labels" -}}
{{ include "sso-console.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sso-console.selector" -}}
app.kubernetes.io/name: sso-console
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sso-console.host" -}}
{{ (urlParse .Values.baseUrl).host }}
{{- end }}

{{/* Secrets are files, named here and nowhere given. */}}
{{- define "sso-console.env" -}}
- name: BASE_URL
  value: {{ .Values.baseUrl | quote }}
{{- if .Values.cacheUrl }}
- name: CACHE_URL
  value: {{ .Values.cacheUrl | quote }}
{{- else }}
- name: CACHE_URL_FILE
  value: /run/secrets/sso-console{{ if .Values.cache.existingSecret }}-cache{{ end }}/cache_url
{{- end }}
{{- if .Values.metrics.enabled }}
- name: METRICS_TOKEN_FILE
  value: /run/secrets/sso-console{{ if .Values.metrics.existingSecret }}-metrics{{ end }}/metrics_token
{{- end }}
{{- with .Values.trustedProxies }}
- name: TRUSTED_PROXIES
  value: {{ . | quote }}
{{- end }}
- name: TRUSTED_PROXY_HEADER
  value: {{ .Values.trustedProxyHeader | quote }}
- name: LOG_FORMAT
  value: {{ .Values.logFormat | quote }}
- name: SECRET_KEY_FILE
  value: /run/secrets/sso-console/secret_key
- name: FIELD_ENCRYPTION_KEYS_FILE
  value: /run/secrets/sso-console/field_encryption_keys
- name: DATABASE_URL_FILE
  value: /run/secrets/sso-console/database_url
{{- with .Values.databasePooler }}
- name: DATABASE_POOLER
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := .Values.extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* What every pod of the console asks for and gives up. */}}
{{- define "sso-console.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: secrets
    secret:
      secretName: {{ .Values.existingSecret }}
      defaultMode: 0440
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- range $what, $secret := dict "cache" .Values.cache.existingSecret "metrics" .Values.metrics.existingSecret }}
  {{- if $secret }}
  - name: {{ $what }}
    secret:
      secretName: {{ $secret }}
      defaultMode: 0440
  {{- end }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What a proxy must take off a request, because the console cannot tell it from the proxy's own words. */}}
{{- define "sso-console.spellings" -}}
- X_Forwarded_For
- X-Forwarded_For
- X_Forwarded-For
- X_Forwarded_Proto
- X-Forwarded_Proto
- X_Forwarded-Proto
- X_Request_Id
- X-Request_Id
- X_Request-Id
- X-Request-Id
- Forwarded
{{- end }}

{{/*
What starts the pods again: another content of a secret or a config map that they read. It is what the cluster has at
the time of the upgrade, and nothing where helm asks no cluster (helm template): there, restart by hand.
*/}}
{{- define "sso-console.checksums" -}}
{{- $found := dict }}
{{- range list .Values.existingSecret .Values.cache.existingSecret .Values.metrics.existingSecret }}
{{- if . }}{{- with lookup "v1" "Secret" $.Release.Namespace . }}{{- $_ := set $found .metadata.name .data }}{{- end }}{{- end }}
{{- end }}
{{- range .Values.extraEnvFrom }}
{{- with .secretRef }}{{- with lookup "v1" "Secret" $.Release.Namespace .name }}{{- $_ := set $found .metadata.name .data }}{{- end }}{{- end }}
{{- with .configMapRef }}{{- with lookup "v1" "ConfigMap" $.Release.Namespace .name }}{{- $_ := set $found (printf "configmap/%s" .metadata.name) .data }}{{- end }}{{- end }}
{{- end }}
{{- if $found }}
checksum/settings: {{ toJson $found | sha256sum }}
{{- end }}
{{- end }}

{{- define "sso-console.container" -}}
{{- with .Values.image }}
image: "{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}"
{{- end }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: secrets
    mountPath: /run/secrets/sso-console
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- range $what, $secret := dict "cache" .Values.cache.existingSecret "metrics" .Values.metrics.existingSecret }}
  {{- if $secret }}
  - name: {{ $what }}
    mountPath: /run/secrets/sso-console-{{ $what }}
    readOnly: true
  {{- end }}
  {{- end }}
  {{- if .backups }}
  - name: backups
    mountPath: /backups
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
