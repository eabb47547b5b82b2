internal import LogBytes
public import LogRecords

/// A filter made ready for one record at a time: for retention classes, alert rules and live tail.
///
/// The filter becomes a list of tests, each with the test that follows on yes and on no. Where a record's fields stand is
/// looked up once for each shape; a shape whose missing fields already decide the answer costs one load. Asking allocates
/// nothing and counts no references. One thread uses a filter; it may see batches of any table.
public final class RecordFilter {
    /// One test of the program. A following test is a number, or one of the two ends.
    private struct Test: BitwiseCopyable {
        var kind: Kind
        /// The number of the leaf, or of the time range.
        var operand: Int32
        var onYes: Int32
        var onNo: Int32
    }

    private enum Kind: UInt8, BitwiseCopyable {
        case value, className, time, schedule, fields
    }

    private struct Leaf {
        let field: String
        let matcher: ValueMatcher
        let matchesEmpty: Bool
    }

    /// Where a leaf's field stands in a shape.
    private struct LeafSlot: BitwiseCopyable {
        /// The number of the value, or −1 when lines of the shape have no such field.
        var field: Int32
        /// The raw value of the slot's transform.
        var transform: UInt8

        init(_ slot: FieldSlot?) {
            field = slot.map { Int32($0.field) } ?? -1
            transform = slot?.transform.rawValue ?? 0
        }

        var slot: FieldSlot {
            FieldSlot(
                field: Int(field),
                transform: transform == 0 ? .none : ValueTransform(rawValue: transform) ?? .none)
        }
    }

    /// What is known of a shape.
    private enum Verdict: UInt8, BitwiseCopyable {
        case unseen, never, always, open
    }

    /// All that a test reads, behind one address: reading a class's own variables would be checked for exclusive access
    /// at run time, for each record several times.
    private struct State: ~Copyable {
        var tests = Vector<Test>(capacity: 8)
        var entry: Int32 = RecordFilter.yes
        var matchers = Vector<Unmanaged<ValueMatcher>>(capacity: 8)
        var ranges = Vector<TimeRange>(capacity: 1)
        /// The table that `verdicts` and `slots` speak of.
        var tableIdentity: ObjectIdentifier?
        var verdicts = Vector<Verdict>(capacity: 64)
        /// For each shape one slot a leaf.
        var slots = Vector<LeafSlot>(capacity: 64)
        /// Those of the present loose line.
        var looseSlots = Vector<LeafSlot>(capacity: 1)
        var scratch = ByteWriter(capacity: 256)
    }

    /// The numbers of the leaves' fields in the present batch.
    private var registered: [Int] = []

    private static let yes: Int32 = -1
    private static let no: Int32 = -2

    /// The filter.
    public let filter: Filter
    private let classNames: [[UInt8]]
    private let state: UnsafeMutablePointer<State>
    /// Days and hours that tests ask for.
    private var schedules: [TimeSchedule] = []
    /// Conditions on two fields, and the number of the first of their two leaves.
    private var comparisons: [(comparison: FieldComparison, first: Int)] = []
    /// The leaves, which keep the matchers alive.
    private var leaves: [Leaf] = []
    /// The table that the state speaks of; kept, so that its address is not another's.
    private var table: ShapeTable?

