internal import CLogKernels
internal import LogBytes
internal import LogJSON

/// Children by their piece. A node with many children (a map whose keys come in any order, such as HTTP headers) is not
/// walked child by child: the bytes of the piece are delimited, without being understood, and looked up whole.
extension ShapeTable {
    /// The hash of a piece behind `parent`; the low bits choose the place in the index.
    func pieceHash(_ bytes: ByteView, _ kind: Kind, parent: Int) -> UInt32 {
        let seed = UInt64(truncatingIfNeeded: parent) << 8 | UInt64(kind.rawValue)
        return UInt32(truncatingIfNeeded: weir_hash(bytes.start, bytes.count, seed))
    }

    /// The child of `parent` with this piece, or nil.
    func child(of parent: Int, _ bytes: ByteView, _ kind: Kind, hash: UInt32) -> Int? {
        var place = Int(hash) & (childIndex.count - 1)
        while childIndex[place] >= 0 {
            let number = Int(childIndex[place])
            let node = nodes[number]
            if node.hash == hash, node.parent == Int32(truncatingIfNeeded: parent),
                node.kind == kind, pieceView(number) == bytes
            {
                return number
            }
            place = (place + 1) & (childIndex.count - 1)
        }
        return nil
    }

    /// Puts a node, which is not in the index, into it.
    func insertIntoIndex(_ number: Int) {
        // At most half full, so that looking up stays short.
        if nodes.count * 2 > childIndex.count { growIndex() }
        insert(number)
    }

    private func insert(_ number: Int) {
        var place = Int(nodes[number].hash) & (childIndex.count - 1)
        while childIndex[place] >= 0 { place = (place + 1) & (childIndex.count - 1) }
        childIndex[place] = Int32(truncatingIfNeeded: number)
    }

    private func growIndex() {
        let count = childIndex.count * 2
        childIndex = Self.emptyIndex(count)
        for number in 0..<nodes.count where nodes[number].parent >= 0 && nodes[number].isIndexed {
            insert(number)
        }
    }

    /// An index of `count` places, a power of two, all empty.
    static func emptyIndex(_ count: Int) -> Vector<Int32> {
        var index = Vector<Int32>(capacity: count)
        for _ in 0..<count { index.append(-1) }
        return index
    }

    /// The known child of `parent` whose piece stands at `p` in a JSON line, or nil.
    ///
    /// Only the end of the piece is found here, by the punctuation: that the piece is right was found out when it was learned.
    func knownChild(
        of parent: Int, at p: UnsafePointer<UInt8>, _ scanner: inout JSONScanner
    ) -> Int? {
        let node = nodes[parent]
        guard node.parent >= 0, node.kind == .string || node.kind == .token else { return nil }
        var q = node.kind == .string ? p + 1 : p
        while true {
            q = scanner.skipSpace(q)
            guard q < scanner.end else { return nil }
            if q.pointee == ASCII.comma { break }
            guard q.pointee == ASCII.closeBrace else { return nil }
            q += 1
            if scanner.skipSpace(q) == scanner.end {
                return find(parent, p, scanner.end, .end)
            }
        }
        q = scanner.skipSpace(q + 1)
        while q < scanner.end, q.pointee == ASCII.quote {
            var escaped = false
            guard let close = scanner.string(q + 1, escaped: &escaped) else { return nil }
            q = scanner.skipSpace(close + 1)
            guard q < scanner.end, q.pointee == ASCII.colon else { return nil }
            q = scanner.skipSpace(q + 1)
            guard q < scanner.end else { return nil }
            if q.pointee == ASCII.quote { return find(parent, p, q + 1, .string) }
            guard q.pointee == ASCII.openBrace, emptyObjectEnd(q, scanner.end) == nil else {
                return find(parent, p, q, .token)
            }
            q = scanner.skipSpace(q + 1)
        }
        return nil
    }

    private func find(
        _ parent: Int, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ kind: Kind
    ) -> Int? {
        let bytes = ByteView(start, end - start)
        return child(of: parent, bytes, kind, hash: pieceHash(bytes, kind, parent: parent))
    }
}
