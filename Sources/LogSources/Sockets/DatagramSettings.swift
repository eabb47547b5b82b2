/// What applies to sockets that take datagrams.
public struct DatagramSettings: Sendable {
    /// How a datagram is told apart into lines (`DatagramText`).
    public var framing = LineFraming.auto
    /// Threads that read one address, each from a socket of its own: the kernel spreads the senders over them.
    public var readers = 1
    /// What the kernel is asked to keep while nobody reads (bytes).
    public var bufferBytes = DatagramSettings.bufferBytesDefault

    /// Half a second of 300,000 lines of 200 bytes, which take the kernel some 770 bytes each: the longest pause that storing
    /// makes on a disk that is not overloaded. The kernel takes no memory before there are datagrams.
    public static let bufferBytesDefault = 64 << 20
    /// More readers than this help nobody.
    public static let readersMax = 64

    /// Settings with these values.
    public init(framing: LineFraming = .auto, readers: Int = 1) {
        self.framing = framing
        self.readers = readers
    }
}
