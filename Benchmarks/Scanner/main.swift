import Glibc

/// `weir-bench`: what the scanner does in a second, and whether it does it right.
///
///     weir-bench speed RUNS FILE…             the table rows of Benchmarks/scanner.sh, tab-separated
///     weir-bench lines SEED BYTES             lines of random shapes, to stdout
///     weir-bench differential SEED COUNT      documents against Foundation and a plain scanner
let arguments = CommandLine.arguments
let usage = """
    usage: weir-bench speed RUNS FILE...
           weir-bench lines SEED BYTES
           weir-bench differential SEED COUNT

    """

switch (arguments.dropFirst().first, arguments.count) {
case ("speed", 4...):
    guard let runs = Int(arguments[2]), runs > 0 else { fail(usage) }
    for path in arguments[3...] { try SpeedReport(path: path, runs: runs).print() }
case ("lines", 4):
    guard let seed = UInt64(arguments[2]), let bytes = Int(arguments[3]) else { fail(usage) }
    RandomLines(seed: seed).write(bytes: bytes)
case ("differential", 4):
    guard let seed = UInt64(arguments[2]), let count = Int(arguments[3]) else { fail(usage) }
    do {
        try Differential(seed: seed, count: count).run()
    } catch let difference as Differential.Difference {
        fail(
            "differs: \(difference.what)\n\(String(decoding: difference.document, as: UTF8.self))\n"
                + "\(difference.document)\n")
    }
default:
    fail(usage)
}

/// Says what is wrong and ends the program.
func fail(_ message: String) -> Never {
    _ = message.utf8CString.withUnsafeBufferPointer {
        write(STDERR_FILENO, $0.baseAddress, $0.count - 1)
    }
    exit(2)
}