    /// Makes `filter` ready.
    ///
    /// - Parameter classNames: the names of the retention classes by `Record.classIndex`, for `_class`. While the class of
    ///   a record is not decided, leave it empty: `_class` is then the empty text.
    public init(_ filter: Filter, classNames: [String] = []) {
        self.filter = filter
        self.classNames = classNames.map { Array($0.utf8) }
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        state.pointee.entry = compile(filter, onYes: Self.yes, onNo: Self.no)
        for leaf in leaves { state.pointee.matchers.append(Unmanaged.passUnretained(leaf.matcher)) }
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Whether `record` of `batch` matches.
    public func matches(_ record: Record, in batch: RecordBatch) -> Bool {
        if ObjectIdentifier(batch.table) != state.pointee.tableIdentity { adopt(batch) }
        if RecordBatch.isLoose(record) { return matchesLoose(record, batch) }
        let shape = Int(record.shape)
        if shape >= state.pointee.verdicts.count { extend(to: shape + 1) }
        switch state.pointee.verdicts[shape] {
        case .never: return false
        case .always: return true
        case .open: break
        case .unseen:
            resolve(shape, batch.table)
            return matches(record, in: batch)
        }
        return run(
            record, batch, state.pointee.slots.base + shape * state.pointee.matchers.count)
    }

    private func matchesLoose(_ record: Record, _ batch: RecordBatch) -> Bool {
        state.pointee.looseSlots.removeAll()
        for number in registered {
            let slot = batch.slot(record, registered: number)
            state.pointee.looseSlots.append(LeafSlot(slot < 0 ? nil : FieldSlot(packed: slot)))
        }
        return run(record, batch, state.pointee.looseSlots.base)
    }

    private func run(
        _ record: Record, _ batch: RecordBatch, _ slots: UnsafeMutablePointer<LeafSlot>
    ) -> Bool {
        let state = state
        let matchers = state.pointee.matchers.base
        let tests = state.pointee.tests.base
        var next = state.pointee.entry
        while next >= 0 {
            let test = tests[Int(next)]
            let operand = Int(test.operand)
            let answer: Bool
            switch test.kind {
            case .time:
                answer = state.pointee.ranges[operand].contains(record.time)
            case .schedule:
                answer = schedules[operand].contains(record.time)
            case .fields:
                answer = matchesFields(record, batch, slots, comparisons[operand])
            case .className:
                answer = matchesClass(record, operand)
            case .value:
                let slot = slots[operand]
                let text =
                    slot.field < 0
                    ? .empty
                    : batch.text(record, slot.slot, scratch: &state.pointee.scratch)
                answer = matchers[operand]._withUnsafeGuaranteedRef { $0.matches(text) }
            }
            next = answer ? test.onYes : test.onNo
        }
        return next == Self.yes
    }

    /// Whether a condition on two fields holds; their leaves are the ones from `first` on.
    private func matchesFields(
        _ record: Record, _ batch: RecordBatch, _ slots: UnsafeMutablePointer<LeafSlot>,
        _ test: (comparison: FieldComparison, first: Int)
    ) -> Bool {
        let values = [slots[test.first], slots[test.first + 1]].map { slot in
            slot.field < 0
                ? [] : Array(batch.text(record, slot.slot, scratch: &state.pointee.scratch))
        }
        return values[0].withView { left in
            values[1].withView { test.comparison.holds(left, $0) }
        }
    }

    private func matchesClass(_ record: Record, _ operand: Int) -> Bool {
        let index = Int(record.classIndex)
        guard index < classNames.count else { return leaves[operand].matchesEmpty }
        return classNames[index].withView { leaves[operand].matcher.matches($0) }
    }

    // MARK: Compilation

    /// Appends the tests of `filter`; the number of the first. Groups are laid out back to front, so that what follows a
    /// test is known when it is written.
    private func compile(_ filter: Filter, onYes: Int32, onNo: Int32) -> Int32 {
        switch filter {
        case .all:
            return onYes
        case .not(let inner):
            return compile(inner, onYes: onNo, onNo: onYes)
        case .and(let filters):
            return filters.sorted(by: { $0.cost > $1.cost })
                .reduce(onYes) { compile($1, onYes: $0, onNo: onNo) }
        case .or(let filters):
            return filters.sorted(by: { $0.cost > $1.cost })
                .reduce(onNo) { compile($1, onYes: onYes, onNo: $0) }
        case .time(let time):
            var onYes = onYes
            if let schedule = time.schedule {
                schedules.append(schedule)
                onYes = add(.schedule, schedules.count - 1, onYes, onNo)
            }
            state.pointee.ranges.append(time.range)
            return add(.time, state.pointee.ranges.count - 1, onYes, onNo)
        case .fields(let comparison):
            comparisons.append((comparison, leaves.count))
            for field in [comparison.field, comparison.other] {
                leaves.append(Leaf(field: field, matcher: PrefixMatcher(""), matchesEmpty: false))
            }
            return add(.fields, comparisons.count - 1, onYes, onNo)
        case .leaf(let field, let predicate):
            leaves.append(
                Leaf(
                    field: field, matcher: predicate.matcher, matchesEmpty: predicate.matchesEmpty))
            return add(field == "_class" ? .className : .value, leaves.count - 1, onYes, onNo)
        }
    }

    private func add(_ kind: Kind, _ operand: Int, _ onYes: Int32, _ onNo: Int32) -> Int32 {
        state.pointee.tests.append(
            Test(kind: kind, operand: Int32(operand), onYes: onYes, onNo: onNo))
        return Int32(state.pointee.tests.count - 1)
    }

    // MARK: Shapes

    private func adopt(_ batch: RecordBatch) {
        table = batch.table
        registered = leaves.map { batch.register($0.field) }
        state.pointee.tableIdentity = ObjectIdentifier(batch.table)
        state.pointee.verdicts.removeAll()
        state.pointee.slots.removeAll()
    }

    private func extend(to count: Int) {
        while state.pointee.verdicts.count < count {
            state.pointee.verdicts.append(.unseen)
            for _ in 0..<leaves.count { state.pointee.slots.append(LeafSlot(nil)) }
        }
    }

    private func resolve(_ index: Int, _ table: ShapeTable) {
        let shape = table.shapes[index]
        for (number, leaf) in leaves.enumerated() {
            let slot = shape.slot(named: leaf.field)
            state.pointee.slots[index * leaves.count + number] = LeafSlot(slot)
        }
        state.pointee.verdicts[index] = verdict(firstSlot: index * leaves.count)
    }

    /// What the fields that a shape lacks decide: follows all paths through the tests, from the last test to the first,
    /// since every test is followed by earlier ones.
    private func verdict(firstSlot: Int) -> Verdict {
        let count = state.pointee.tests.count
        var ends = [Verdict](repeating: .unseen, count: count)
        func end(_ next: Int32) -> Verdict {
            next == Self.yes ? .always : next == Self.no ? .never : ends[Int(next)]
        }
        for number in 0..<count {
            let test = state.pointee.tests[number]
            let operand = Int(test.operand)
            if test.kind == .value, state.pointee.slots[firstSlot + operand].field < 0 {
                ends[number] = end(leaves[operand].matchesEmpty ? test.onYes : test.onNo)
            } else {
                let onYes = end(test.onYes)
                ends[number] = onYes == end(test.onNo) ? onYes : .open
            }
        }
        return end(state.pointee.entry)
    }
}
