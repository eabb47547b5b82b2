public import CLogKernels

extension UnsafeMutablePointer {
    /// Asks the processor for the cache line at this address, so that it is there when it is needed. Nothing is read: the address
    /// may be any.
    @inlinable @inline(__always)
    public func prefetch() { weir_prefetch(UnsafeRawPointer(self)) }
}
