public protocol Pipe: Sendable, CustomStringConvertible {}
