internal import LogAlerting

/// `ChannelError` where NIO is imported, which has one of its own.
typealias DeliveryError = ChannelError
