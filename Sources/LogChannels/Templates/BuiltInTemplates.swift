/// The templates that Alertmanager's users include by name, in their own words.
enum BuiltInTemplates {
    private static let sources: [String: String] = [
        "__subject": "{{ .Title }}",
        "__description": "{{ range .Alerts }}{{ template \"__alert\" . }}\n{{ end }}",
        "__alert": """
        {{ .Labels.alertname }}: {{ .Sentence }}\
        {{ with .Annotations.summary }}: {{ . }}{{ end }}\
        {{ with .Annotations.description }} ({{ . }}){{ end }}
        """,
        "__text_alert_list": "{{ range . }}{{ template \"__alert\" . }}\n{{ end }}",
        "__alertmanager": "weir",
        "__alertmanagerURL": "{{ .ExternalURL }}",
        "slack.default.title": "{{ .Title }}",
        "slack.default.username": "weir",
        "slack.default.fallback": "{{ .Title }}",
        "slack.default.text": "{{ template \"__description\" . }}",
        "slack.default.titlelink": "{{ .ExternalURL }}",
        "slack.default.color": "{{ if eq .Status \"firing\" }}danger{{ else }}good{{ end }}",
        "slack.default.pretext": "", "slack.default.callbackid": "", "slack.default.iconemoji": "",
        "slack.default.iconurl": "", "slack.default.footer": "",
        "pagerduty.default.description": "{{ .Title }}",
        "pagerduty.default.client": "weir",
        "pagerduty.default.clientURL": "{{ .ExternalURL }}",
        "pagerduty.default.instances": "{{ template \"__text_alert_list\" . }}",
        "email.default.subject": "{{ .Title }}",
    ]

    static func source(_ name: String) -> String? { sources[name] }

    static let names = sources.keys.filter { !$0.hasPrefix("__") }.sorted()
}
