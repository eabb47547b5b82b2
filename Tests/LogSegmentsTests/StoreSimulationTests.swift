import Foundation
import TestSupport
import Testing

/// Seeds of the store's simulation. `WEIR_SIMULATION_SEEDS=100000` runs more of them, `WEIR_SIMULATION_FIRST=42` others.
@Suite struct StoreSimulationTests {
    /// Seeds run in groups, so that they use all processors.
    private static let groups = 4

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    private static let seeds = number("WEIR_SIMULATION_SEEDS") ?? 240
    private static let first = number("WEIR_SIMULATION_FIRST") ?? 1

    private func run(_ seed: UInt64, isProduction: Bool = false, steps: Int = 30) throws
        -> StoreSimulation
    {
        var simulation = try StoreSimulation(seed: seed, isProduction: isProduction)
        try simulation.run(steps: steps)
        return simulation
    }

    @Test(arguments: 0..<groups)
    func everySeedKeepsItsPromises(group: Int) throws {
        for seed in stride(from: Self.first + group, to: Self.first + Self.seeds, by: Self.groups) {
            _ = try run(UInt64(seed))
        }
    }

    @Test func theLimitsThatUsersHaveKeepThemToo() throws {
        for seed in 1...3 { _ = try run(UInt64(seed), isProduction: true, steps: 14) }
    }

    @Test func aSeedGivesTheSameRunAgain() throws {
        for seed in [3, 4, 5] as [UInt64] {
            let first = try run(seed)
            let second = try run(seed)
            #expect(first.steps == second.steps)
            #expect(first.steps.count > 20)
            #expect(first.files.map(\.path) == second.files.map(\.path))
            #expect(first.files.map(\.bytes) == second.files.map(\.bytes))
        }
    }
}
