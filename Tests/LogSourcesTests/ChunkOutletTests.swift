import LogBytes
import LogSources
import LogSystem
import TestSupport
import Testing

@Suite struct ChunkOutletTests {
    private let clock = ManualClock(1_000_000_000)

    private func outlet(_ count: Int, _ bytes: Int) -> ChunkOutlet {
        ChunkOutlet(chunkCount: count, chunkBytes: bytes, clock: clock)
    }

    private func gather(_ outlet: ChunkOutlet, _ text: String) -> ChunkOutlet.Gathered {
        text.withView { outlet.gather($0) }
    }

    /// What is there without waiting.
    private func next(_ outlet: ChunkOutlet) -> Delivery? {
        guard case .delivery(let delivery) = outlet.receive(until: 0) else { return nil }
        return delivery
    }

    private func text(_ delivery: Delivery?) -> String? {
        delivery.map { String(decoding: Array($0.chunk.view), as: UTF8.self) }
    }

    @Test func gatheredLinesShareAChunkAndLinger() {
        let outlet = outlet(2, 100)
        #expect(gather(outlet, "a\nb\n") == .taken)
        #expect(gather(outlet, "c\n") == .taken)
        #expect(next(outlet) == nil)
        clock.advance(ChunkOutlet.lingerNanoseconds)
        let delivery = next(outlet)
        #expect(text(delivery) == "a\nb\nc\n")
        #expect(delivery?.arrived == 1_000_000_000)
        #expect(next(outlet) == nil)
    }

    @Test func aFullChunkIsSentAndWhatFindsNoneIsRefusedWhole() {
        let outlet = outlet(2, 6)
        #expect(gather(outlet, "abcd\n") == .taken)
        #expect(gather(outlet, "ef\n") == .taken)
        #expect(gather(outlet, "ghijk\n") == .full)
        let called = Mailbox()
        outlet.whenRoom { called.put("room") }
        #expect(called.texts == [])
        guard let first = next(outlet) else {
            Issue.record("nothing was sent")
            return
        }
        #expect(first.chunk.view.text == "abcd\n")
        outlet.recycle(first.chunk)
        #expect(called.texts == ["room"])
        #expect(gather(outlet, "ghijk\n") == .taken)
        #expect(text(next(outlet)) == "ef\n")
        // With room there already, nobody waits.
        let again = self.outlet(1, 8)
        again.whenRoom { called.put("at once") }
        #expect(called.texts == ["room", "at once"])
    }

    @Test func theEndSendsWhatWasGatheredAndRefusesMore() {
        let outlet = outlet(2, 8)
        #expect(gather(outlet, "a\n") == .taken)
        outlet.finish()
        #expect(gather(outlet, "b\n") == .closed)
        #expect(text(next(outlet)) == "a\n")
        guard case .finished = outlet.receive(until: nil) else {
            Issue.record("the outlet is not finished")
            return
        }
    }

    @Test func whoWaitsHearsThatTheOutletIsClosed() {
        let outlet = outlet(1, 8)
        let told = Mailbox()
        #expect(
            "a\n".withView {
                outlet.gather($0) { told.put("\($0)") }
            } == .taken)
        #expect(gather(outlet, "12345678") == .full)
        outlet.whenRoom { told.put("woken") }
        outlet.close()
        #expect(told.texts == ["woken"])
        #expect(gather(outlet, "b\n") == .closed)
        var late = Delivery(ByteChunk(capacity: 8))
        late.receipts.append { told.put("\($0)") }
        #expect(!outlet.send(late))
        #expect(told.texts.last == "failed(\"weir is ending\")")
    }

    @Test func notesOfLinesStayWithThem() {
        let outlet = outlet(2, 100)
        let position = SourcePosition(key: "request:1", offset: 4)
        #expect("one\n".withView { outlet.gather($0, position: position) } == .taken)
        #expect("two\nlines\n".withView { outlet.gather($0, isOneLine: true) } == .taken)
        #expect("cut\n".withView { outlet.gather($0, cutBytes: 7) } == .taken)
        clock.advance(ChunkOutlet.lingerNanoseconds)
        let delivery = next(outlet)
        #expect(delivery?.positions == [position])
        #expect(delivery?.chunk.oneLineRanges == [4..<14])
        #expect(delivery?.chunk.cutLines == 1)
        #expect(delivery?.chunk.cutBytes == 7)
    }

    @Test func aStallIsToldUntilItIsOver() {
        let outlet = outlet(1, 8)
        #expect(outlet.stallReason == nil)
        outlet.stall("no space")
        #expect(outlet.stallReason == "no space")
        outlet.stall(nil)
        #expect(outlet.stallReason == nil)
    }
}

/// Texts that came from other threads.
final class Mailbox: @unchecked Sendable {
    private let lock = Lock()
    private var all: [String] = []

    func put(_ text: String) { lock.locked { all.append(text) } }

    var texts: [String] { lock.locked { all } }
}
