extension CanonicalField {
    /// How soon this field is read from a value that stands under `path`, 0 first, whatever the rest of the line is; nil when
    /// that depends on the line, or never is.
    public func preference(of path: String) -> Int? {
        CanonicalAlias.byPath[path]?.first { alias in
            alias.field == self && alias.signature.isEmpty && alias.kind == .any
                && alias.transform == .none
        }?.rank
    }
}
