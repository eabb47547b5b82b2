/// What a query's filter says (placeholder until the language lands in the next commit).
public indirect enum Filter: Sendable, Equatable {
    case all
}
