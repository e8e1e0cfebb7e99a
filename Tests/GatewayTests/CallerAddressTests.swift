import Testing

@testable import Gateway

@Suite struct CallerAddressTests {
    static let addresses: [(text: String, counted: String)] = [
        ("192.0.2.1", "192.0.2.1"), ("127.0.0.1", "127.0.0.1"), ("192.0.2.1:4711", "192.0.2.1"),
        // The same one, as a socket for both families has it.
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"), ("0:0:0:0:0:ffff:c000:0201", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        // One is a whole /64.
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"), ("2001:db8:1:2::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002:0000:0000:0000:0001", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"), ("[2001:db8:1:2::1]:80", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        // Whatever of it is left out.
        ("::", "0:0:0:0::/64"), ("::1", "0:0:0:0::/64"), ("::192.0.2.1", "0:0:0:0::/64"),
        ("2001:db8::", "2001:db8:0:0::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
        ("2001::1:2:3:4:5", "2001:0:0:1::/64"), ("::1:2:3:4:5:6:7", "0:1:2:3::/64"),
        ("1:2:3::4:5:6:7", "1:2:3:0::/64"), ("1:2:3:4:5:6:7::", "1:2:3:4::/64"),
        ("64:ff9b::c000:201", "64:ff9b:0:0::/64"),
        ("fe80::1%eth0", "fe80:0:0:0::/64"), ("[fe80::1%eth0]:80", "fe80:0:0:0::/64"),
        // What is none stands for itself.
        ("", ""), ("unknown", "unknown"), ("_hidden", "_hidden"), ("host:80", "host:80"),
        ("192.0.2", "192.0.2"), ("192.0.2.1.1", "192.0.2.1.1"), ("1:2:3", "1:2:3"), ("[", "["),
        (String(repeating: "1", count: 65), String(repeating: "1", count: 65)),
    ]

    @Test(arguments: addresses)
    func `an address is counted as who has it`(_ row: (text: String, counted: String)) {
        #expect(CallerAddress.counted(row.text) == row.counted)
    }
}
