internal import LogQuery
internal import Yams

/// `time_intervals`, as Alertmanager has them.
extension AlertFileReader {
    /// The intervals of `time_intervals:` and of `mute_time_intervals:`, its name until Alertmanager 0.24.
    func timeIntervals(
        _ node: Node?, _ old: Node?
    ) throws(AlertFileError) -> [NamedTimeIntervals] {
        var result: [NamedTimeIntervals] = []
        for (list, key) in [(node, "time_intervals"), (old, "mute_time_intervals")] {
            guard let list else { continue }
            each(try yaml.sequence(list, "`\(key)`")) { item throws(AlertFileError) in
                let entry = try yaml.mapping(
                    item, "a time interval", keys: ["name", "time_intervals"])
                let name = try yaml.name(entry["name"], "name", of: item, "the time interval")
                guard !result.contains(where: { $0.name == name }) else {
                    throw yaml.fault(item, "the time interval `\(name)` exists twice")
                }
                var intervals: [TimeInterval] = []
                if let inner = entry["time_intervals"] {
                    for part in try yaml.sequence(inner, "`time_intervals`") {
                        intervals.append(try timeInterval(part))
                    }
                }
                result.append(NamedTimeIntervals(name: name, intervals: intervals))
            }
        }
        return result
    }

    /// The time intervals that a list of names refers to.
    func namedIntervals(
        _ node: Node?, _ key: String, among intervals: [NamedTimeIntervals]
    ) throws(AlertFileError) -> [NamedTimeIntervals] {
        guard let node else { return [] }
        var result: [NamedTimeIntervals] = []
        for item in try yaml.sequence(node, "`\(key)`") {
            let name = try yaml.text(item, "a name in `\(key)`")
            guard let found = intervals.first(where: { $0.name == name }) else {
                let names = intervals.map(\.name)
                let guess =
                    Spelling.nearest(to: name, in: names).map { "; did you mean `\($0)`?" }
                    ?? (names.isEmpty
                        ? "; the file has no `time_intervals:`"
                        : "; there are " + names.map { "`\($0)`" }.joined(separator: ", "))
                throw yaml.fault(item, "there is no time interval `\(name)`" + guess)
            }
            result.append(found)
        }
        return result
    }

    private func timeInterval(_ node: Node) throws(AlertFileError) -> TimeInterval {
        let keys = ["times", "weekdays", "days_of_month", "months", "years", "location"]
        let entry = try yaml.mapping(node, "an entry of `time_intervals`", keys: keys)
        return TimeInterval(
            times: try times(entry["times"]),
            weekdays: try ranges(entry["weekdays"], "weekdays", TimeInterval.weekdays),
            daysOfMonth: try ranges(
                entry["days_of_month"], "days_of_month", TimeInterval.daysOfMonth),
            months: try ranges(entry["months"], "months", TimeInterval.months),
            years: try ranges(entry["years"], "years", TimeInterval.years),
            zone: try zone(entry["location"]))
    }

    private func times(_ node: Node?) throws(AlertFileError) -> [Range<Int>]? {
        guard let node else { return nil }
        var result: [Range<Int>] = []
        for item in try yaml.sequence(node, "`times`") {
            let entry = try yaml.mapping(item, "a time", keys: ["start_time", "end_time"])
            let start = try yaml.name(entry["start_time"], "start_time", of: item, "the time")
            let end = try yaml.name(entry["end_time"], "end_time", of: item, "the time")
            do throws(TimeInterval.Fault) {
                result.append(try TimeInterval.times(start, end))
            } catch {
                let isEnd = (try? TimeInterval.minute(start)) != nil
                throw yaml.fault(
                    entry[isEnd ? "end_time" : "start_time"] ?? item, error.message)
            }
        }
        return result.isEmpty ? nil : result
    }

    private func ranges<Value>(
        _ node: Node?, _ key: String, _ read: (String) throws(TimeInterval.Fault) -> Value
    ) throws(AlertFileError) -> [Value]? {
        guard let node else { return nil }
        var result: [Value] = []
        for item in try yaml.sequence(node, "`\(key)`") {
            let text = try yaml.text(item, "an entry of `\(key)`")
            do throws(TimeInterval.Fault) {
                result.append(try read(text))
            } catch {
                throw yaml.fault(item, error.message)
            }
        }
        return result.isEmpty ? nil : result
    }

    private func zone(_ node: Node?) throws(AlertFileError) -> ZoneRules {
        guard let node else { return .utc }
        let name = try yaml.text(node, "`location`")
        guard let zone = zones.zone(name) else {
            throw yaml.fault(
                node,
                "there is no time zone `\(name)` on this machine; write a name of the zone database "
                    + "like `Europe/Berlin` (Debian's package tzdata has them), `UTC`, or a fixed "
                    + "distance like `+02:00`")
        }
        return zone
    }
}
