package import LogBytes

/// A histogram as bytes: count, sum, minimum and maximum, the floor, then the buckets in use, each as the distance from the
/// one before and its count.
extension LatencyHistogram {
    /// Values of one histogram that are believed: no machine writes so many, and all histograms together do not overflow.
    private static var restoredMax: UInt64 { 1 << 48 }

    /// Appends the histogram.
    package func snapshot(into out: inout ByteWriter) {
        out.append(varint: count)
        guard let low = min, let high = max else { return }
        out.append(fixed: sum.bitPattern)
        out.append(fixed: low.bitPattern)
        out.append(fixed: high.bitPattern)
        out.append(isFolded ? 1 : 0)
        var last = -1
        forEachBucket { bucket, amount in
            // Lists name a bucket several times, so the distance may be 0.
            out.append(length: bucket - Swift.max(last, 0))
            out.append(varint: amount)
            last = bucket
            return true
        }
        out.append(length: 0)
        out.append(varint: 0)
    }

    /// Reads what `snapshot` wrote into a histogram that is empty.
    package mutating func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        let total = try reader.varint("count of a histogram")
        guard total > 0 else { return }
        guard total <= Self.restoredMax else {
            throw MalformedBytes(offset: reader.offset, what: "count of a histogram")
        }
        let sum = Double(bitPattern: try reader.fixed(UInt64.self, "sum of a histogram"))
        let low = Double(bitPattern: try reader.fixed(UInt64.self, "minimum of a histogram"))
        let high = Double(bitPattern: try reader.fixed(UInt64.self, "maximum of a histogram"))
        let isFolded = try reader.fixed(UInt8.self, "form of a histogram") != 0
        var fresh = LatencyHistogram()
        fresh.makeBlock()
        var bucket = 0
        var counted: UInt64 = 0
        while true {
            bucket += try reader.length(atMost: Self.bucketCount, "bucket")
            let amount = try reader.varint("count of a bucket")
            if amount == 0 { break }
            let (sum, overflows) = counted.addingReportingOverflow(amount)
            guard bucket < Self.bucketCount, !overflows else {
                throw MalformedBytes(offset: reader.offset, what: "bucket")
            }
            counted = sum
            fresh.addSlow(bucket, amount)
        }
        guard counted == total, !sum.isNaN, low <= high, let block = fresh.block else {
            throw MalformedBytes(offset: reader.offset, what: "count of a histogram")
        }
        let header = Self.header(block)
        header.pointee.count = total
        header.pointee.sum = sum
        header.pointee.min = low
        header.pointee.max = high
        if isFolded { fresh.keepFolded() }
        self = fresh
    }
}
