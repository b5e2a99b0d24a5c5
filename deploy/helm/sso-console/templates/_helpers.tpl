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
  value: /run/secrets/sso-console/cache_url
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
{{- end }}

{{- define "sso-console.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
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
{{- end }}
