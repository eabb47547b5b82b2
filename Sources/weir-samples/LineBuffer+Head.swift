extension LineBuffer {
    /// Appends what every line begins with, from the brace to the service.
    mutating func appendHead(_ time: Instant, level: StaticString, service: Service) {
        append("{\"timestamp\":\"")
        append(time)
        append("\",\"level\":\"")
        append(level)
        append("\",\"service\":\"")
        append(service.name)
        append(UInt8(ascii: "\""))
    }
}
