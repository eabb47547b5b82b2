/// A route with its place in the tree.
struct RoutePlan {
    let route: AlertRoute
    /// The matchers of the routes above and its own: `{}/{severity="P0"}`; no two routes have the same.
    let path: String
    /// Its children, by their places in the list of all.
    fileprivate(set) var children: [Int] = []
}

/// The routing tree as a list, the root first.
struct RouteTable {
    private(set) var plans: [RoutePlan] = []

    init(_ root: AlertRoute) {
        var paths: Set<String> = []
        _ = add(root, below: "", &paths)
    }

    private mutating func add(
        _ route: AlertRoute, below parent: String, _ paths: inout Set<String>
    ) -> Int {
        let text = parent + route.matchers.text
        var path = text
        var number = 2
        while !paths.insert(path).inserted {
            path = "\(text)#\(number)"
            number += 1
        }
        let index = plans.count
        plans.append(RoutePlan(route: route, path: path))
        for child in route.routes {
            let place = add(child, below: path + "/", &paths)
            plans[index].children.append(place)
        }
        return index
    }

    /// The routes that take an alert with these labels, as Alertmanager finds them: the deepest that match, from left to
    /// right, up to the first that does not continue.
    func routes(for labels: [String: String]) -> [Int] { match(0, labels) }

    private func match(_ index: Int, _ labels: [String: String]) -> [Int] {
        guard plans[index].route.matchers.hold(labels) else { return [] }
        var result: [Int] = []
        for child in plans[index].children {
            let found = match(child, labels)
            result += found
            if !found.isEmpty, !plans[child].route.continues { break }
        }
        return result.isEmpty ? [index] : result
    }
}
