import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Waits until `condition` holds; the limit only ends a test that has failed.
func waitUntil(
    _ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) throws {
    for _ in 0..<3_000 {
        if try condition() { return }
        usleep(10_000)
    }
    Issue.record("what was waited for never came", sourceLocation: location)
}
