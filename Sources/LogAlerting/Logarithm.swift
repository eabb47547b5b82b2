#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The natural logarithm.
func logarithm(_ value: Double) -> Double { log(value) }
