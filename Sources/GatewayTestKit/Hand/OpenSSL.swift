import Glibc

/// The system's `openssl`, which makes certificates for tests.
///
/// It is started by the system's own call: Foundation's `Process` was seen to crash beside other tests.
package enum OpenSSL {
    package struct Refused: Error { let status: Int32 }

    /// Runs it and waits for its end; files are named by their whole paths.
    ///
    /// - Throws: ``Refused`` where it can not be started, or ends with another status than 0.
    package static func run(_ arguments: [String]) throws {
        let program = "/usr/bin/openssl"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        var status = posix_spawn(&process, program, &actions, nil, words, [nil])
        guard status == 0 else { throw Refused(status: status) }
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw Refused(status: errno) }
        }
        guard status == 0 else { throw Refused(status: status) }
    }
}
