#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The machine's processors.
public enum Processors {
    /// How many are at work, at least one.
    public static let count = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
}
