internal import CLogKernels
public import LogBytes
internal import LogJSON

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
        return looseMeanings[line]._withUnsafeGuaranteedRef {
            slot(record, line, $0, registered: number)
        }
    }

    /// Appends what `slot(_:registered:)` says about each of `numbers`.
    public func appendSlots(
        _ record: Record, registered numbers: [Int], to slots: inout Vector<Int32>
    ) {
        let line = LooseLines.number(record.shape)
        looseMeanings[line]._withUnsafeGuaranteedRef { meaning in
            for number in numbers {
                slots.append(slot(record, line, meaning, registered: number))
            }
        }
    }

    @inline(__always)
    private func slot(
        _ record: Record, _ line: Int, _ meaning: LooseMeaning, registered number: Int
    ) -> Int32 {
        if number < meaning.registered.count {
            return looseSlot(line, meaning.registered[number])
        }
        // Registered after the line was scanned: the table looks for it from the next reset on.
        return shape(record).slot(named: registered[number])?.packed ?? -1
    }

    /// What the names of interest in loose line `number` mean.
    func meaning(_ number: Int) -> Unmanaged<LooseMeaning> {
        let line = loose.lines[number]
        let found = loose.found(line)
        // Uncounted: the table stays while the batch does not let go of it.
        let known = Unmanaged.passUnretained(table)._withUnsafeGuaranteedRef {
            $0.looseMeanings.known(found, hash: line.found_hash)
        }
        return known
            ?? table.looseMeanings.make(
                found, hash: line.found_hash, table: table.names, meanings: table.meanings)
    }

    /// The slot in a loose line for a packed slot among its names of interest.
    func looseSlot(_ number: Int, _ slot: Int32) -> Int32 {
        guard slot >= 0 else { return -1 }
        let place = loose.lines[number].first_found + UInt32(slot >> FieldSlot.transformBits)
        let transform = slot & (FieldSlot.transformLimit - 1)
        return Int32(loose.found[Int(place)].value) << FieldSlot.transformBits | transform
    }

    /// The shape of a loose line, for whom its names are not enough: its line is scanned with all care, by itself.
    func looseShape(_ record: Record) -> Shape {
        let number = LooseLines.number(record.shape)
        if let known = loose.shapes[number] { return known }
        let line = line(record)
        if carefulTable == nil || carefulTable?.isLarge == true {
            carefulTable = ShapeTable()
        }
        guard let table = carefulTable else { return Shape.text(index: 0) }
        var scanner = JSONScanner(end: line.end, readable: line.end)
        var values = Vector<ValueSpan>(capacity: 64)
        let shape = table.scan(line, scanner: &scanner, origin: origin, values: &values)
        assert(
            shape >= 0 && values.count == Int(loose.lines[number].values),
            "BUG: a loose line is no line of JSON")
        let found = shape >= 0 ? table.shapes[shape] : Shape.text(index: 0)
        loose.shapes[number] = found
        return found
    }
}
