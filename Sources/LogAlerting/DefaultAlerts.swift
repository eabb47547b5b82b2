extension AlertConfiguration {
    /// The alert file that is used when none is given: the text of `alerts.yaml` at the top of the project, which a test
    /// holds equal to this.
    public static let defaultText = """
        # The rules that weir uses when no --alerts file is given. Copy this file, change it, and pass it with --alerts FILE.
        #
        # A condition is a sentence:
        #
        #   MEASURE > THRESHOLD over WINDOW by FIELD, ...
        #
        #   error_rate             failed requests / requests. A request has an endpoint or an HTTP status; it failed when its
        #                          status is 5xx, or when it has no status and its level is error or above
        #   p50(f) ... p99.9(f)    the value of field f that so many percent of the records do not exceed
        #   count(FILTER)          matching records; FILTER is any LogsQL filter
        #   rate(FILTER)           matching records a second
        #
        # `where FILTER` before `over` takes only matching records. error_rate and pNN say nothing with fewer than 20 records in
        # the window; `min 5 samples` at the end changes that. Counts and rates fire on the record that crosses the threshold.
        # `for: 2m` waits until the condition has held so long. Times are those in the log lines, not the wall clock's.

        groups:
          - name: requests
            rules:
              - alert: high_error_rate
                condition: error_rate > 5% over 5m by service
                labels:
                  severity: critical
                annotations:
                  summary: '{{ $value }} of the requests to {{ or $labels.service "an unknown service" }} fail'

              - alert: slow_responses
                condition: p95(duration_ms) > 1s over 5m by endpoint
                labels:
                  severity: warning
                annotations:
                  summary: '1 of 20 requests to {{ or $labels.endpoint "an unknown endpoint" }} takes {{ $value }} or longer'

              # Ten 5xx answers within a minute, whatever share of the traffic they are.
              - alert: server_error_burst
                condition: count(status_code:>=500) >= 10 over 1m by service
                labels:
                  severity: high
                annotations:
                  summary: '{{ $value }} server errors of {{ or $labels.service "an unknown service" }} within a minute'

          - name: security
            rules:
              # Someone is guessing passwords.
              - alert: failed_logins
                condition: count(event:login_failed) >= 5 over 10m by client_ip
                labels:
                  severity: warning
                annotations:
                  summary: '{{ $value }} failed logins from {{ or $labels.client_ip "an unknown address" }}'

        # Each alert by itself, at once. Whoever is paged wants less: without the four lines below it, a route waits 30 s for further
        # alerts of its group, tells changes every 5 minutes, and repeats what still fires after 4 hours.
        route:
          receiver: console
          group_by: ['...']
          group_wait: 0s
          group_interval: 0s
          repeat_interval: 0s

        receivers:
          - name: console
            stdout_configs: [{}]

        """

    /// The configuration of `defaultText`.
    ///
    /// - Parameter channels: the kinds of channels that exist; without them the configuration is good for its rules only.
    public static func makeDefault(
        channels: ChannelRegistry = .unread([defaultReceiverName])
    ) throws(AlertFileError) -> AlertConfiguration {
        try parse(defaultText, file: "(default rules)", channels: channels)
    }
}
