import LogBytes
import LogMetrics
import Testing

@Suite struct EndpointTemplateTests {
    @Test(arguments: [
        ("/users/8231/orders", "/users/:id/orders"),
        ("/users/8231/orders?page=2&q=a/1", "/users/:id/orders"),
        ("/a#x/1", "/a"),
        ("/", "/"),
        ("", ""),
        ("//12//", "//:id//"),
        ("/v1/items/-5", "/v1/items/:id"),
        ("/docs/550e8400-e29b-41d4-a716-446655440000/edit", "/docs/:id/edit"),
        ("/objects/507f1f77bcf86cd799439011", "/objects/:id"),
        ("/people/jane.doe@example.org/mail", "/people/:id/mail"),
        ("/people/jane%40example.org", "/people/:id"),
        // What only looks like an identifier stays.
        ("/facade/deadbeef", "/facade/deadbeef"),
        ("/abcdefabcdefabcdef", "/abcdefabcdefabcdef"),
        ("/@home/user@", "/@home/user@"),
        ("/v2/2024-01-01", "/v2/2024-01-01"),
        ("GET /users/7", "GET /users/:id"),
        ("/objects/7f3a9c01", "/objects/:id"),
        ("/objects/7f3a9c0", "/objects/7f3a9c0"),
        ("/objects/7F3A9C01/x", "/objects/:id/x"),
        // Of a full URL the path is left.
        ("https://shop.example/users/8231?x=1", "/users/:id"),
        ("http://10.0.0.1:8080", "/"),
        ("http://h?x=/1", "/"),
        ("http://h#x", "/"),
        ("GET https://shop.example/users/8231", "GET /users/:id"),
        ("/redirect/https://h/7", "/redirect/https://h/:id"),
        ("://h/7", "://h/:id"),
        ("shop.orders", "shop.orders"),
    ])
    func template(raw: String, want: String) {
        var out = ByteWriter(capacity: 16)
        raw.withView { EndpointTemplate.append($0, into: &out) }
        #expect(out.view.text == want)
    }

    @Test func longEndpointsAreCut() {
        var out = ByteWriter(capacity: 16)
        String(repeating: "/abc", count: 1_000).withView { EndpointTemplate.append($0, into: &out) }
        #expect(out.count == EndpointTemplate.bytesMax)
    }

    /// Half a character read as U+FFFD, so that two endpoints became one label, twice in `/metrics`.
    @Test(arguments: ["é", "日", "😀"])
    func longEndpointsAreCutBetweenCharacters(character: String) {
        let size = character.utf8.count
        for length in EndpointTemplate.bytesMax - 8...EndpointTemplate.bytesMax {
            let plain = String(repeating: "x", count: length)
            var out = ByteWriter(capacity: 16)
            (plain + character).withView { EndpointTemplate.append($0, into: &out) }
            let fits = length + size <= EndpointTemplate.bytesMax
            #expect(out.view.text == (fits ? plain + character : plain))
        }
    }

    @Test func templatesMayBeLongerThanEndpoints() {
        var out = ByteWriter(capacity: 1)
        out.append(UInt8(ascii: "a"))
        String(repeating: "/1", count: 128).withView { EndpointTemplate.append($0, into: &out) }
        #expect(out.view.text == "a" + String(repeating: "/:id", count: 128))
    }

    /// The cache takes an endpoint in when it comes again; its answers are always the same.
    @Test func rememberedTemplatesAreRight() {
        var cache = TemplateCache()
        let long = "/" + String(repeating: "long/", count: 40)
        for _ in 0..<4 {
            for number in 0..<2_000 {
                for (raw, want) in [
                    ("/users/\(number)/orders", "/users/:id/orders"), ("/p\(number % 50)", nil),
                    (long + "\(number)", long + ":id"),
                ] {
                    raw.withView { view in
                        let got = cache.template(view)
                        same(got.view.text, want ?? raw)
                        same(got.hash, got.view.memoryHash)
                    }
                }
            }
        }
    }
}
