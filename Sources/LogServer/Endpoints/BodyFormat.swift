/// How a body that is read whole is written.
enum BodyFormat {
    case json, protobuf
}
