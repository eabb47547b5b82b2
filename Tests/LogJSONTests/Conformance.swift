import Foundation
import Testing

/// Test cases that other people wrote, in a folder beside the checkout; absent on most machines.
enum Conformance {
    /// The folder `shared/conformance` beside the package.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/conformance")

    /// The files of a folder by name, or nil, said on the console, where it is absent.
    static func files(in folder: String) throws -> [(name: String, bytes: [UInt8])]? {
        let directory = root.appending(path: folder)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
        else {
            print("SKIPPED: no ../shared/conformance/\(folder) beside this checkout")
            return nil
        }
        return try names.sorted().map { name in
            (name, [UInt8](try Data(contentsOf: directory.appending(path: name))))
        }
    }
}
