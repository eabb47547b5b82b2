import LogSegments
import Testing

@Suite struct ByteSizeTests {
    @Test func sizesAsPeopleWriteThem() {
        func f(_ text: String, _ want: Int?) {
            #expect(ByteSize(text)?.bytes == want, "\(text)")
        }
        f("500MB", 500_000_000)
        f("20GB", 20_000_000_000)
        f("1TB", 1_000_000_000_000)
        f("512MiB", 536_870_912)
        f("1 GiB", 1_073_741_824)
        f("2tib", 2_199_023_255_552)
        f("1.5kB", 1_500)
        f("0.25 KiB", 256)
        f("17b", 17)
        f("0GB", 0)
        f("20", nil)
        f("", nil)
        f("GB", nil)
        f("-1GB", nil)
        f("1.GB", nil)
        f(".5GB", nil)
        f("1.2.3GB", nil)
        f("1.0000001GB", nil)
        f("1e3MB", nil)
        f("1G", nil)
        f("1GB of it", nil)
        f("10000000TB", nil)
        f("99999999999999999999B", nil)
    }

    @Test func sizesForPeople() {
        func f(_ bytes: Int, _ want: String) { #expect("\(ByteSize(bytes))" == want) }
        f(0, "0 B")
        f(999, "999 B")
        f(1_000, "1.0 kB")
        f(1_249, "1.2 kB")
        f(999_949, "999.9 kB")
        f(999_950, "1.0 MB")
        f(20_000_000_000, "20.0 GB")
        f(Int.max, "9223372.0 TB")
    }
}
