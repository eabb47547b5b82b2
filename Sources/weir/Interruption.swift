internal import Glibc

/// Ctrl-C and SIGTERM while an answer is being written: the line that was begun is finished, and the command ends with status
/// 130, or 143. Once more ends it at once.
enum Interruption {
    /// The command was interrupted.
    struct Requested: Error {}

    /// The number of the signal that came, or 0. Written by the handler only, which runs on the main thread or while it waits.
    nonisolated(unsafe) private static var signalNumber: sig_atomic_t = 0

    /// Takes the signals from here on.
    static func watch() {
        // Touched before a handler can: what is made on first use must not be made in a handler.
        signalNumber = 0
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { Interruption.signalNumber = $0 }
            // No restart of calls: a write that waits comes back. The next signal finds the default again.
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }

    /// Whether a signal came.
    static var isRequested: Bool { signalNumber != 0 }

    /// Throws if a signal came.
    static func check() throws {
        if isRequested { throw Requested() }
    }

    /// The status with which the command ends.
    static var status: Int32 { 128 + Int32(signalNumber) }
}
