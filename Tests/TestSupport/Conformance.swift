internal import Foundation

/// Test cases that other people wrote, in a folder beside the checkout; absent on most machines.
public enum Conformance {
    /// The folder `shared/conformance` beside the package.
    private static let root = Checkout.root.deletingLastPathComponent()
        .appending(path: "shared/conformance")

    /// The files of a folder by name, or nil, said on the console, where it is absent.
    public static func files(in folder: String) throws -> [(name: String, bytes: [UInt8])]? {
        let directory = root.appending(path: folder)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
        else {
            skip(folder)
            return nil
        }
        return try names.sorted().map { name in
            (name, [UInt8](try Data(contentsOf: directory.appending(path: name))))
        }
    }

    /// One file, or nil, said on the console, where it is absent.
    public static func file(_ path: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: root.appending(path: path)) else {
            skip(path)
            return nil
        }
        return [UInt8](data)
    }

    private static func skip(_ path: String) {
        print("SKIPPED: no ../shared/conformance/\(path) beside this checkout")
    }
}
