internal import NIOCore
internal import NIOHTTP1

/// NIO's decoder of HTTP/1, which tells its connection of bytes that have come before they make a whole head: 10,000 heads that
/// never end may not fill the memory.
final class MeteredDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder
    private let connection: HTTPConnection
    /// Bytes that the decoder has looked at and left in the buffer.
    private var left = 0

    /// The bytes of a request's head, and its fields: clients send some hundred bytes in a dozen.
    private static let headBytesMax = 32 << 10
    private static let headerFieldsMax = 100

    init(_ connection: HTTPConnection) {
        self.connection = connection
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = Self.headBytesMax
        limits.maxHeaderListSize = Self.headBytesMax
        limits.maxHeaderFieldCount = Self.headerFieldsMax
        decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop,
            limitConfiguration: limits)
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        connection.received(buffer.readableBytes - left)
        defer { left = buffer.readableBytes }
        return try decoder.decode(context: context, buffer: &buffer)
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }
}
