internal import LogRecords

/// The shapes and columns of a segment that is being written, each once.
final class SegmentShapes {
    /// The columns, in the order in which shapes brought them.
    private(set) var columns: [ShapeField] = []
    /// The shapes, by their number in the segment.
    private(set) var shapes: [StoredShape] = []
    private var columnIndex: [ShapeField: Int] = [:]
    private var shapeIndex: [ShapeKey: Int] = [:]

    private struct ShapeKey: Hashable {
        let isWhole: Bool
        let format: LineFormat
        let inner: Range<Int>
        let pieces: [UInt8]
        let ends: [Int]
        let fields: [ShapeField]
    }

    /// The number of `shape`, which is added if it is new; nil when the segment has as many shapes or columns as it may.
    func number(of shape: Shape) -> Int? {
        let key = key(shape, isWhole: false)
        if let known = shapeIndex[key] { return known }
        guard shapes.count < SegmentFormat.shapesMax,
            columns.count + shape.fields.count <= SegmentFormat.columnsMax
        else { return nil }
        return add(shape, key)
    }

    /// The number of the shape of lines of this format that stand whole in one column. There is always room for these.
    func wholeNumber(_ format: LineFormat) -> Int {
        let shape = Shape(
            index: 0, format: format,
            fields: [ShapeField(path: SegmentFormat.wholePath, kind: .text)], pieces: [[], []])
        let key = key(shape, isWhole: true)
        return shapeIndex[key] ?? add(shape, key)
    }

    /// The number of a shape of another segment; nil when there is no room for it.
    func number(of stored: StoredShape) -> Int? {
        stored.isWhole ? wholeNumber(stored.shape.format) : number(of: stored.shape)
    }

    private func key(_ shape: Shape, isWhole: Bool) -> ShapeKey {
        ShapeKey(
            isWhole: isWhole, format: shape.format, inner: shape.inner, pieces: shape.pieceBytes,
            ends: shape.pieceEnds, fields: shape.fields)
    }

    private func add(_ shape: Shape, _ key: ShapeKey) -> Int {
        let numbers = shape.fields.map { field in
            if let known = columnIndex[field] { return known }
            columnIndex[field] = columns.count
            columns.append(field)
            return columns.count - 1
        }
        shapes.append(StoredShape(isWhole: key.isWhole, columns: numbers, shape: shape))
        shapeIndex[key] = shapes.count - 1
        return shapes.count - 1
    }
}
