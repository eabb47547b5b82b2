internal import CLogKernels
internal import LogBytes

/// Lines whose shape is not known: what they mean without one, and the shape that they have when somebody needs it.
extension RecordBatch {
    /// Whether the record's shape is that of no other line, and found nowhere in the table.
    @inline(__always)
    public static func isLoose(_ record: Record) -> Bool { LooseLines.isLoose(record.shape) }

    /// The first number of a loose shape; each loose line has the next.
    @inlinable @inline(__always)
    public static var looseShape: UInt32 { 1 << 30 }

    /// Whether some record is loose.
    public var hasLooseLines: Bool { loose.lines.count > 0 }

    /// The packed slot of the field that was registered under `number` in a loose line; −1 when there is none.
    public func slot(_ record: Record, registered number: Int) -> Int32 {
        let line = LooseLines.number(record.shape)
        let meaning = looseMeanings[line]._withUnsafeGuaranteedRef {
            number < $0.registered.count ? $0.registered[number] : nil
        }
        // Registered after the line was scanned: the table looks for it from the next reset on.
        guard let meaning else {
            return shape(record).slot(named: registered[number])?.packed ?? -1
        }
        return looseSlot(line, meaning)
    }

    /// What the names of interest in loose line `number` mean.
    func meaning(_ number: Int) -> Unmanaged<LooseMeaning> {
        let line = loose.lines[number]
        return table.looseMeanings.meaning(
            loose.found(line), hash: line.found_hash, table: table.names, meanings: table.meanings)
    }

    /// The slot in a loose line for a packed slot among its names of interest.
    func looseSlot(_ number: Int, _ slot: Int32) -> Int32 {
        guard slot >= 0 else { return -1 }
        let place = loose.lines[number].first_found + UInt32(slot >> FieldSlot.transformBits)
        let transform = slot & (FieldSlot.transformLimit - 1)
        return Int32(loose.found[Int(place)].value) << FieldSlot.transformBits | transform
    }

    /// The shape of a loose line, made from its bytes.
    func looseShape(_ record: Record) -> Shape {
        let number = LooseLines.number(record.shape)
        if let known = loose.shapes[number] { return known }
        let line = loose.lines[number]
        var fields: [ShapeField] = []
        var pieces: [[UInt8]] = []
        var end = origin + Int(record.lineStart)
        for index in 0..<Int(line.values) {
            let value = raw(record, index)
            let isString = value.start[-1] == ASCII.quote
            fields.append(
                ShapeField(
                    path: loose.path(line, index, origin), kind: isString ? .string : .token))
            pieces.append(Array(ByteView(end, value.start - end)))
            end = value.end
        }
        let behind = origin + Int(record.lineStart) + Int(record.lineLength)
        pieces.append(Array(ByteView(end, behind - end)))
        ShapeTable.countOccurrences(&fields)
        let shape = Shape(
            index: Int(record.shape), format: .json, fields: fields, pieces: pieces)
        loose.shapes[number] = shape
        return shape
    }
}
