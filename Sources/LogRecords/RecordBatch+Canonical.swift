internal import LogBytes
internal import LogJSON

/// The time and the level of a record, which are read when its line is appended.
extension RecordBatch {
    /// The record's own time, from the packed slot of its shape; nil when it has none that can be read.
    @inline(__always)
    func time(of record: Record, at slot: Int32) -> Int64? {
        if slot & (FieldSlot.transformLimit - 1) == 0,
            let time = time(raw(record, Int(slot >> FieldSlot.transformBits)))
        {
            return time
        }
        return slowTime(record, FieldSlot(packed: slot))
    }

    /// The record's level, from the packed slot of its shape.
    @inline(__always)
    func level(of record: Record, at slot: Int32) -> LogLevel {
        if slot & (FieldSlot.transformLimit - 1) == 0 {
            let level = LogLevel(text: raw(record, Int(slot >> FieldSlot.transformBits)))
            if level != .unknown { return level }
        }
        return slowLevel(record, FieldSlot(packed: slot))
    }

    /// Tries all places where the shape may have a time.
    @inline(never)
    private func slowTime(_ record: Record, _ slot: FieldSlot) -> Int64? {
        if let time = time(record, slot) { return time }
        for other in shape(record).canonical.otherTimes {
            if let time = time(record, other) { return time }
        }
        return nil
    }

    private func time(_ record: Record, _ slot: FieldSlot) -> Int64? {
        var scratch = ByteWriter(capacity: 1)
        switch slot.transform {
        case .textTime:
            let front = front(record, slot.field, &scratch)
            return TextFront.time(front, arrivalTime: arrivalTime)
        case .secondsBeforeNanoseconds:
            guard let seconds = NumberText.integer(raw(record, slot.field)), seconds >= 0,
                let nanoseconds = NumberText.integer(raw(record, slot.field + 1)),
                (0..<Timestamp.second).contains(nanoseconds)
            else { return Timestamp.parse(raw(record, slot.field)) }
            return Timestamp.nanoseconds(seconds, nanoseconds)
        default:
            let text = text(record, FieldSlot(field: slot.field), scratch: &scratch)
            let time = LoggedTime.parse(text, arrivalTime: arrivalTime)
            return slot.transform == .nonZeroTime && time == 0 ? nil : time
        }
    }

    /// Tries all places where the shape may have a level.
    @inline(never)
    private func slowLevel(_ record: Record, _ slot: FieldSlot) -> LogLevel {
        let level = level(record, slot)
        if level != .unknown { return level }
        for other in shape(record).canonical.otherLevels {
            let level = self.level(record, other)
            if level != .unknown { return level }
        }
        return .unknown
    }

    private func level(_ record: Record, _ slot: FieldSlot) -> LogLevel {
        var scratch = ByteWriter(capacity: 1)
        if slot.transform == .textLevel {
            return TextFront.level(front(record, slot.field, &scratch))
        }
        let text = text(record, FieldSlot(field: slot.field), scratch: &scratch)
        return LogLevel.read(text, slot.transform)
    }

    /// The first bytes of a text: where no escape stands among them, they are not copied.
    private func front(
        _ record: Record, _ field: Int, _ scratch: inout ByteWriter
    ) -> ByteView {
        let raw = raw(record, field)
        let span = values[Int(record.firstValue) + field]
        let front = raw.prefix(TextFront.bytesMax)
        guard span.isEscaped, let escape = front.firstIndex(of: ASCII.backslash) else {
            return front
        }
        // Docker's lines end in an escaped newline.
        if escape + 2 >= raw.count { return front.prefix(escape) }
        return text(record, FieldSlot(field: field), scratch: &scratch)
    }
}
