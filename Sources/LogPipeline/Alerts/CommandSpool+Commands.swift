internal import LogAlerting
internal import LogBytes
internal import LogSegments

extension CommandSpool.Entry {
    /// What an operator said.
    func command() throws(OperatorCommandFault) -> OperatorCommand {
        guard let line else {
            throw OperatorCommandFault(message: "its file is damaged; give it again")
        }
        return try Array(line.utf8).withView { view throws(OperatorCommandFault) in
            try OperatorCommand(jsonLine: view)
        }
    }
}
