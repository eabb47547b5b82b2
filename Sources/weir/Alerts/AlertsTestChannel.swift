internal import ArgumentParser
internal import LogAlerting
internal import LogSystem

/// `weir alerts test-channel`.
struct AlertsTestChannel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-channel",
        abstract: "Sends a test message through each channel of a receiver.",
        discussion: """
            The message says that it is a test; it is sent once, from this command. Exit
            status: 0 all channels took it, 2 one did not.
            """)

    @OptionGroup var data: DataOption
    @OptionGroup var file: AlertFileOption

    @Argument(help: "The receiver, or one of its channels as errors name it: on-call/slack.")
    var receiver: String

    func run() throws {
        let configuration = try file.configuration(of: data.directory)
        let channels = configuration.receivers.flatMap { owner in
            owner.channels.filter { owner.name == receiver || $0.name == receiver }
                .map { (owner.name, $0) }
        }
        guard !channels.isEmpty else {
            let names = configuration.receivers.map(\.name).joined(separator: ", ")
            throw CommandFailure("there is no receiver `\(receiver)`; there are \(names)")
        }
        let clock = SystemClock()
        let services = ChannelServices(
            now: { clock.now() },
            writeLine: { (line) throws(ChannelError) in
                do {
                    try Terminal.output(line + "\n")
                } catch {
                    throw ChannelError(
                        receiver: "stdout", message: "\(error)", isTemporary: false)
                }
            })
        var failures = 0
        for (owner, channel) in channels {
            let notification = AlertNotification.test(to: owner, now: clock.now())
            do throws(ChannelError) {
                try channel.makeChannel(services).deliver(notification)
                Terminal.note("weir: \(channel.name) took the message")
            } catch {
                Terminal.note("weir: \(error)")
                failures += 1
            }
        }
        if failures > 0 {
            throw CommandFailure("\(failures) of \(channels.count) channels did not take it")
        }
    }
}
