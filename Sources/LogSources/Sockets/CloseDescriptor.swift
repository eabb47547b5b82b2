#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The system call `close`, for types whose method of that name hides it.
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
